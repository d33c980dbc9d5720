//! Phone numbers, short codes and sender identities.
//!
//! Everything that enters Waypost as an address passes through [`parse_recipient`] or
//! [`parse_sender`] and leaves as a value in one canonical spelling, or as an error with a stable
//! code. Numbering plans come from Google's libphonenumber metadata through the `rlibphonenumber`
//! crate; only the `plan` file knows that crate.

mod address;
mod calling;
mod country;
mod error;
mod iso3166;
mod kind;
mod plan;
mod recipient;
mod sender;
mod short_code;
mod spelling;

#[cfg(test)]
mod tests;

pub use address::Address;
pub use calling::{AddressKind, Npi, Ton};
pub use country::{Country, CountryError, ParsedCountry};
pub use error::{NumberError, SenderError};
pub use kind::NumberKind;
pub use recipient::{Recipient, Strictness, parse_recipient, parse_recipient_as};
pub use sender::{ALPHANUMERIC_CHARS_MAX, Sender, SenderKind, parse_sender};

/// Longest text, in bytes of UTF-8, that is looked at as a number or a sender.
pub const INPUT_BYTES_MAX: usize = 64;

/// The national significant number of an E.164 address: its digits without the country calling code
/// (ITU-T E.164 section 6.2). `None` where no country has such a code.
#[must_use]
pub fn national_number(e164: &Address) -> Option<&str> {
    plan::national_significant(e164.as_str())
}
