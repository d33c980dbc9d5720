//! What requests and answers look like in JSON. These are not the types of the domain: they change
//! with the version of the API, and the domain does not.

mod message;
mod scalar;
#[cfg(feature = "openapi")]
mod schema;
mod send;
mod trace;

pub use message::{
    Batch, Message, Page, PriceObject, ReplacementObject, country_of, encoding_name, replacements, sender_of,
    text_or_data,
};
pub use scalar::{Address, Id, Octets, Status, Timestamp, Whole, Word};
pub use send::{EncodingName, Recipients, SendBody};
pub use trace::{DecisionObject, StepObject, TraceObject};
