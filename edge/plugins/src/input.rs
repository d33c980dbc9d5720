//! From the types of the domain to records of the plugin API.

use waypost_core::decision::{Candidate, Health};
use waypost_core::message::Draft;
use waypost_core::number::{NumberKind, Sender, SenderKind};
use waypost_core::text::{Body, Encoding};

use crate::bindings::waypost::sms::{routing, types};

pub(crate) fn message(draft: &Draft) -> types::Message {
    types::Message {
        tenant: draft.tenant.to_string(),
        time_ms: draft.time_ms,
        to: types::Recipient {
            number: draft.to.address.as_str().to_owned(),
            country: draft.to.country.map(|country| country.as_str().to_owned()),
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
        tags: draft.tags.clone(),
    }
}

pub(crate) fn candidate(candidate: &Candidate) -> routing::Candidate {
    routing::Candidate {
        id: candidate.id.to_string(),
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

fn address(sender: &Sender) -> types::Address {
    types::Address {
        value: sender.address.as_str().to_owned(),
        kind: match sender.kind {
            SenderKind::International => types::AddressKind::International,
            SenderKind::ShortCode => types::AddressKind::ShortCode,
            SenderKind::Alphanumeric => types::AddressKind::Alphanumeric,
        },
    }
}

fn body(body: &Body) -> types::Body {
    match body {
        Body::Text(text) => types::Body::Text(text.clone()),
        Body::Binary(bytes) => types::Body::Binary(bytes.clone()),
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
