//! What holds for the API as a whole.

mod bodies;
mod edge;
