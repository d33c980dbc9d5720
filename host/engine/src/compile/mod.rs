//! Compiles components off the path of messages: in a child process of low priority, with limits on
//! processor time, memory and the time on the wall. The child leaves the code in the cache that this
//! process loads it from.

mod child;
mod compiler;
mod error;
mod job;
mod places;

pub use child::run as run_child;
pub use compiler::{CompileLimits, Compiler};
pub use error::CompileError;
pub use job::Cost;
