//! The rules as a whole; each file's own tests stand in it.
