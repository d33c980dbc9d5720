//! The calls themselves, each from a caller and a body or query to an answer.

pub mod dead_letters;
pub mod explain;
pub mod health;
pub mod hooks;
pub mod inbox;
pub mod messages;
pub mod send;
