//! What applications ask for and are told, whatever shell they ask: the terms between the HTTP API
//! and the gateway.

use std::sync::Arc;

use crate::decision::{DecisionRecord, Name, Refusal};
use crate::lifecycle::accept::SubmissionError;
use crate::message::{Draft, Envelope, Progress};
use crate::rate::LimitReached;
use crate::store::StoreError;
use crate::text::{Body, EncodingChoice, Replacement};

/// What an application asks to have sent. The fields are checked for size and range already.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// One or more recipients, as the application wrote them.
    pub to: Vec<String>,
    /// The sender, as the application wrote it.
    pub from: Option<String>,
    /// What is to be sent.
    pub body: Body,
    /// The encoding asked for.
    pub encoding: EncodingChoice,
    /// Most segments that it may take.
    pub segments_max: Option<u8>,
    /// Whether look-alike characters may be replaced.
    pub replace_lookalikes: bool,
    /// How long it may take to be submitted, in seconds.
    pub valid_for_s: Option<u32>,
    /// 0 to [`crate::limits::PRIORITY_MAX`].
    pub priority: u8,
    /// Labels.
    pub tags: Vec<String>,
    /// The application's reference.
    pub client_ref: Option<String>,
    /// Where final states are reported.
    pub callback_url: Option<String>,
}

/// One message of an answer.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What does not change.
    pub envelope: Arc<Envelope>,
    /// `queued`, `held` or `refused`; on a replay whatever it is by now.
    pub progress: Progress,
    /// Which characters were replaced. Empty on a replay.
    pub replaced: Vec<Replacement>,
}

/// What became of a request.
#[derive(Debug)]
pub struct SendAnswer {
    /// In the order of `to`.
    pub messages: Vec<Taken>,
    /// The request was taken before, and this is its answer again.
    pub replayed: bool,
}

/// Why nothing of a request was taken.
#[derive(Debug)]
pub enum SendError {
    /// Recipient `index`, or what all have in common, is wrong.
    Submission {
        /// Which recipient, from 0.
        index: usize,
        /// What is wrong.
        error: SubmissionError,
    },
    /// The tenant may not have callbacks at that address.
    CallbackHost,
    /// A limit said no.
    Limited(LimitReached),
    /// The idempotency key was used with another body.
    KeyReused,
    /// The store does not work now.
    Store(StoreError),
}

/// What would become of a message, decision by decision.
#[derive(Debug)]
pub struct Explanation {
    /// As it would be sent: number, country, sender, encoding, segments.
    pub draft: Draft,
    /// Which characters would be replaced.
    pub replaced: Vec<Replacement>,
    /// Every decision, in order.
    pub decisions: Vec<DecisionRecord>,
    /// Providers, best first, or the refusal.
    pub routes: Result<Vec<Name>, Refusal>,
    /// Until when it would be held, in Unix milliseconds.
    pub held_until_ms: Option<u64>,
    /// Price of the whole message by the first route, in millionths of the currency.
    pub price_micros: Option<u64>,
    /// The currency of that price, ISO 4217.
    pub currency: Option<String>,
}
