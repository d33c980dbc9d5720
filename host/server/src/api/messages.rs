//! Messages: sent, listed, read, taken back.

mod read;
mod send;

#[cfg(test)]
pub(super) use read::LIST;
pub use read::{__path_cancel, __path_list, __path_read, __path_trace, cancel, list, read, trace};
pub(super) use read::{page, whole};
pub(super) use send::problem_of as submission_problem;
pub use send::{__path_send, send};
