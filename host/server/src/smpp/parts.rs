//! Long inbound messages: their parts are kept in the store until all are there, or for a day.

use tracing::warn;
use waypost_core::decision::Name;
use waypost_core::flow::receive;
use waypost_core::number::SenderKind;
use waypost_core::smpp::{Content, InboundSm, Part, join};
use waypost_core::store::{Inbound, InboundPart, InboundParts, PartResult, StoreError};

use crate::clock;
use crate::gateway::Gateway;

/// Most unfinished messages that are delivered in one go.
const BATCH_MAX: u32 = 100;
/// Digits of a short code at most.
const SHORT_CODE_DIGITS_MAX: usize = 8;

/// Keeps a part, and delivers its message where it is the last one.
pub(super) async fn take(
    gateway: &Gateway,
    route: &Name,
    (tenant, inbox): (Name, Name),
    message: InboundSm,
    part: Part,
) -> Result<(), StoreError> {
    let part = InboundPart {
        tenant,
        inbox,
        route: route.clone(),
        from: message.sender.value,
        to: message.to.value,
        reference: part.reference,
        total: part.total,
        number: part.number,
        payload: message.content.to_bytes(),
        now_ms: clock::now_ms(),
    };
    match gateway.store.inbound_part(part).await? {
        PartResult::Whole(parts) => deliver(gateway, parts).await,
        PartResult::Waits | PartResult::Again => Ok(()),
    }
}

/// Delivers what there is of messages whose other parts did not come in time.
pub async fn deliver_old_parts(gateway: &Gateway) {
    while !gateway.is_draining() {
        let old = match gateway.store.inbound_parts_old(clock::now_ms(), BATCH_MAX).await {
            Ok(old) if old.is_empty() => return,
            Ok(old) => old,
            Err(error) => {
                warn!(%error, "unfinished inbound messages wait: the store does not answer");
                return;
            }
        };
        for parts in old {
            let route = parts.key.route.clone();
            if let Err(error) = deliver(gateway, parts).await {
                warn!(provider = %route, %error, "an unfinished inbound message waits");
                return;
            }
        }
    }
}

/// A crash between the two steps repeats the first, under the same reference.
async fn deliver(gateway: &Gateway, parts: InboundParts) -> Result<(), StoreError> {
    let reference = parts.reference();
    let InboundParts { key, inbox, parts } = parts;
    // What this host cannot read was written by a newer one: the rest is worth having.
    let contents = parts
        .into_iter()
        .filter_map(|(number, bytes)| Content::from_bytes(&bytes).ok().map(|content| (number, content)));
    let inbound = Inbound {
        tenant: key.tenant.clone(),
        inbox,
        route: key.route.clone(),
        reference,
        from: key.from.clone(),
        to: key.to.clone(),
        body: join(contents.collect()),
        received_ms: clock::now_ms(),
    };
    receive::take(gateway, inbound, kind(&key.from), kind(&key.to)).await?;
    gateway.store.inbound_parts_done(key, clock::now_ms()).await
}

/// What a kept number is, by its look: the kinds are told apart like that when it comes in.
fn kind(value: &str) -> SenderKind {
    let digits = value.strip_prefix('+').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return SenderKind::Alphanumeric;
    }
    if value.starts_with('+') || digits.len() > SHORT_CODE_DIGITS_MAX {
        return SenderKind::International;
    }
    SenderKind::ShortCode
}
