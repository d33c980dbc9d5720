//! The messages that receiving components send: the same way as any other, and limits of their own
//! against machines that answer each other.

use std::sync::Arc;

use super::intake::{Origin, send_from};
use super::receive::Reply;
use super::shell::{Caller, Shell, Tenant};
use crate::decision::{DecisionRecord, Refusal};
use crate::inbound::{self, Outgoing};
use crate::limits::{HOPS_MAX, HOPS_WINDOW_MS, REPLIES_PER_DAY_MAX, REPLIES_PER_HOUR_MAX};
use crate::number::parse_recipient;
use crate::rate::{AcceptLimits, LimitKind, LimitReached};
use crate::request::{SendError, SendRequest};
use crate::store::{Idempotency, Inbound, StoreError};
use crate::text::{Body, EncodingChoice};
use crate::trace::Cause;

/// The key under which they are taken in, as the `key` of a message.
const RECEIVING_KEY: &str = "receiving";

/// The messages that one inbound message leads to.
pub(super) struct Replies<'a, S: Shell> {
    shell: &'a S,
    caller: Caller<S::Tenant>,
    inbound: &'a Inbound,
    shown: &'a inbound::Inbound,
    decisions: &'a [DecisionRecord],
}

impl<'a, S: Shell> Replies<'a, S> {
    /// `decisions` are those of the receiving components, for the traces.
    pub(super) fn new(
        shell: &'a S,
        tenant: Arc<S::Tenant>,
        inbound: &'a Inbound,
        shown: &'a inbound::Inbound,
        decisions: &'a [DecisionRecord],
    ) -> Self {
        Self { shell, caller: Caller { tenant, key: RECEIVING_KEY.into() }, inbound, shown, decisions }
    }

    /// One message takes the way of every other, under the limits for such messages too. What a limit
    /// stops is kept as refused, so that its trace tells.
    pub(super) async fn send(&self, place: usize, outgoing: &Outgoing) -> Result<Reply, StoreError> {
        let cause = Cause {
            route: self.inbound.route.clone(),
            reference: self.inbound.reference.clone(),
            hops: self.shown.hops.saturating_add(1),
        };
        let mut origin = Origin {
            sender: &self.shown.to,
            decisions: self.decisions,
            refusal: (cause.hops > HOPS_MAX).then(hops_exceeded),
            cause: &cause,
        };
        let (request, key) = (self.request(outgoing), self.key(place));
        let own = self.caller.tenant.terms().limits;
        let mut limits = if origin.refusal.is_some() { AcceptLimits::default() } else { for_replies(own) };
        loop {
            let answer = send_from(self.shell, &self.caller, &request, key.clone(), limits, &origin).await;
            return match answer {
                Ok(answer) => Ok(answer.messages.first().map_or(Reply::Invalid("message_gone"), |taken| {
                    Reply::Taken(taken.envelope.id, taken.progress.state)
                })),
                Err(SendError::Limited(limit)) if origin.refusal.is_none() => {
                    origin.refusal = Some(limited(limit, &own));
                    limits = AcceptLimits::default();
                    continue;
                }
                Err(SendError::Limited(limit)) => Ok(Reply::Invalid(limit.limit.as_str())),
                Err(SendError::Submission { error, .. }) => Ok(Reply::Invalid(error.code())),
                Err(SendError::KeyReused) => Ok(Reply::Invalid("idempotency_key_reused")),
                Err(SendError::CallbackHost) => Ok(Reply::Invalid("callback_host_not_allowed")),
                Err(SendError::Store(error)) => Err(error),
            };
        }
    }

    fn request(&self, outgoing: &Outgoing) -> SendRequest {
        // The number that was written to is taken as it came, known to the numbering plan or not.
        let named = outgoing.sender.as_ref().map(|party| party.value.clone());
        SendRequest {
            to: vec![outgoing.to.clone()],
            from: named.filter(|value| *value != self.shown.to.address.as_str()),
            body: Body::Text(outgoing.text.clone()),
            encoding: EncodingChoice::Auto,
            segments_max: None,
            replace_lookalikes: false,
            valid_for_s: None,
            priority: 0,
            tags: Vec::new(),
            client_ref: None,
            callback_url: None,
        }
    }

    /// The same inbound message and place: the same message, whatever it says the second time.
    fn key(&self, place: usize) -> Option<Idempotency> {
        let Inbound { route, reference, .. } = self.inbound;
        (!reference.is_empty()).then(|| Idempotency {
            key: format!("waypost:inbound:{route}:{place}:{reference}"),
            body_hash: [0; 32],
        })
    }

    /// True where the message goes to whoever wrote.
    pub(super) fn is_to_sender(&self, outgoing: &Outgoing) -> bool {
        let theirs = self.shown.sender.address.as_str();
        let region = self.caller.tenant.terms().rules.default_region;
        outgoing.to == theirs
            || parse_recipient(&outgoing.to, region).is_ok_and(|to| to.address.as_str() == theirs)
    }
}

/// Two machines that answer each other are stopped by these where the hops do not tell.
fn for_replies(own: AcceptLimits) -> AcceptLimits {
    let at_most = |own: Option<u32>, max: u32| Some(own.map_or(max, |own| own.min(max)));
    AcceptLimits {
        destination_per_hour: at_most(own.destination_per_hour, REPLIES_PER_HOUR_MAX),
        destination_per_day: at_most(own.destination_per_day, REPLIES_PER_DAY_MAX),
        ..own
    }
}

fn hops_exceeded() -> Refusal {
    Refusal {
        code: "hops_exceeded".to_owned(),
        reason: format!(
            "{HOPS_MAX} messages led to this one, each within {} seconds: two machines answer each other",
            HOPS_WINDOW_MS / 1000
        ),
    }
}

fn limited(reached: LimitReached, own: &AcceptLimits) -> Refusal {
    let is_own = |own: Option<u32>, max: u32| own.is_some_and(|own| own <= max);
    let (code, reason) = match reached.limit {
        LimitKind::DestinationPerHour if !is_own(own.destination_per_hour, REPLIES_PER_HOUR_MAX) => (
            "replies_per_hour",
            format!(
                "receiving components send at most {REPLIES_PER_HOUR_MAX} messages to a number in an hour"
            ),
        ),
        LimitKind::DestinationPerDay if !is_own(own.destination_per_day, REPLIES_PER_DAY_MAX) => (
            "replies_per_day",
            format!("receiving components send at most {REPLIES_PER_DAY_MAX} messages to a number in a day"),
        ),
        limit => (limit.as_str(), "a limit of the tenant is reached, and a reply does not wait".to_owned()),
    };
    Refusal { code: code.to_owned(), reason }
}
