//! Inbound messages, taken from inboxes by asking: works behind NAT and without a public address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use waypost_core::config::is_inbox_name;
use waypost_core::decision::Name;
use waypost_core::limits::{PAGE_ROWS_MAX, REQUEST_BYTES_MAX};
use waypost_core::store::InboxItem;

use super::auth::{Authorised, Inboxes};
use super::problem::{self, Code, Problem, documented};
use super::query::{self, Parameters};
use super::wire::{Address, Octets, Timestamp, text_or_data};
use super::{Api, json};
use crate::intake::Caller;

/// Most requests that wait for inbound messages at once.
pub const POLLS_MAX: usize = 256;
/// Longest that one of them waits, in seconds.
const WAIT_S_MAX: u64 = 30;
/// A waiting request reads its inbox at most once in this time, however many messages come in for
/// others.
const REREAD_MIN: Duration = Duration::from_millis(25);
/// The inbox of a request that names none.
const INBOX_DEFAULT: &str = "default";

documented!(ReadProblems: problem::KEY, problem::QUERY, &[Code::TooManyPolls]);
documented!(AcknowledgeProblems: problem::KEY, problem::BODY, &[Code::FieldValue, Code::FieldTooMany]);

/// Query parameters of the reading.
pub const READ: &[&str] = &["inbox", "after", "limit", "wait_seconds"];

/// Messages of an inbox.
#[derive(Serialize, ToSchema)]
#[schema(as = Inbox)]
struct InboxObject<'a> {
    /// Oldest first.
    messages: Vec<InboundObject<'a>>,
}

/// An inbound message.
#[derive(Serialize, ToSchema)]
#[schema(as = InboundMessage)]
struct InboundObject<'a> {
    /// Ascending; give the last one as `after` to read on, and all of them to acknowledge.
    sequence: u64,
    /// Who sent it.
    from: Address<'a>,
    /// The number it was sent to.
    to: Address<'a>,
    /// What it says, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// What it says, if it is binary.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Octets<'a>>,
    /// When it came.
    received_at: Timestamp,
    /// The provider that brought it.
    provider: &'a str,
    /// The provider's id for it.
    reference: &'a str,
}

/// Messages that were dealt with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Acknowledgement)]
pub struct AcknowledgeBody {
    /// Without it `default`.
    inbox: Option<String>,
    /// Their numbers. Those that are not there are passed over.
    #[schema(max_items = 500)]
    sequences: Vec<u64>,
}

/// How many messages were acknowledged.
#[derive(Serialize, ToSchema)]
struct Acknowledged {
    /// Without those that were not there.
    acknowledged: usize,
}

/// Read an inbox, oldest first, and wait for a message if it is empty. A message stays until it is
/// acknowledged.
#[utoipa::path(
    get,
    path = "/v1/inbox",
    operation_id = "readInbox",
    tag = "inbox",
    params(
        ("inbox" = Option<String>, Query, description = "Its name; `default` without it"),
        ("after" = Option<u64>, Query, description = "Only messages with a higher `sequence`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Most messages; 50 without it"),
        ("wait_seconds" = Option<u32>, Query, maximum = 30, description = "How long to wait while there is none; 0 without it"),
    ),
    responses((status = 200, description = "Messages, or none", body = InboxObject), ReadProblems),
    security(("key" = ["inbox"])),
)]
pub async fn read(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Inboxes>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, READ)?;
    let wanted = Wanted {
        inbox: name(parameters.one("inbox")?)
            .ok_or_else(|| query::invalid("inbox", "has to be the name of an inbox"))?,
        after: parameters.number("after", 0..=u64::MAX, 0)?,
        rows_max: parameters.rows()?,
    };
    let wait = Duration::from_secs(parameters.number("wait_seconds", 0..=WAIT_S_MAX, 0)?);
    let items = wait_for(&api, &authorised.caller, &wanted, wait).await?;
    let messages = items.iter().map(InboundObject::from).collect();
    json::answer(StatusCode::OK, &InboxObject { messages })
}

/// Acknowledge messages: they are removed from the inbox.
#[utoipa::path(
    post,
    path = "/v1/inbox/ack",
    operation_id = "acknowledgeInbox",
    tag = "inbox",
    request_body = AcknowledgeBody,
    responses((status = 200, description = "How many there were", body = Acknowledged), AcknowledgeProblems),
    security(("key" = ["inbox"])),
)]
pub async fn acknowledge(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Inboxes>,
    request: Request,
) -> Result<Response, Problem> {
    let body: AcknowledgeBody = json::parse(&json::read(request, REQUEST_BYTES_MAX).await?)?;
    let inbox = name(body.inbox.as_deref()).ok_or_else(|| {
        let detail = "`inbox` is not the name of an inbox. Give the name that the configuration has.";
        Problem::new(Code::FieldValue, detail).at("/inbox")
    })?;
    let max = PAGE_ROWS_MAX as usize;
    if body.sequences.len() > max {
        let detail = format!("`sequences` has more than {max} entries. Send several requests.");
        return Err(Problem::new(Code::FieldTooMany, detail).at("/sequences").with("max", max));
    }
    let tenant = authorised.caller.tenant.name.clone();
    let acknowledged = api.gateway.store.acknowledge(tenant, inbox, body.sequences).await?;
    json::answer(StatusCode::OK, &Acknowledged { acknowledged })
}

struct Wanted {
    inbox: Name,
    after: u64,
    rows_max: u32,
}

/// Reads until there is something, or the wait is over, or the gateway stops.
async fn wait_for(
    api: &Api,
    caller: &Caller,
    wanted: &Wanted,
    wait: Duration,
) -> Result<Vec<InboxItem>, Problem> {
    let gateway = &api.gateway;
    let until = Instant::now() + wait;
    let mut place = None;
    loop {
        let woken = gateway.inbox_wake.notified();
        tokio::pin!(woken);
        // From here on no wake is missed, so what comes during the reading is seen.
        woken.as_mut().enable();
        let tenant = caller.tenant.name.clone();
        let items = gateway.store.inbox(tenant, wanted.inbox.clone(), wanted.after, wanted.rows_max).await?;
        if !items.is_empty() || gateway.is_draining() || Instant::now() >= until {
            return Ok(items);
        }
        if place.is_none() {
            place = Some(api.polls.try_acquire().map_err(|_| too_many())?);
        }
        // Cut short by the end of the wait; then the inbox is read for the last time.
        let _ = tokio::time::timeout_at(until, async {
            woken.await;
            if !gateway.is_draining() {
                tokio::time::sleep(REREAD_MIN).await;
            }
        })
        .await;
    }
}

fn too_many() -> Problem {
    let detail = format!(
        "{POLLS_MAX} requests wait for inbound messages already. Ask again, or without `wait_seconds`."
    );
    Problem::new(Code::TooManyPolls, detail).retry_after(1)
}

fn name(given: Option<&str>) -> Option<Name> {
    let name = given.unwrap_or(INBOX_DEFAULT);
    is_inbox_name(name).then(|| name.into())
}

impl<'a> From<&'a InboxItem> for InboundObject<'a> {
    fn from(item: &'a InboxItem) -> Self {
        let inbound = &item.inbound;
        let (text, data) = text_or_data(&inbound.body);
        Self {
            sequence: item.sequence,
            from: Address(&inbound.from),
            to: Address(&inbound.to),
            text,
            data,
            received_at: Timestamp(inbound.received_ms),
            provider: &inbound.route,
            reference: &inbound.reference,
        }
    }
}

#[cfg(test)]
mod tests {
    use waypost_core::store::Inbound;
    use waypost_core::text::Body;

    use super::*;

    #[test]
    fn an_inbound_message_is_text_or_data() {
        let inbound = |body| Inbound {
            tenant: "acme".into(),
            inbox: "default".into(),
            route: "carrier".into(),
            reference: "r-1".to_owned(),
            from: "+447400123456".to_owned(),
            to: "60300".to_owned(),
            body,
            received_ms: 0,
        };
        let json = |body| {
            serde_json::to_value(InboundObject::from(&InboxItem { sequence: 7, inbound: inbound(body) }))
                .unwrap()
        };
        let expected = serde_json::json!({
            "sequence": 7, "from": "+447400123456", "to": "60300", "text": "hi",
            "received_at": "1970-01-01T00:00:00.000Z", "provider": "carrier", "reference": "r-1",
        });
        assert_eq!(json(Body::Text("hi".to_owned())), expected);
        let data = json(Body::Binary(vec![0, 1]));
        assert_eq!((data.get("text"), &data["data"]), (None, &"AAE=".into()));
    }

    #[test]
    fn an_inbox_has_a_name() {
        assert_eq!(name(None).as_deref(), Some("default"));
        assert_eq!(name(Some("support")).as_deref(), Some("support"));
        for bad in ["", "two words", "\u{e9}"] {
            assert_eq!(name(Some(bad)), None, "{bad}");
        }
    }
}
