//! Inbound messages: a stream for each inbox.

use super::record::{corrupt, from_json, json};
use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::decision::Name;
use crate::limits::INBOXES_MAX;
use crate::store::{InboundIn, InboxItem, StoreError};

/// How long an inbound message is known again, in milliseconds: as long as providers repeat.
const INBOUND_SEEN_MS: u64 = 7 * 24 * 3600 * 1000;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn put_inbound(&self, wanted: InboundIn) -> Result<bool, StoreError> {
        let InboundIn { mut inbound, inboxes } = wanted;
        let usual = inbound.inbox.as_bytes().to_vec();
        self.learn_tenant(&inbound.tenant).await?;
        let seen = match inbound.reference.as_str() {
            // Without a reference nobody can tell a repetition.
            "" => String::new(),
            reference => seen_name(&inbound.route, reference),
        };
        let mut args = vec![seen.into(), INBOUND_SEEN_MS.to_string().into(), INBOXES_MAX.to_string().into()];
        args.extend([usual, json(&inbound)?]);
        for inbox in inboxes {
            args.push(inbox.as_bytes().to_vec());
            inbound.inbox = inbox;
            args.push(json(&inbound)?);
        }
        let request = Request::script(&scripts::INBOUND, self.tenant_key(&inbound.tenant), args);
        Ok(self.ask_one(request).await?.first().and_then(Value::int) == Some(1))
    }

    pub(super) async fn knows_inbound(
        &self,
        tenant: &Name,
        route: &Name,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let key = format!("{}in:{}", self.layout.tenant(tenant), seen_name(route, reference));
        let values = self.ask_one(Request::command("EXISTS", vec![key.into()])).await?;
        Ok(values.first().and_then(Value::int) == Some(1))
    }

    pub(super) async fn read_inbox(
        &self,
        tenant: &Name,
        inbox: &Name,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<InboxItem>, StoreError> {
        let args = vec![
            self.inbox_key(tenant, inbox),
            format!("({after}-0").into(),
            b"+".to_vec(),
            b"COUNT".to_vec(),
            rows_max.to_string().into(),
        ];
        let values = self.ask_one(Request::command("XRANGE", args)).await?;
        // Flat: id, field, value for each entry.
        values.chunks(3).map(read).collect()
    }

    pub(super) async fn acknowledge_all(
        &self,
        tenant: &Name,
        inbox: &Name,
        sequences: &[u64],
    ) -> Result<usize, StoreError> {
        if sequences.is_empty() {
            return Ok(0);
        }
        let mut args = vec![self.inbox_key(tenant, inbox)];
        args.extend(sequences.iter().map(|sequence| format!("{sequence}-0").into_bytes()));
        let values = self.ask_one(Request::command("XDEL", args)).await?;
        Ok(values.first().and_then(Value::unsigned).and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
    }

    fn inbox_key(&self, tenant: &Name, inbox: &Name) -> Vec<u8> {
        format!("{}inbox:{inbox}", self.layout.tenant(tenant)).into()
    }
}

fn seen_name(route: &Name, reference: &str) -> String {
    format!("{route}:{reference}")
}

fn read(values: &[Value]) -> Result<InboxItem, StoreError> {
    let sequence = values.first().and_then(Value::text).and_then(|id| id.split_once('-'));
    let sequence = sequence.and_then(|(sequence, _)| sequence.parse().ok());
    let inbound = values.get(2).and_then(Value::bytes).unwrap_or_default();
    Ok(InboxItem {
        sequence: sequence.ok_or_else(|| corrupt("an inbox holds what has no number"))?,
        inbound: from_json(inbound, "inbound message")?,
    })
}
