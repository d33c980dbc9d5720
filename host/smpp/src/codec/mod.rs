//! PDUs on the wire (SMPP 3.4 sections 3 to 5, SMPP 5.0 sections 3 and 4).
//!
//! What is sent keeps to the letter. What is read may be sloppy: a PDU ends where its length says,
//! whatever its fields say, so that nothing in one touches the next; a field that is not finished
//! ends with the PDU; parameters that nobody knows are kept, and what cannot be read costs one PDU,
//! not the session.

pub(crate) mod command;
pub(crate) mod decode;
pub(crate) mod encode;
mod fields;
pub(crate) mod frame;
mod status;
#[cfg(test)]
mod tests;

pub use status::CommandStatus;

/// Octets of the header of a PDU, and so of the shortest one.
pub(crate) const HEADER_OCTETS: usize = 16;
