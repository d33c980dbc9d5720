//! Inbound messages, taken from inboxes by asking: works behind NAT and without a public address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use tokio::time::Instant;
use waypost_api::calls::inbox::{self as calls, AcknowledgeBody, Acknowledged, InboxObject, Wanted};
use waypost_core::limits::REQUEST_BYTES_MAX;
use waypost_core::store::InboxItem;

use super::auth::{Authorised, Inboxes};
use super::documented::documented;
use super::problem::{self, Code, Problem};
use super::reply::{Failed, reply};
use super::{Api, body};
use crate::shell::Caller;

/// Most requests that wait for inbound messages at once.
pub const POLLS_MAX: usize = 256;
/// A waiting request reads its inbox at most once in this time, however many messages come in for
/// others.
const REREAD_MIN: Duration = Duration::from_millis(25);

documented!(ReadProblems: problem::KEY, problem::QUERY, &[Code::TooManyPolls]);
documented!(AcknowledgeProblems: problem::KEY, problem::BODY, &[Code::FieldValue, Code::FieldTooMany]);

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
) -> Result<Response, Failed> {
    let wanted = calls::wanted(uri.query())?;
    let items = wait_for(&api, &authorised.caller, &wanted).await?;
    reply(calls::shown(&items))
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
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let bytes = body::read_json(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    reply(calls::acknowledge(&*api.gateway, &authorised.caller, &bytes).await)
}

/// Reads until there is something, or the wait is over, or the gateway stops.
async fn wait_for(api: &Api, caller: &Caller, wanted: &Wanted) -> Result<Vec<InboxItem>, Problem> {
    let gateway = &api.gateway;
    let until = Instant::now() + Duration::from_secs(wanted.wait_s);
    let mut place = None;
    loop {
        let woken = gateway.inbox_wake.notified();
        tokio::pin!(woken);
        // From here on no wake is missed, so what comes during the reading is seen.
        woken.as_mut().enable();
        let items = calls::items(&**gateway, caller, wanted).await?;
        if !items.is_empty() || gateway.is_draining() || Instant::now() >= until {
            return Ok(items);
        }
        if place.is_none() {
            place = Some(api.lasting.polls.try_acquire().map_err(|_| too_many())?);
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
