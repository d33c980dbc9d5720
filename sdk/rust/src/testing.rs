//! For the tests of a plugin: `cargo test` runs it natively, with the same types.
//!
//! ```
//! # use waypost_plugin::prelude::*;
//! # settings! { pub struct ConsentTag { tag: String } }
//! # impl Screening for ConsentTag {
//! #     fn screen(&self, message: &Message) -> Verdict {
//! #         if message.has_tag(&self.tag) { Verdict::Allow } else { refuse("consent_missing", "no tag") }
//! #     }
//! # }
//! use waypost_plugin::testing::{message, settings};
//!
//! let policy: ConsentTag = settings(r#"{"tag": "consent"}"#);
//! assert_eq!(policy.screen(&message("+447400123456").tag("consent")), Verdict::Allow);
//! ```

use std::cell::RefCell;

use crate::log::Level;
use crate::{
    Address, AddressKind, Body, Candidate, Encoding, Health, Inbound, Message, NumberKind, Outgoing,
    Recipient, Settings,
};

/// 2026-01-01 09:00 UTC, a Thursday: when the messages of tests are taken.
pub const TIME_MS: u64 = 1_767_258_000_000;
/// As many as the host takes in one call.
const SENT_MAX: usize = 4;

thread_local! {
    static NOTES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
    static SENT: RefCell<Vec<Outgoing>> = const { RefCell::new(Vec::new()) };
}

/// Settings from JSON.
///
/// # Panics
/// They cannot be read.
#[must_use]
#[allow(clippy::panic, reason = "a test that cannot begin has failed")]
pub fn settings<S: Settings>(json: &str) -> S {
    crate::settings::read(json).unwrap_or_else(|error| panic!("these settings are wrong: {error}"))
}

/// A message of one segment that says `Hello`, to a mobile in no country. The methods of [`Message`]
/// in this module change it.
#[must_use]
pub fn message(number: &str) -> Message {
    Message {
        tenant: "test".to_owned(),
        time_ms: TIME_MS,
        to: Recipient { number: number.to_owned(), country: None, kind: NumberKind::Mobile },
        sender: None,
        body: Body::Text("Hello".to_owned()),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 1,
        tags: Vec::new(),
    }
}

/// A text that came in.
#[must_use]
pub fn inbound(from: &str, to: &str, text: &str) -> Inbound {
    Inbound {
        tenant: "test".to_owned(),
        time_ms: TIME_MS,
        provider: "simulator".to_owned(),
        sender: address(from),
        to: address(to),
        body: Body::Text(text.to_owned()),
        hops: 0,
    }
}

/// Healthy candidates of equal weight without a price.
#[must_use]
pub fn candidates(ids: &[&str]) -> Vec<Candidate> {
    let candidate = |id: &&str| Candidate {
        id: (*id).to_owned(),
        price_micros: None,
        health: Health::Healthy,
        backlog: 0,
        weight: 100,
    };
    ids.iter().map(candidate).collect()
}

/// The notes since this was asked last.
#[must_use]
pub fn notes() -> Vec<(Level, String)> {
    NOTES.take()
}

/// The messages that were sent since this was asked last.
#[must_use]
pub fn outgoing() -> Vec<Outgoing> {
    SENT.take()
}

/// For tests.
impl Message {
    /// To a recipient in this country.
    #[must_use]
    pub fn country_code(mut self, code: &str) -> Self {
        self.to.country = Some(code.to_owned());
        self
    }

    /// With this sender.
    #[must_use]
    pub fn sent_from(mut self, sender: &str) -> Self {
        self.sender = Some(address(sender));
        self
    }

    /// With this text; encoding and number of segments stay.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.body = Body::Text(text.to_owned());
        self
    }

    /// With this tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Taken at this time, in Unix milliseconds.
    #[must_use]
    pub fn at_ms(mut self, time_ms: u64) -> Self {
        self.time_ms = time_ms;
        self
    }
}

pub(crate) fn noted(level: Level, text: String) {
    NOTES.with_borrow_mut(|notes| notes.push((level, text)));
}

pub(crate) fn sent(message: Outgoing) -> Result<(), String> {
    SENT.with_borrow_mut(|sent| {
        if sent.len() >= SENT_MAX {
            return Err(format!("one inbound message leads to at most {SENT_MAX} messages"));
        }
        sent.push(message);
        Ok(())
    })
}

fn address(value: &str) -> Address {
    let kind = if value.starts_with('+') {
        AddressKind::International
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        AddressKind::ShortCode
    } else {
        AddressKind::Alphanumeric
    };
    Address { value: value.to_owned(), kind }
}
