//! One file for each kind of target.

mod native;

pub use native::Native;

/// Every target that there is, whether it can run here or not: the names that a case may except.
pub const NAMES: [&str; 1] = [Native::SQLITE_NAME];
