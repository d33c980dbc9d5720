//! What holds for the API as a whole.

mod document;
