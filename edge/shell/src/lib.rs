//! What the HTTP components of the edge share: bodies that are read with a limit, answers that have
//! a length, outgoing requests that say what is known when no answer comes.

mod answer;
mod body;
mod outgoing;
mod within;

use std::io::Write as _;

pub use answer::{Answer, answer, json};
pub use body::{BodyError, read};
pub use outgoing::{Outgoing, Unanswered, send};
pub use within::within;

/// Tells the operator, on standard error. Never a number, a body or a secret.
pub fn tell(line: &str) {
    // With a standard error that takes nothing there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "waypost: {line}");
}
