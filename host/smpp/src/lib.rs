//! SMPP 3.4 and 5.0 as a client (ESME): the sessions of one provider.
//!
//! [`Client`] runs all binds of a provider. Each bind is a task that owns its connection: it connects
//! (TCP or TLS), binds, sends, reads, answers, asks for signs of life, and after an end comes back by
//! itself. Submits wait in one queue, from which the binds take what their windows and paces let
//! them, so what a bind has not sent another one sends.
//!
//! For each submit it is known whether any of it has left this host ([`Submitted`]): that is what
//! decides whether another try can double a message.
//!
//! What comes in goes to [`Incoming`], and is answered with what that says.

mod bind;
mod client;
mod codec;
mod counts;
mod from_config;
mod incoming;
mod options;
mod outcome;
mod queue;
mod tls;
mod trace;

pub use client::{Capacity, Client, State};
pub use codec::CommandStatus;
pub use counts::Counts;
pub use incoming::{Delivery, DeliveryKind, Ended, Event, Incoming, NotBound};
pub use options::{
    BindMode, Endpoint, InterfaceVersion, Limits, Options, OptionsError, Password, Reconnect, Throttling,
    Timeouts,
};
pub use outcome::{EncodeError, Lost, NotSent, Submitted};
pub use tls::{Roots, Tls, TlsError};
pub use trace::{Trace, TraceOptions};
