//! Text planning for SMS: which alphabet a body is sent in, how many segments
//! it takes, where it is cut, and the octets of each segment.
//!
//! The rules are those of 3GPP TS 23.038 (alphabets) and 3GPP TS 23.040
//! section 9.2.3.24 (user data header and concatenation). Everything here is a
//! plain function of its arguments.
//!
//! [`plan()`] decides and refuses; it never cuts a text short and never changes
//! a character without listing it in [`TextPlan::replacements`]. [`segments()`]
//! turns an accepted plan into what goes over the wire.
//!
//! [`national`] has the national language shift tables (TS 23.038 section
//! 6.2.1.2). They are chosen when a message is submitted, where its provider
//! takes them, so no plan names one.

pub mod alphabet;
mod error;
mod gsm7;
mod lookalike_table;
mod lookalikes;
pub mod national;
mod plan;
mod segment;
mod split;
#[cfg(test)]
mod tests;
mod types;
mod ucs2;

pub use error::{OFFENDING_MAX, OffendingChar, TextError};
pub use gsm7::{decode_gsm7, pack_septets, unpack_septets};
pub use lookalikes::Replacement;
pub use national::Language;
pub use plan::{TextPlan, plan};
pub use segment::{Segment, segments};
pub use types::{
    BODY_BYTES_MAX, Body, Encoding, EncodingChoice, PlanOptions, Reference, SEGMENTS_LIMIT,
    SEGMENTS_MAX_DEFAULT, USER_DATA_OCTETS_MAX,
};
pub use ucs2::{Ucs2Error, decode_ucs2, decode_ucs2_lossy};
