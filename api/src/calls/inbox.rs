//! Inbound messages, taken from inboxes by asking: works behind NAT and without a public address.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use waypost_core::config::is_inbox_name;
use waypost_core::decision::Name;
use waypost_core::flow::{Caller, Shell, Tenant as _};
use waypost_core::limits::PAGE_ROWS_MAX;
use waypost_core::store::{InboxItem, Store as _};

use crate::answer::{Answer, json};
use crate::json::parse;
use crate::problem::{Code, Problem};
use crate::query::{self, Parameters};
use crate::wire::{Address, Octets, Timestamp, text_or_data};

/// Longest that a request may wait for a message, in seconds.
const WAIT_S_MAX: u64 = 30;
/// The inbox of a request that names none.
const INBOX_DEFAULT: &str = "default";

/// Query parameters of the reading.
pub const READ: &[&str] = &["inbox", "after", "limit", "wait_seconds"];

/// Messages of an inbox.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Inbox))]
pub struct InboxObject<'a> {
    /// Oldest first.
    messages: Vec<InboundObject<'a>>,
}

/// An inbound message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = InboundMessage))]
pub struct InboundObject<'a> {
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
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = Acknowledgement))]
pub struct AcknowledgeBody {
    /// Without it `default`.
    inbox: Option<String>,
    /// Their numbers. Those that are not there are passed over.
    #[cfg_attr(feature = "openapi", schema(max_items = 500))]
    sequences: Vec<u64>,
}

/// How many messages were acknowledged.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledged {
    /// Without those that were not there.
    acknowledged: usize,
}

/// What a reading asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The inbox.
    pub inbox: Name,
    /// Only messages with a higher sequence.
    pub after: u64,
    /// At most this many.
    pub rows_max: u32,
    /// How long to wait while there is none, in seconds. A shell that cannot wait answers at once.
    pub wait_s: u64,
}

/// What the query of a reading asks for.
///
/// # Errors
/// A parameter that is wrong.
pub fn wanted(query: Option<&str>) -> Result<Wanted, Problem> {
    let parameters = Parameters::read(query, READ)?;
    Ok(Wanted {
        inbox: name(parameters.one("inbox")?)
            .ok_or_else(|| query::invalid("inbox", "has to be the name of an inbox"))?,
        after: parameters.number("after", 0..=u64::MAX, 0)?,
        rows_max: parameters.rows()?,
        wait_s: parameters.number("wait_seconds", 0..=WAIT_S_MAX, 0)?,
    })
}

/// What is in an inbox now, oldest first.
///
/// # Errors
/// The store.
pub async fn items<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    wanted: &Wanted,
) -> Result<Vec<InboxItem>, Problem> {
    let tenant = caller.tenant.terms().name.clone();
    Ok(shell.store().inbox(tenant, wanted.inbox.clone(), wanted.after, wanted.rows_max).await?)
}

/// The answer that shows messages of an inbox.
///
/// # Errors
/// `internal`.
pub fn shown(items: &[InboxItem]) -> Result<Answer, Problem> {
    json(StatusCode::OK, &InboxObject { messages: items.iter().map(InboundObject::from).collect() })
}

/// Removes messages from an inbox.
///
/// # Errors
/// What is wrong with the request, or the store.
pub async fn acknowledge<S: Shell>(
    shell: &S,
    caller: &Caller<S::Tenant>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let wanted: AcknowledgeBody = parse(body)?;
    let inbox = name(wanted.inbox.as_deref()).ok_or_else(|| {
        let detail = "`inbox` is not the name of an inbox. Give the name that the configuration has.";
        Problem::new(Code::FieldValue, detail).at("/inbox")
    })?;
    let max = PAGE_ROWS_MAX as usize;
    if wanted.sequences.len() > max {
        let detail = format!("`sequences` has more than {max} entries. Send several requests.");
        return Err(Problem::new(Code::FieldTooMany, detail).at("/sequences").with("max", max));
    }
    let tenant = caller.tenant.terms().name.clone();
    let acknowledged = shell.store().acknowledge(tenant, inbox, wanted.sequences).await?;
    json(StatusCode::OK, &Acknowledged { acknowledged })
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
