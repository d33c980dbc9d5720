//! A carrier to use and test Waypost with, without any provider account.
//!
//! What happens to a message depends on the last three digits of its recipient's number
//! ([`script::table`]). The carrier can be called in process ([`Carrier::submit`] with a
//! [`Scheduler`] and a [`WebhookSink`] of the caller) or stand alone as an HTTP service
//! ([`Service`], which `waypost simulate carrier` runs).
//!
//! It does not share code with Waypost: it is the other side of the wire.

pub mod carrier;
pub mod counts;
mod http_sink;
pub mod journal;
pub mod protocol;
mod rows;
pub mod scheduler;
pub mod script;
pub mod service;
pub mod smsc;
pub mod webhook;

pub use carrier::{Answer, Carrier, Options};
pub use counts::Report;
pub use http_sink::HttpSink;
pub use journal::JournalError;
pub use scheduler::{DeliveryError, Plans, Scheduler, SchedulerOptions, Statistics, WebhookSink};
pub use script::{Row, table};
pub use service::{Service, ServiceError, ServiceOptions};
pub use webhook::{Event, Planned, Proof, Signer, Status, Webhook};

/// Largest body of a request, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest message id, in bytes.
pub const ID_BYTES_MAX: usize = 64;
/// Longest URL that webhooks go to, in bytes.
pub const URL_BYTES_MAX: usize = 2 * 1024;
