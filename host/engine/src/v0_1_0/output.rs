//! From records of this version to the types of the domain, with every rule checked.

use waypost_core::check::{Checker, InvalidOutput, invalid};
use waypost_core::decision::{Candidate, Choice, Name, Ranking, Refusal, Verdict};
use waypost_core::inbound::{Action, Outgoing, Party, Reception};
use waypost_core::number::SenderKind;

use super::bindings::exports::waypost::sms::{receiving, routing, screening, sender_identity};
use super::bindings::waypost::sms::types;

/// Most actions that one inbound message leads to.
const ACTIONS_MAX: usize = 16;

pub(super) fn verdict(checker: &mut Checker, verdict: screening::Verdict) -> Result<Verdict, InvalidOutput> {
    Ok(match verdict {
        screening::Verdict::Allow => Verdict::Allow,
        screening::Verdict::HoldUntil(time_ms) => Verdict::HoldUntil(time_ms),
        screening::Verdict::Refuse(it) => Verdict::Refuse(refusal(checker, it)?),
    })
}

pub(super) fn choice(
    checker: &mut Checker,
    choice: sender_identity::Choice,
) -> Result<Choice, InvalidOutput> {
    Ok(match choice {
        sender_identity::Choice::Keep => Choice::Keep,
        sender_identity::Choice::Replace(it) => Choice::Replace(checker.address(it.value)?),
        sender_identity::Choice::Refuse(it) => Choice::Refuse(refusal(checker, it)?),
    })
}

/// A ranking names candidates that were offered, each at most once.
pub(super) fn ranking(
    checker: &mut Checker,
    ranking: routing::Ranking,
    candidates: &[Candidate],
) -> Result<Ranking, InvalidOutput> {
    let ids = match ranking {
        routing::Ranking::Ranked(ids) => ids,
        routing::Ranking::Refuse(it) => return Ok(Ranking::Refuse(refusal(checker, it)?)),
    };
    checker.items("routes", ids.len(), candidates.len())?;
    let mut ranked: Vec<Name> = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(candidate) = candidates.iter().find(|candidate| *candidate.id == *id) else {
            return invalid("it ranked a route that was not offered");
        };
        if ranked.contains(&candidate.id) {
            return invalid(format_args!("it ranked `{}` twice", candidate.id));
        }
        ranked.push(Name::clone(&candidate.id));
    }
    Ok(Ranking::Ranked(ranked))
}

pub(super) fn reception(
    checker: &mut Checker,
    actions: Vec<receiving::Action>,
    outgoing: Vec<Outgoing>,
) -> Result<Reception, InvalidOutput> {
    checker.items("actions", actions.len(), ACTIONS_MAX)?;
    let actions = actions
        .into_iter()
        .map(|action| {
            Ok(match action {
                receiving::Action::Inbox(name) => Action::Inbox(checker.inbox(name)?),
                receiving::Action::OptOut => Action::OptOut,
                receiving::Action::OptIn => Action::OptIn,
                receiving::Action::Drop => Action::Drop,
            })
        })
        .collect::<Result<_, InvalidOutput>>()?;
    let outgoing = outgoing
        .into_iter()
        .map(|message| {
            checker.body_bytes(message.text.len())?;
            Ok(Outgoing {
                to: checker.address(message.to)?,
                sender: message.sender.map(|it| checked_party(checker, it)).transpose()?,
                text: message.text,
            })
        })
        .collect::<Result<_, InvalidOutput>>()?;
    Ok(Reception { actions, outgoing })
}

pub(super) fn party(address: types::AddressResult) -> Party {
    Party {
        value: address.value,
        kind: match address.kind {
            types::AddressKind::International => SenderKind::International,
            types::AddressKind::ShortCode => SenderKind::ShortCode,
            types::AddressKind::Alphanumeric => SenderKind::Alphanumeric,
        },
    }
}

pub(super) fn checked_party(checker: &mut Checker, party: Party) -> Result<Party, InvalidOutput> {
    Ok(Party { value: checker.address(party.value)?, kind: party.kind })
}

fn refusal(checker: &mut Checker, refusal: types::Refusal) -> Result<Refusal, InvalidOutput> {
    Ok(Refusal { code: checker.snake_code(refusal.code)?, reason: checker.reason(refusal.reason)? })
}
