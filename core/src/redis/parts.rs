//! Parts of long inbound messages: a hash for each message, until it is done.

use serde::{Deserialize, Serialize};

use super::record::{corrupt, from_json, json};
use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::decision::Name;
use crate::limits::{INBOUND_PARTS_KNOWN_MS, INBOUND_PARTS_OPEN_MAX, INBOUND_PARTS_WAIT_MS};
use crate::store::{InboundPart, InboundParts, PartResult, PartsKey, StoreError};

/// Which message the parts of a hash are of.
#[derive(Serialize, Deserialize)]
struct About {
    inbox: Name,
    route: Name,
    from: String,
    to: String,
    reference: u16,
    total: u8,
}

impl<C: Connection> RedisStore<C> {
    pub(super) async fn put_part(&self, part: InboundPart) -> Result<PartResult, StoreError> {
        part.check()?;
        self.learn_tenant(&part.tenant).await?;
        let key = part.key(0);
        let about = About {
            inbox: part.inbox.clone(),
            route: key.route.clone(),
            from: key.from.clone(),
            to: key.to.clone(),
            reference: key.reference,
            total: key.total,
        };
        let args = vec![
            self.now(part.now_ms),
            name_of(&key),
            key.route.as_bytes().to_vec(),
            part.number.to_string().into(),
            key.total.to_string().into(),
            json(&about)?,
            part.payload,
            INBOUND_PARTS_OPEN_MAX.to_string().into(),
        ];
        let request = Request::script(&scripts::PART, self.tenant_key(&key.tenant), args);
        read_result(&self.ask_one(request).await?, key, part.inbox)
    }

    pub(super) async fn end_parts(&self, key: &PartsKey, now_ms: u64) -> Result<(), StoreError> {
        let args = vec![
            self.now(now_ms),
            name_of(key),
            key.route.as_bytes().to_vec(),
            key.first_ms.to_string().into(),
            key.total.to_string().into(),
            INBOUND_PARTS_KNOWN_MS.to_string().into(),
        ];
        self.ask_one(Request::script(&scripts::PARTS_DONE, self.tenant_key(&key.tenant), args)).await?;
        Ok(())
    }

    pub(super) async fn old_parts(
        &self,
        now_ms: u64,
        messages_max: u32,
    ) -> Result<Vec<InboundParts>, StoreError> {
        let tenants = self.tenants().await?;
        let requests = tenants.iter().map(|tenant| {
            let (lasts, most) = (INBOUND_PARTS_WAIT_MS.to_string(), messages_max.to_string());
            let args = vec![self.now(now_ms), lasts.into(), most.into()];
            Request::script(&scripts::PARTS_OLD, self.tenant_key(tenant), args)
        });
        let answers = self.ask_all(requests.collect()).await?;
        let mut old = Vec::new();
        for (tenant, values) in tenants.iter().zip(answers) {
            read_old(tenant, &values, &mut old)?;
        }
        // The others are closed now, too, and come next time.
        old.truncate(usize::try_from(messages_max).unwrap_or(usize::MAX));
        Ok(old)
    }
}

/// A message in the names of keys. The length says where one number ends and the other begins.
fn name_of(key: &PartsKey) -> Vec<u8> {
    let PartsKey { route, from, to, reference, total, .. } = key;
    format!("{route}:{reference}:{total}:{}:{from}{to}", from.len()).into()
}

fn read_result(values: &[Value], key: PartsKey, inbox: Name) -> Result<PartResult, StoreError> {
    let [result, values @ ..] = values else { return Err(corrupt("a part got no answer")) };
    match (result.text(), values) {
        (Some("waits"), []) => Ok(PartResult::Waits),
        (Some("again"), []) => Ok(PartResult::Again),
        (Some("full"), []) => Err(StoreError::TooManyParts { route: key.route.to_string() }),
        (Some("whole"), [first, payloads @ ..]) if payloads.len() == usize::from(key.total) => {
            let first_ms = first.unsigned().ok_or_else(|| corrupt("a message has no first part"))?;
            let payload = |value: &Value| value.bytes().unwrap_or_default().to_vec();
            let parts = (1..=key.total).zip(payloads.iter().map(payload)).collect();
            Ok(PartResult::Whole(InboundParts { key: PartsKey { first_ms, ..key }, inbox, parts }))
        }
        _ => Err(corrupt("the answer to a part is not known")),
    }
}

/// For each message how many values there are, and its fields with their values. One that cannot be read
/// holds nobody up.
fn read_old(tenant: &Name, mut values: &[Value], into: &mut Vec<InboundParts>) -> Result<(), StoreError> {
    while let [count, rest @ ..] = values {
        let count = count.unsigned().and_then(|count| usize::try_from(count).ok());
        let (fields, others) = count
            .and_then(|count| rest.split_at_checked(count))
            .ok_or_else(|| corrupt("an old message is cut short"))?;
        into.extend(read_fields(tenant, fields));
        values = others;
    }
    Ok(())
}

fn read_fields(tenant: &Name, fields: &[Value]) -> Option<InboundParts> {
    let (mut about, mut first_ms, mut parts) = (None, None, Vec::new());
    for pair in fields.chunks_exact(2) {
        match pair[0].text()? {
            "k" => about = Some(from_json::<About>(pair[1].bytes()?, "part of a message").ok()?),
            "f" => first_ms = pair[1].unsigned(),
            number => parts.push((number.parse::<u8>().ok()?, pair[1].bytes()?.to_vec())),
        }
    }
    parts.sort_unstable();
    let About { inbox, route, from, to, reference, total } = about?;
    let key = PartsKey { tenant: tenant.clone(), route, from, to, reference, total, first_ms: first_ms? };
    Some(InboundParts { key, inbox, parts })
}
