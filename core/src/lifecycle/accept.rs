//! From what an application sent to a checked and planned draft, and from the decisions about a
//! draft to the first progress of a message.

use serde::{Deserialize, Serialize};

use crate::decision::{Failure, Name, Refusal};
use crate::limits;
use crate::message::{Draft, Progress, State};
use crate::number::{Country, NumberError, Sender, SenderError, parse_recipient, parse_sender};
use crate::text::{self, Body, EncodingChoice, PlanOptions, Replacement, TextError};

/// What an application asks to have sent to one recipient. Not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission<'a> {
    /// The recipient as the application wrote it.
    pub to: &'a str,
    /// The sender as the application wrote it.
    pub from: Option<&'a str>,
    /// What is to be sent.
    pub body: &'a Body,
    /// The encoding asked for.
    pub encoding: EncodingChoice,
    /// Most segments that it may take.
    pub segments_max: Option<u8>,
    /// Whether look-alike characters may be replaced.
    pub replace_lookalikes: bool,
    /// 0 to [`limits::PRIORITY_MAX`].
    pub priority: u8,
    /// Labels.
    pub tags: &'a [String],
}

/// What holds for all messages of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The tenant.
    pub tenant: Name,
    /// By which local numbers are read.
    pub default_region: Option<Country>,
    /// Most segments of a message that names no number itself.
    pub segments_max: u8,
}

/// A draft, and what the application is told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Ready for decisions.
    pub draft: Draft,
    /// Which characters were replaced.
    pub replaced: Vec<Replacement>,
}

/// What is wrong with a submission, and with which part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// `to` cannot be read.
    #[error("{0}")]
    To(NumberError),
    /// `from` cannot be read.
    #[error("{0}")]
    From(SenderError),
    /// `text` or `data` cannot be sent as asked.
    #[error("{0}")]
    Body(TextError),
}

impl SubmissionError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::To(error) => error.code(),
            Self::From(error) => error.code(),
            Self::Body(error) => error.code(),
        }
    }
}

/// Reads the numbers and plans the text.
///
/// # Errors
/// The first of recipient, sender and body that is wrong.
pub fn plan(submission: &Submission<'_>, rules: &Rules, now_ms: u64) -> Result<Planned, SubmissionError> {
    let to = parse_recipient(submission.to, rules.default_region).map_err(SubmissionError::To)?;
    let sender = submission
        .from
        .map(|from| parse_sender(from, rules.default_region))
        .transpose()
        .map_err(SubmissionError::From)?;
    let options = PlanOptions {
        encoding: submission.encoding,
        replace_lookalikes: submission.replace_lookalikes,
        segments_max: submission.segments_max.unwrap_or(rules.segments_max),
        ..PlanOptions::default()
    };
    let planned = text::plan(submission.body, &options).map_err(SubmissionError::Body)?;
    let body = match planned.replaced_text {
        Some(replaced) => Body::Text(replaced),
        None => submission.body.clone(),
    };
    let draft = Draft {
        tenant: rules.tenant.clone(),
        time_ms: now_ms,
        to,
        sender,
        body,
        encoding: planned.encoding,
        segments: planned.segments,
        priority: submission.priority.min(limits::PRIORITY_MAX),
        tags: submission.tags.to_vec(),
    };
    Ok(Planned { draft, replaced: planned.replacements })
}

/// Reads a sender that a component chose, by the same rules as one that an application wrote.
///
/// # Errors
/// It is no sender.
pub fn chosen_sender(text: &str, default_region: Option<Country>) -> Result<Sender, SenderError> {
    parse_sender(text, default_region)
}

/// The first progress of a message that may go: queued for its provider, or held.
#[must_use]
pub fn admitted(route: Name, held_until_ms: Option<u64>, price_micros: Option<u64>, now_ms: u64) -> Progress {
    let held_until_ms = held_until_ms.filter(|until_ms| *until_ms > now_ms);
    let state = if held_until_ms.is_some() { State::Held } else { State::Queued };
    let mut progress = Progress::new(state, now_ms);
    progress.route = Some(route);
    progress.price_micros = price_micros;
    progress.due_ms = Some(held_until_ms.unwrap_or(now_ms));
    progress
}

/// The first and last progress of a message that a policy refused.
#[must_use]
pub fn refused(refusal: &Refusal, now_ms: u64) -> Progress {
    let mut progress = Progress::new(State::Refused, now_ms);
    progress.failure = Some(Failure::from(refusal));
    progress
}
