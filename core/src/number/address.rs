use std::fmt;

use serde::{Deserialize, Serialize};

/// The canonical spelling of an address: E.164 with `+`, short code digits, or an alphanumeric
/// sender.
///
/// `Display` and [`Address::as_str`] give the whole address. `Debug` hides all but the last two
/// characters, so that a record printed in a log line does not give a phone number away.
///
/// Only the parsers of this module make one from input. Deserialising takes any text, for records
/// that the gateway wrote itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// An address as a store gives it back: it was canonical when it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without a leading `+`, as SMPP address fields want it when the TON says
    /// international.
    #[must_use]
    pub fn without_plus(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// Gives the string away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl AsRef<str> for Address {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.chars().count().saturating_sub(2);
        let tail: String = self.0.chars().skip(hidden).collect();
        write!(f, "Address(…{tail})")
    }
}
