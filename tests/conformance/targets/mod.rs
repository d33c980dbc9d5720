//! One file for each kind of target.

mod edge;
mod native;

pub use edge::Edge;
pub use native::Native;

/// Every target that there is, whether it can run here or not: the names that a case may except.
pub const NAMES: [&str; 4] = [Native::SQLITE_NAME, Native::REDIS_NAME, Edge::HOSTED_NAME, Edge::SPIN_NAME];
