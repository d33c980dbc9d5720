//! Screening, sender and routing.

use waypost_core::check::{Checker, InvalidOutput, invalid};
use waypost_core::decision::{Candidate, Choice, Name, Ranking, Refusal, Verdict};
use waypost_core::message::Draft;

use crate::bindings::waypost::sms::{routing, screening, sender_identity, types};
use crate::input;

/// Largest answer of a policy, in bytes, as in a native host.
const OUTPUT_BYTES_MAX: usize = 16 * 1024;

/// May this message go?
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn screen(draft: &Draft) -> Result<Verdict, InvalidOutput> {
    let mut checker = checker();
    Ok(match screening::screen(&input::message(draft)) {
        screening::Verdict::Allow => Verdict::Allow,
        screening::Verdict::HoldUntil(time_ms) => Verdict::HoldUntil(time_ms),
        screening::Verdict::Refuse(it) => Verdict::Refuse(refusal(&mut checker, it)?),
    })
}

/// Under which sender does it go?
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn choose(draft: &Draft) -> Result<Choice, InvalidOutput> {
    let mut checker = checker();
    Ok(match sender_identity::choose(&input::message(draft)) {
        sender_identity::Choice::Keep => Choice::Keep,
        sender_identity::Choice::Replace(it) => Choice::Replace(checker.address(it.value)?),
        sender_identity::Choice::Refuse(it) => Choice::Refuse(refusal(&mut checker, it)?),
    })
}

/// By which providers, in which order? Each is one of `candidates`, and none comes twice.
///
/// # Errors
/// The answer breaks a rule of the plugin API.
pub fn rank(draft: &Draft, candidates: &[Candidate]) -> Result<Ranking, InvalidOutput> {
    let mut checker = checker();
    let offered: Vec<_> = candidates.iter().map(input::candidate).collect();
    let ids = match routing::rank(&input::message(draft), &offered) {
        routing::Ranking::Ranked(ids) => ids,
        routing::Ranking::Refuse(it) => return Ok(Ranking::Refuse(refusal(&mut checker, it)?)),
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

fn checker() -> Checker {
    Checker::new(OUTPUT_BYTES_MAX, 0)
}

fn refusal(checker: &mut Checker, refusal: types::Refusal) -> Result<Refusal, InvalidOutput> {
    Ok(Refusal { code: checker.snake_code(refusal.code)?, reason: checker.reason(refusal.reason)? })
}
