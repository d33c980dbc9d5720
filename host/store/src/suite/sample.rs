//! Messages, keys and questions that tests and measurements start from.

use std::sync::Arc;

use waypost_core::backoff::RetryRules;
use waypost_core::decision::{
    Acceptance, DecisionRecord, Failure, FailureClass, Name, Outcome, Receipt, ReceiptStatus, Role,
};
use waypost_core::id::MessageId;
use waypost_core::lifecycle::{DoubtChoice, RouteRules};
use waypost_core::message::{Draft, Envelope, Progress, State};
use waypost_core::number::{Recipient, Sender};
use waypost_core::store::{
    Accept, ApiKey, Claim, ClaimedMessage, Inbound, InboundIn, InboundPart, NewMessage, ReceiptIn, Scope,
    Settle,
};
use waypost_core::text::{Body, Encoding};
use waypost_core::trace::{Entry, Step};

/// A Tuesday in November 2023, in Unix milliseconds.
pub const NOW_MS: u64 = 1_700_000_000_000;
/// The tenant of every sample.
pub const TENANT: &str = "acme";
/// The provider of every sample.
pub const ROUTE: &str = "first";
/// Another provider.
pub const OTHER_ROUTE: &str = "second";
/// How long a lease lasts, in milliseconds.
pub const LEASE_MS: u64 = 30_000;
/// The rules of every provider.
pub const RULES: RouteRules = RouteRules {
    retry: RetryRules { attempts_max: 3, base_ms: 1_000, max_ms: 60_000 },
    doubt_wait_ms: 600_000,
    doubt_then: DoubtChoice::Retry,
    receipt_wait_ms: 86_400_000,
};

/// A name.
#[must_use]
pub fn name(text: &str) -> Name {
    Name::from(text)
}

/// The id of the message number `n` that was made at a time.
#[must_use]
pub fn id(time_ms: u64, n: u64) -> MessageId {
    let key = MessageId::first_key_at(time_ms) + (n & 0xffff);
    MessageId::of_tenant(key, n.wrapping_mul(0x9e37_79b9_7f4a_7c15), TENANT)
}

/// A queued message to a number of its own, without decisions.
#[must_use]
pub fn message(n: u64) -> NewMessage {
    message_at(NOW_MS, n)
}

/// A queued message that was made at a time.
#[must_use]
pub fn message_at(time_ms: u64, n: u64) -> NewMessage {
    let route = name(ROUTE);
    let draft = Draft {
        tenant: name(TENANT),
        time_ms,
        to: recipient(&format!("+4477009{:05}", n % 100_000)),
        sender: None,
        body: Body::Text(format!("Your code is {n:06}. It is valid for ten minutes; share it with nobody.")),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 1,
        tags: Vec::new(),
    };
    let envelope = Envelope {
        id: id(time_ms, n),
        key: name("k00000000001"),
        draft,
        valid_until_ms: time_ms.saturating_add(10_000_000_000),
        client_ref: None,
        callback_url: None,
        hops: 0,
    };
    let mut progress = Progress::new(State::Queued, time_ms);
    progress.due_ms = Some(time_ms);
    progress.route = Some(route.clone());
    let step = Step::Accepted { route: Some(route), held_until_ms: None };
    let entry = Entry { at_ms: time_ms, state: State::Queued, step, decisions: Vec::new(), cause: None };
    NewMessage { envelope: Arc::new(envelope), progress, entry }
}

/// A queued message with the three decisions that most messages meet.
#[must_use]
pub fn traced_message(time_ms: u64, n: u64) -> NewMessage {
    let mut message = message_at(time_ms, n);
    message.entry.decisions = vec![decision(), decision(), decision()];
    message
}

/// A mobile number in the United Kingdom.
///
/// # Panics
/// Never: the form is that of `core::number`.
#[must_use]
#[allow(clippy::expect_used, reason = "the text is right here")]
pub fn recipient(address: &str) -> Recipient {
    let json = serde_json::json!({ "address": address, "country": null, "kind": "mobile" });
    serde_json::from_value(json).expect("a recipient")
}

/// A name as sender.
///
/// # Panics
/// Where the text is no name that a sender can have.
#[must_use]
#[allow(clippy::expect_used, reason = "the text is right where it is used")]
pub fn sender(name: &str) -> Sender {
    waypost_core::number::parse_sender(name, None).expect("a sender")
}

/// A decision as a trace keeps it.
#[must_use]
pub fn decision() -> DecisionRecord {
    DecisionRecord {
        role: Role::Routing,
        component: name("least-cost"),
        revision: name("sha256:0123456789abcdef"),
        result: "ranked first, second".to_owned(),
        fault: None,
        fuel: 48_211,
        memory_bytes: 1_114_112,
        time_ns: 41_873,
        log: Vec::new(),
        given: None,
    }
}

/// Messages of one request, without limits.
#[must_use]
pub fn accept(messages: Vec<NewMessage>) -> Accept {
    Accept {
        tenant: name(TENANT),
        key: name("k00000000001"),
        now_ms: NOW_MS,
        idempotency: None,
        limits: Default::default(),
        messages,
    }
}

/// A claim of many messages of the sample provider.
#[must_use]
pub fn claim() -> Claim {
    claim_at(NOW_MS)
}

/// A claim at a time.
#[must_use]
pub fn claim_at(now_ms: u64) -> Claim {
    Claim { route: name(ROUTE), now_ms, messages_max: 1_000, lease_until_ms: now_ms + LEASE_MS, rate: None }
}

/// The end of a lease: the provider took the message.
#[must_use]
pub fn settle(message: &ClaimedMessage) -> Settle {
    Settle {
        tenant: message.envelope.draft.tenant.clone(),
        id: message.envelope.id,
        attempt: message.progress.attempts,
        route: message.progress.route.clone().unwrap_or_else(|| name(ROUTE)),
        now_ms: message.progress.changed_ms + 100,
        outcome: accepted(&reference(message.envelope.id)),
        other_route: None,
        rules: RULES,
        seed: 7,
        decisions: Vec::new(),
    }
}

/// The reference that the sample provider gives a message.
#[must_use]
pub fn reference(id: MessageId) -> String {
    format!("ref-{}", id.key())
}

/// The provider has taken it.
#[must_use]
pub fn accepted(reference: &str) -> Outcome {
    Outcome::Accepted(Acceptance {
        reference: reference.to_owned(),
        parts: Some(1),
        price_micros: Some(45_000),
    })
}

/// The provider has not taken it.
#[must_use]
pub fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed(Failure {
        class,
        code: "sample".to_owned(),
        reason: "a sample of a failure".to_owned(),
        retry_after_ms: None,
    })
}

/// A receipt of the sample provider.
#[must_use]
pub fn receipt(reference: &str, status: ReceiptStatus) -> ReceiptIn {
    let receipt = Receipt {
        reference: reference.to_owned(),
        message_id: None,
        status,
        code: None,
        reason: None,
        at_ms: None,
    };
    ReceiptIn { route: name(ROUTE), now_ms: NOW_MS + 5_000, receipt, rules: RULES }
}

/// An inbound message.
#[must_use]
pub fn inbound(reference: &str) -> Inbound {
    Inbound {
        tenant: name(TENANT),
        inbox: name("support"),
        route: name(ROUTE),
        reference: reference.to_owned(),
        from: "+447700900123".to_owned(),
        to: "+447700900999".to_owned(),
        body: Body::Text("STOP".to_owned()),
        received_ms: NOW_MS,
    }
}

/// A part of a long inbound message, which says which it is.
#[must_use]
pub fn part(reference: u16, number: u8, total: u8) -> InboundPart {
    InboundPart {
        tenant: name(TENANT),
        inbox: name("support"),
        route: name(ROUTE),
        from: "+447700900123".to_owned(),
        to: "+447700900999".to_owned(),
        reference,
        total,
        number,
        payload: format!("\0part {number} of {reference}").into(),
        now_ms: NOW_MS,
    }
}

/// An inbound message for the inbox `support`.
#[must_use]
pub fn inbound_in(reference: &str) -> InboundIn {
    InboundIn { inbound: inbound(reference), inboxes: vec![name("support")] }
}

/// An API key.
#[must_use]
pub fn api_key(id: &str) -> ApiKey {
    ApiKey {
        id: name(id),
        tenant: name(TENANT),
        label: "for tests".to_owned(),
        scopes: vec![Scope::Send, Scope::Read],
        hash: [7; 32],
        created_ms: NOW_MS,
        revoked_ms: None,
        expires_ms: None,
    }
}
