//! What has been counted, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What the binds of a provider have seen since the start.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The same, while it is counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counts! {
    /// Submits that were put into a connection's buffer.
    submits,
    /// Submits that were accepted.
    accepted,
    /// Submits that were refused, throttling included.
    refused,
    /// Submits that were refused with `ESME_RTHROTTLED` or `ESME_RMSGQFUL`.
    throttled,
    /// Submits that are in doubt because the connection ended.
    lost_with_link,
    /// Submits that are in doubt because no answer came in time.
    lost_without_answer,
    /// Answers that came after that.
    late_responses,
    /// Answers to nothing that was asked.
    unexpected_responses,
    /// Deliveries that were taken.
    deliveries,
    /// Deliveries that were answered with an error.
    deliveries_refused,
    /// PDUs whose bodies cannot be read.
    unreadable,
    /// Requests that nobody knows, or that an SMSC must not make.
    unknown_commands,
    /// `generic_nack` that was received.
    nacks_received,
    /// Binds that came up.
    bound,
    /// Tries to bind that failed.
    not_bound,
    /// Octets that were written.
    octets_out,
    /// Octets that were read.
    octets_in,
}

/// One of them.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn one(&self) {
        self.many(1);
    }

    pub(crate) fn many(&self, many: usize) {
        self.0.fetch_add(many as u64, Ordering::Relaxed);
    }
}
