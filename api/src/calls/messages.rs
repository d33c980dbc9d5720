//! Messages that are there already: listed, read, traced, taken back.

use http::StatusCode;
use waypost_core::flow::{Caller, Shell, Tenant as _};
use waypost_core::id::MessageId;
use waypost_core::message::State;
use waypost_core::number::{Country, parse_recipient};
use waypost_core::store::{Filter, Store as _, Stored};

use crate::answer::{Answer, json};
use crate::problem::{Code, Problem};
use crate::query::{self, Parameters};
use crate::wire::{Id, Message, Page, Status, StepObject, TraceObject};

/// Query parameters of the list.
pub const LIST: &[&str] = &["status", "to", "client_ref", "provider", "limit", "cursor"];

/// A page of messages, newest first.
///
/// # Errors
/// A parameter that is wrong, or the store.
pub async fn list<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    query: Option<&str>,
) -> Result<Answer, Problem> {
    let parameters = Parameters::read(query, LIST)?;
    let terms = caller.tenant.terms();
    let number = parameters.one("to")?.map(|to| number(to, terms.rules.default_region)).transpose()?;
    let filter = Filter {
        tenant: Some(terms.name.clone()),
        states: states(&parameters)?,
        to: number,
        client_ref: parameters.one("client_ref")?.map(str::to_owned),
        route: parameters.one("provider")?.map(Into::into),
        before: parameters.cursor()?,
        rows_max: parameters.rows()?,
        ..Filter::default()
    };
    let (rows, next_cursor) = page(shell, filter).await?;
    let messages = rows.iter().map(|row| Message::new(shell, &row.envelope, &row.progress)).collect();
    json(StatusCode::OK, &Page { messages, next_cursor })
}

/// One message, with its text or data.
///
/// # Errors
/// `message_unknown`, or the store.
pub async fn read<S: Shell>(shell: &S, caller: &Caller<S::Tenant>, id: MessageId) -> Result<Answer, Problem> {
    whole(shell, &own(shell, caller, id).await?)
}

/// The trace of a message: every step of its life with the decisions that led to it.
///
/// # Errors
/// `message_unknown`, or the store.
pub async fn trace<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    id: MessageId,
) -> Result<Answer, Problem> {
    let stored = own(shell, caller, id).await?;
    let entries = shell.store().trace(caller.tenant.terms().name.clone(), id).await?;
    let trace = TraceObject {
        id: Id(id),
        status: Status(stored.progress.state),
        steps: entries.iter().map(StepObject::from).collect(),
    };
    json(StatusCode::OK, &trace)
}

/// Takes a message back that was not submitted yet. Taking it back twice is no error.
///
/// # Errors
/// `message_unknown`, `too_late_to_cancel`, or the store.
pub async fn cancel<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    id: MessageId,
) -> Result<Answer, Problem> {
    let tenant = caller.tenant.terms().name.clone();
    let answer = shell.store().cancel(tenant, id, shell.now_ms()).await?;
    let (stored, _) = answer.ok_or_else(Problem::message_unknown)?;
    let state = stored.progress.state;
    if state == State::Cancelled {
        return whole(shell, &stored);
    }
    let detail = format!("The message is `{state}` and cannot be taken back any more.");
    Err(Problem::new(Code::TooLateToCancel, detail).with("message_status", state.as_str()))
}

/// A message of the caller's tenant. Another tenant's is as unknown as one that never was.
pub(super) async fn own<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    id: MessageId,
) -> Result<Stored, Problem> {
    let stored = shell.store().message(caller.tenant.terms().name.clone(), id).await?;
    stored.ok_or_else(Problem::message_unknown)
}

/// The answer that shows one message.
pub(super) fn whole(shell: &impl Shell, stored: &Stored) -> Result<Answer, Problem> {
    json(StatusCode::OK, &Message::whole(shell, &stored.envelope, &stored.progress))
}

/// A page of messages and where the next one begins, if there is one.
pub(super) async fn page(shell: &impl Shell, filter: Filter) -> Result<(Vec<Stored>, Option<Id>), Problem> {
    let rows_max = filter.rows_max;
    // One more than is shown tells whether there is a next page.
    let mut rows = shell.store().list(Filter { rows_max: rows_max + 1, ..filter }).await?;
    let has_more = rows.len() > rows_max as usize;
    rows.truncate(rows_max as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| Id(row.envelope.id));
    Ok((rows, next_cursor))
}

fn states(parameters: &Parameters<'_>) -> Result<Vec<State>, Problem> {
    let names = parameters.all("status").flat_map(|names| names.split(','));
    let states: Option<Vec<_>> = names.map(State::from_name).collect();
    states.ok_or_else(|| {
        let known = State::ALL.map(State::as_str).join(", ");
        query::invalid("status", &format!("can be {known}"))
    })
}

/// Messages are kept with their numbers in E.164, so the filter has to be brought to it too.
fn number(written: &str, default_region: Option<Country>) -> Result<String, Problem> {
    // In a query an unescaped + arrives as a space.
    let written = match written.strip_prefix(' ') {
        Some(digits) => format!("+{digits}"),
        None => written.to_owned(),
    };
    parse_recipient(&written, default_region)
        .map(|recipient| recipient.address.into_string())
        .map_err(|error| query::invalid("to", &format!("is not a number: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states_of(query: &str) -> Result<Vec<State>, Code> {
        let parameters = Parameters::read(Some(query), LIST).map_err(|problem| problem.code())?;
        states(&parameters).map_err(|problem| problem.code())
    }

    #[test]
    fn statuses_are_repeated_or_listed() {
        use State::{Failed, Queued, Unknown};
        for (query, expected) in [
            ("", Ok(vec![])),
            ("status=queued", Ok(vec![Queued])),
            ("status=queued,failed", Ok(vec![Queued, Failed])),
            ("status=queued&status=failed,unknown", Ok(vec![Queued, Failed, Unknown])),
            ("status=", Err(Code::ParameterInvalid)),
            ("status=queued,", Err(Code::ParameterInvalid)),
            ("status=Queued", Err(Code::ParameterInvalid)),
            ("stauts=queued", Err(Code::ParameterUnknown)),
        ] {
            assert_eq!(states_of(query), expected, "{query}");
        }
    }

    #[test]
    fn a_plus_may_arrive_as_a_space() {
        for written in ["+447400123456", " 447400123456", "+44 7400 123456"] {
            assert_eq!(number(written, None).ok().as_deref(), Some("+447400123456"), "{written}");
        }
        assert_eq!(number("nobody", None).unwrap_err().code(), Code::ParameterInvalid);
    }
}
