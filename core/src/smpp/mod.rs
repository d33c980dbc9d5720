//! The rules of SMPP 3.4 and 5.0 for a client (ESME): what is submitted, what answers and receipts
//! mean, and what came in. Sockets, sessions and the codec are elsewhere: what crosses is the plain
//! data of [`pdu`].

pub mod pdu;
pub mod status;
