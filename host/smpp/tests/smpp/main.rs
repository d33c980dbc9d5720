//! Sessions against an SMSC made of raw octets, and against independent ones.

mod deliveries;
mod link_death;
mod node_peer;
mod sessions;
mod smsc;
mod submits;
mod tls;
mod trace;
