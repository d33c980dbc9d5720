//! Receipts: which message one belongs to, what it changes, and those that come too early.

use super::layout::id_from;
use super::record::json;
use super::step::Pending;
use super::store::RedisStore;
use super::{Connection, Record, Request, Value, scripts};
use crate::decision::{Name, Receipt};
use crate::id::MessageId;
use crate::lifecycle::{RouteRules, receive};
use crate::limits::{ORPHAN_RECEIPT_MS, ORPHAN_RECEIPTS_MAX};
use crate::store::{ReceiptIn, ReceiptResult, StoreError};
use crate::trace::Step;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn take_receipt(&self, receipt_in: &ReceiptIn) -> Result<ReceiptResult, StoreError> {
        let record = match self.by_own_id(receipt_in).await? {
            Some(record) => Some(record),
            None => self.by_reference(receipt_in).await?,
        };
        if let Some(record) = record {
            return self.report(record, receipt_in).await;
        }
        match self.keep_orphan(receipt_in).await? {
            None => Ok(ReceiptResult::Kept),
            // It has become known between the two questions.
            Some(record) => self.report(record, receipt_in).await,
        }
    }

    async fn report(&self, record: Record, receipt_in: &ReceiptIn) -> Result<ReceiptResult, StoreError> {
        let ReceiptIn { route, now_ms, receipt, rules } = receipt_in;
        let id = record.envelope.id;
        let unknown_reference = record.progress.reference.is_none();
        match self.apply_receipt(record, route, *now_ms, receipt, rules).await? {
            None => Ok(ReceiptResult::Kept),
            Some((now, applied)) => {
                if unknown_reference && now.progress.reference.is_some() {
                    self.bind(route, &receipt.reference, &now, rules.receipt_wait_ms).await?;
                }
                Ok(if applied {
                    ReceiptResult::Applied(id, now.progress.state)
                } else {
                    ReceiptResult::NoNews(id)
                })
            }
        }
    }

    /// Applies a receipt to a message and traces it. True: it was news. None: the message is gone.
    pub(super) async fn apply_receipt(
        &self,
        record: Record,
        route: &Name,
        at_ms: u64,
        receipt: &Receipt,
        rules: &RouteRules,
    ) -> Result<Option<(Record, bool)>, StoreError> {
        let tenant = record.envelope.draft.tenant.clone();
        self.change(&tenant, record, |record| {
            let mut after = record.progress.clone();
            let applied = receive::receipt(&mut after, receipt, rules.receipt_wait_ms, at_ms);
            let step = Step::Receipt { route: route.clone(), receipt: receipt.clone(), applied };
            Ok((Some(Pending::new(record, after, at_ms, step, Vec::new())?), applied))
        })
        .await
    }

    /// The message that a receipt names by our own id, where it was with that provider. Looks at the
    /// tenants that are known here, and asks for others only where none of them has it.
    async fn by_own_id(&self, receipt_in: &ReceiptIn) -> Result<Option<Record>, StoreError> {
        let Some(id) = receipt_in.receipt.message_id.as_deref().and_then(|id| id.parse().ok()) else {
            return Ok(None);
        };
        let fits = |tenant: &Name| MessageId::may_belong_to(id, tenant);
        let known: Vec<Name> = self.local().tenants.iter().filter(|tenant| fits(tenant)).cloned().collect();
        if let Some(record) = self.own_of(&known, id, receipt_in).await? {
            return Ok(Some(record));
        }
        let others = self.tenants().await?.into_iter();
        let others: Vec<Name> = others.filter(|tenant| fits(tenant) && !known.contains(tenant)).collect();
        self.own_of(&others, id, receipt_in).await
    }

    async fn own_of(
        &self,
        tenants: &[Name],
        id: MessageId,
        receipt_in: &ReceiptIn,
    ) -> Result<Option<Record>, StoreError> {
        let requests = tenants.iter().map(|tenant| self.read_request(tenant, &[id])).collect();
        for (tenant, values) in tenants.iter().zip(self.ask_all(requests).await?) {
            let Some(record) = Record::read(tenant, id, &values)? else { continue };
            if receive::was_with(&record.progress, &receipt_in.route)
                || self.bound(receipt_in).await? == Some((tenant.clone(), id))
            {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    async fn by_reference(&self, receipt_in: &ReceiptIn) -> Result<Option<Record>, StoreError> {
        let Some((tenant, id)) = self.bound(receipt_in).await? else { return Ok(None) };
        self.read(&tenant, id).await
    }

    /// The message that the provider means by the reference.
    async fn bound(&self, receipt_in: &ReceiptIn) -> Result<Option<(Name, MessageId)>, StoreError> {
        let key = format!("{}ref:{}", self.layout.route(&receipt_in.route), receipt_in.receipt.reference);
        let values = self.ask_one(Request::command("GET", vec![key.into()])).await?;
        Ok(values.first().and_then(message_of))
    }

    /// Keeps the receipt, or gives its message where that has become known.
    async fn keep_orphan(&self, receipt_in: &ReceiptIn) -> Result<Option<Record>, StoreError> {
        let args = vec![
            receipt_in.receipt.reference.clone().into(),
            receipt_in.now_ms.to_string().into(),
            json(&(receipt_in.now_ms, &receipt_in.receipt))?,
            ORPHAN_RECEIPT_MS.to_string().into(),
            ORPHAN_RECEIPTS_MAX.to_string().into(),
        ];
        let request = Request::script(&scripts::ORPHAN, self.route_key(&receipt_in.route), args);
        let values = self.ask_one(request).await?;
        let Some((tenant, id)) = values.first().and_then(message_of) else { return Ok(None) };
        self.read(&tenant, id).await
    }
}

/// `<tenant> <id>`
fn message_of(value: &Value) -> Option<(Name, MessageId)> {
    let (tenant, id) = value.text()?.split_once(' ')?;
    Some((Name::from(tenant), id_from(id)?))
}
