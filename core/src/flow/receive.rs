//! What an inbound message causes: the tenant's receiving components are asked, and what they decide
//! takes effect in an order that a crash and a repeated webhook cannot harm:
//!
//! known already? → components → opt-in → confirmation of an opt-out → opt-out → messages → inboxes
//!
//! The inboxes come last, because with them the message is known: whatever ended before is done again
//! when the provider repeats its webhook, and each step of it changes nothing the second time. A message
//! is taken in under a key made of provider, reference and its place, so whatever components say the
//! second time, nobody gets two replies.

use std::sync::Arc;

use super::component::Asked;
use super::intake::conversation;
use super::replies::Replies;
use super::shell::{Shell, Tenant};
use crate::decision::{DecisionRecord, Name};
use crate::id::MessageId;
use crate::inbound::{self, Action, Outgoing, Reception};
use crate::limits::HOPS_WINDOW_MS;
use crate::message::State;
use crate::number::{Address, Country, Sender, SenderKind, parse_sender};
use crate::store::{Filter, Inbound, InboundIn, OptChange, Store as _, StoreError};

/// What receiving components made of an inbound message.
#[derive(Debug)]
pub struct Received {
    /// Whose it is.
    pub tenant: Name,
    /// The provider's id for it.
    pub reference: String,
    /// How many messages led to it.
    pub hops: u8,
    /// The inboxes that it is in.
    pub inboxes: Vec<Name>,
    /// True: the sender wants nothing more from the number it wrote to. False: it wants messages again.
    pub opted_out: Option<bool>,
    /// What became of the messages that components wanted to send, in their order.
    pub sent: Vec<Reply>,
}

/// What became of a message that a component wanted to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is stored: waiting, or refused with the reason in its trace.
    Taken(MessageId, State),
    /// It cannot be kept, because recipient, sender or text are none. The code of what is wrong.
    Invalid(&'static str),
}

/// Takes an inbound message in. `inbound.inbox` is where it goes by the configuration.
///
/// # Errors
/// The store. Nothing is lost by it: the provider was not answered and repeats its webhook.
pub async fn take<S: Shell>(
    shell: &S,
    inbound: Inbound,
    from: SenderKind,
    to: SenderKind,
) -> Result<(), StoreError> {
    let tenant = shell.tenants().get(&inbound.tenant).filter(|tenant| tenant.receives());
    let Some(tenant) = tenant.cloned() else {
        let inboxes = vec![inbound.inbox.clone()];
        return put(shell, InboundIn { inbound, inboxes }).await;
    };
    if is_known(shell, &inbound).await? {
        return Ok(());
    }
    let region = tenant.terms().rules.default_region;
    let (from, to) = (party(&inbound.from, from, region), party(&inbound.to, to, region));
    let shown = inbound::Inbound {
        tenant: inbound.tenant.clone(),
        time_ms: inbound.received_ms,
        provider: inbound.route.clone(),
        hops: hops(shell, &inbound, &to, &from).await?,
        sender: from,
        to,
        body: inbound.body.clone(),
    };
    let turn = tenant.receiving_turn().await;
    let decided = ask(shell, &*tenant, &shown);
    drop(turn);
    let sent = apply(shell, &tenant, &inbound, &shown, &decided).await?;
    let received = Received {
        tenant: inbound.tenant.clone(),
        reference: inbound.reference.clone(),
        hops: shown.hops,
        inboxes: decided.inboxes(&inbound.inbox),
        opted_out: decided.opted_out,
        sent,
    };
    let route = inbound.route.clone();
    put(shell, InboundIn { inbound, inboxes: received.inboxes.clone() }).await?;
    shell.received(&route, &received);
    Ok(())
}

async fn put<S: Shell>(shell: &S, inbound: InboundIn) -> Result<(), StoreError> {
    let (route, is_kept) = (inbound.inbound.route.clone(), !inbound.inboxes.is_empty());
    if shell.store().inbound(inbound).await? && is_kept {
        shell.inbound(&route);
    }
    Ok(())
}

async fn is_known<S: Shell>(shell: &S, inbound: &Inbound) -> Result<bool, StoreError> {
    if inbound.reference.is_empty() {
        return Ok(false);
    }
    let Inbound { tenant, route, reference, .. } = inbound;
    shell.store().inbound_known(tenant.clone(), route.clone(), reference.clone()).await
}

/// A number that the numbering plan does not know is taken as the provider's component wrote it: its
/// owner can say STOP all the same.
fn party(value: &str, kind: SenderKind, region: Option<Country>) -> Sender {
    parse_sender(value, region).unwrap_or_else(|_| Sender {
        address: Address::from_stored(value.to_owned()),
        kind,
        country: None,
    })
}

/// An inbound message has the hops of the last message that a receiving component sent the other way,
/// where that is so short a time ago that a machine must have answered it.
async fn hops<S: Shell>(
    shell: &S,
    inbound: &Inbound,
    ours: &Sender,
    theirs: &Sender,
) -> Result<u8, StoreError> {
    let filter = Filter {
        tenant: Some(inbound.tenant.clone()),
        client_ref: Some(conversation(ours.address.as_str(), theirs.address.as_str())),
        rows_max: 1,
        ..Filter::default()
    };
    let last = shell.store().list(filter).await?.pop();
    let recent = last
        .filter(|stored| inbound.received_ms.saturating_sub(stored.envelope.draft.time_ms) <= HOPS_WINDOW_MS);
    Ok(recent.map_or(0, |stored| stored.envelope.hops))
}

/// What all receiving components of a tenant together decided.
#[derive(Default)]
struct Decided {
    inboxes: Vec<Name>,
    is_dropped: bool,
    has_failed: bool,
    opted_out: Option<bool>,
    outgoing: Vec<Outgoing>,
    records: Vec<DecisionRecord>,
}

impl Decided {
    /// The inboxes that components named. The usual one where none is named and nothing dropped, and
    /// wherever a component failed: nobody knows what it would have said.
    fn inboxes(&self, usual: &Name) -> Vec<Name> {
        let mut inboxes = self.inboxes.clone();
        let is_unsaid = inboxes.is_empty() && !self.is_dropped;
        if (is_unsaid || self.has_failed) && !inboxes.contains(usual) {
            inboxes.push(usual.clone());
        }
        inboxes
    }

    /// Of several words about opting out the last one counts. What was dropped is shown to nobody else.
    fn add(&mut self, reception: Reception) {
        for action in reception.actions {
            match action {
                Action::Inbox(name) => {
                    if !self.inboxes.iter().any(|known| **known == *name) {
                        self.inboxes.push(name.into());
                    }
                }
                Action::OptOut => self.opted_out = Some(true),
                Action::OptIn => self.opted_out = Some(false),
                Action::Drop => self.is_dropped = true,
            }
        }
        self.outgoing.extend(reception.outgoing);
    }
}

/// Asks the components in order, until one drops the message.
fn ask<S: Shell>(shell: &S, tenant: &S::Tenant, inbound: &inbound::Inbound) -> Decided {
    let mut decided = Decided::default();
    let id = shell.next_id(inbound.time_ms, &inbound.tenant);
    for place in 0.. {
        let Some(Asked { decision, .. }) = tenant.receive(place, inbound, id) else { break };
        decided.records.push(decision.record);
        match decision.answer {
            Ok(reception) => decided.add(reception),
            Err(_) => decided.has_failed = true,
        }
        if decided.is_dropped {
            break;
        }
    }
    shell.decided(&inbound.tenant, &decided.records);
    decided
}

/// Does what was decided, but for the inboxes. Whoever opts out gets one message more, the confirmation:
/// the first one to its number. After it the opt-out holds for the rest as for any message.
async fn apply<S: Shell>(
    shell: &S,
    tenant: &Arc<S::Tenant>,
    inbound: &Inbound,
    shown: &inbound::Inbound,
    decided: &Decided,
) -> Result<Vec<Reply>, StoreError> {
    if decided.opted_out == Some(false) {
        opt(shell, shown, false).await?;
    }
    let replies = Replies::new(shell, tenant.clone(), inbound, shown, &decided.records);
    let mut sent = Vec::with_capacity(decided.outgoing.len());
    let confirmation = match decided.opted_out {
        Some(true) => decided.outgoing.iter().position(|outgoing| replies.is_to_sender(outgoing)),
        _ => None,
    };
    if let Some(place) = confirmation {
        sent.push((place, replies.send(place, &decided.outgoing[place]).await?));
    }
    if decided.opted_out == Some(true) {
        opt(shell, shown, true).await?;
    }
    for (place, outgoing) in decided.outgoing.iter().enumerate() {
        if confirmation != Some(place) {
            sent.push((place, replies.send(place, outgoing).await?));
        }
    }
    sent.sort_by_key(|(place, _)| *place);
    Ok(sent.into_iter().map(|(_, reply)| reply).collect())
}

/// A name cannot be written to, so it has nothing to opt out of.
async fn opt<S: Shell>(shell: &S, inbound: &inbound::Inbound, out: bool) -> Result<(), StoreError> {
    if inbound.sender.kind == SenderKind::Alphanumeric {
        return Ok(());
    }
    let change = OptChange {
        tenant: inbound.tenant.clone(),
        number: inbound.sender.address.as_str().to_owned(),
        sender: Some(inbound.to.address.as_str().to_owned()),
        out,
        at_ms: inbound.time_ms,
    };
    shell.store().opt(change).await?;
    Ok(())
}
