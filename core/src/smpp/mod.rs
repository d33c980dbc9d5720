//! The rules of SMPP 3.4 and 5.0 for a client (ESME): what is submitted, what answers and receipts
//! mean, and what came in. Sockets, sessions and the codec are elsewhere: what crosses is the plain
//! data of [`pdu`].
//!
//! * Out: [`submit()`] makes the `submit_sm` of a message, [`status::outcome`] reads an error of their
//!   answers, and [`acceptance`] their success.
//! * In: [`read`] tells what a `deliver_sm` or `data_sm` is. [`Content`] is what a part says, in a
//!   form that a store can keep, and [`join`] makes one message of the parts.

mod content;
mod deliver;
mod latin;
pub mod pdu;
mod receipt;
mod receipt_text;
mod reference;
mod state;
pub mod status;
mod submit;
#[cfg(test)]
mod tests;
mod time;
mod udh;

pub use content::{Coding, Content, ContentError, coding, join};
pub use deliver::{Acknowledgement, Delivered, InboundSm, RECEIPT_OCTETS_MAX, read};
pub use receipt::ReceiptError;
pub use reference::normal_reference;
pub use submit::{acceptance, submit};
pub use udh::{Part, UserDataHeader, parse as parse_udh};
