//! From the types of the domain to records of this version. Nothing is copied: the records borrow.

use waypost_core::decision::{Candidate, Health};
use waypost_core::inbound::Inbound;
use waypost_core::message::Draft;
use waypost_core::number::{NumberKind, Sender, SenderKind};
use waypost_core::text::{Body, Encoding};

use super::bindings::exports::waypost::sms::{receiving, routing};
use super::bindings::waypost::sms::types;

/// The tags in the form that [`message`] borrows.
pub(super) fn tags(draft: &Draft) -> Vec<&str> {
    draft.tags.iter().map(String::as_str).collect()
}

pub(super) fn message<'a>(draft: &'a Draft, tags: &'a [&'a str]) -> types::Message<'a> {
    types::Message {
        tenant: &draft.tenant,
        time_ms: draft.time_ms,
        to: types::Recipient {
            number: draft.to.address.as_str(),
            country: draft.to.country.as_ref().map(|country| country.as_str()),
            kind: number_kind(draft.to.kind),
        },
        sender: draft.sender.as_ref().map(address),
        body: body(&draft.body),
        encoding: match draft.encoding {
            Encoding::Gsm7 => types::Encoding::Gsm7,
            Encoding::Ucs2 => types::Encoding::Ucs2,
            Encoding::Binary => types::Encoding::Binary,
        },
        segments: draft.segments,
        priority: draft.priority,
        tags,
    }
}

pub(super) fn candidate(candidate: &Candidate) -> routing::Candidate<'_> {
    routing::Candidate {
        id: &candidate.id,
        price_micros: candidate.price_micros,
        health: match candidate.health {
            Health::Healthy => routing::Health::Healthy,
            Health::Recovering => routing::Health::Recovering,
            Health::Down => routing::Health::Down,
        },
        backlog: candidate.backlog,
        weight: candidate.weight,
    }
}

pub(super) fn inbound(inbound: &Inbound) -> receiving::Inbound<'_> {
    receiving::Inbound {
        tenant: &inbound.tenant,
        time_ms: inbound.time_ms,
        provider: &inbound.provider,
        sender: address(&inbound.sender),
        to: address(&inbound.to),
        body: body(&inbound.body),
        hops: inbound.hops,
    }
}

fn address(sender: &Sender) -> types::AddressParam<'_> {
    types::AddressParam {
        value: sender.address.as_str(),
        kind: match sender.kind {
            SenderKind::International => types::AddressKind::International,
            SenderKind::ShortCode => types::AddressKind::ShortCode,
            SenderKind::Alphanumeric => types::AddressKind::Alphanumeric,
        },
    }
}

fn body(body: &Body) -> types::BodyParam<'_> {
    match body {
        Body::Text(text) => types::BodyParam::Text(text),
        Body::Binary(bytes) => types::BodyParam::Binary(bytes),
    }
}

fn number_kind(kind: NumberKind) -> types::NumberKind {
    match kind {
        NumberKind::Mobile => types::NumberKind::Mobile,
        NumberKind::FixedLine => types::NumberKind::FixedLine,
        NumberKind::FixedOrMobile => types::NumberKind::FixedOrMobile,
        NumberKind::TollFree => types::NumberKind::TollFree,
        NumberKind::Premium => types::NumberKind::Premium,
        NumberKind::SharedCost => types::NumberKind::SharedCost,
        NumberKind::Voip => types::NumberKind::Voip,
        NumberKind::Personal => types::NumberKind::Personal,
        NumberKind::Pager => types::NumberKind::Pager,
        NumberKind::Uan => types::NumberKind::Uan,
        NumberKind::Voicemail => types::NumberKind::Voicemail,
        NumberKind::ShortCode => types::NumberKind::ShortCode,
        NumberKind::Unknown => types::NumberKind::Unknown,
    }
}
