//! What is registered while Waypost runs: a hash for each tenant and kind, and one version of all
//! together beside what the hosts tell each other.

use super::record::corrupt;
use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::decision::Name;
use crate::registry::{Item, Kind, Written};
use crate::store::StoreError;

impl<C: Connection> RedisStore<C> {
    pub(super) async fn write_item(&self, item: &Item) -> Result<Written, StoreError> {
        self.learn_tenant(&item.tenant).await?;
        let value = format!("{} {}", item.version, item.record);
        let follows = item.version.saturating_sub(1);
        self.change_item(&item.tenant, item.kind, &item.name, follows, Some(value)).await
    }

    pub(super) async fn remove_item(
        &self,
        tenant: &Name,
        kind: Kind,
        name: &str,
        version: u64,
    ) -> Result<Written, StoreError> {
        self.change_item(tenant, kind, name, version, None).await
    }

    async fn change_item(
        &self,
        tenant: &Name,
        kind: Kind,
        name: &str,
        follows: u64,
        becomes: Option<String>,
    ) -> Result<Written, StoreError> {
        let mut args: Vec<Vec<u8>> = vec![kind.as_str().into(), name.into(), follows.to_string().into()];
        args.extend(becomes.map(String::into_bytes));
        let answer = self.ask_one(Request::script(&scripts::REGISTER, self.tenant_key(tenant), args)).await?;
        if answer.first().and_then(Value::int) != Some(1) {
            return Ok(Written::Conflict);
        }
        if kind.is_news() {
            // The change is made, whatever becomes of its news: hosts that miss it read it later.
            let _ = self.ask_one(Request::command("INCR", vec![self.registry_version_key()])).await;
        }
        Ok(Written::Done)
    }

    pub(super) async fn read_items(
        &self,
        tenant: Option<&Name>,
        kind: Kind,
    ) -> Result<Vec<Item>, StoreError> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.tenants().await?,
        };
        let requests =
            tenants.iter().map(|tenant| Request::command("HGETALL", vec![self.items_key(tenant, kind)]));
        let mut items = Vec::new();
        for (tenant, values) in tenants.iter().zip(self.ask_all(requests.collect()).await?) {
            for pair in values.as_chunks::<2>().0 {
                let [name, value] = pair;
                let name =
                    name.text().ok_or_else(|| corrupt("the name of something registered is no text"))?;
                items.push(item(tenant, kind, name, value)?);
            }
        }
        items.sort_by(|a, b| (&a.tenant, &a.name).cmp(&(&b.tenant, &b.name)));
        Ok(items)
    }

    pub(super) async fn read_item(
        &self,
        tenant: &Name,
        kind: Kind,
        name: &str,
    ) -> Result<Option<Item>, StoreError> {
        let get = Request::command("HGET", vec![self.items_key(tenant, kind), name.into()]);
        let values = self.ask_one(get).await?;
        let found = values.first().filter(|value| !value.is_nil());
        found.map(|value| item(tenant, kind, name, value)).transpose()
    }

    pub(super) async fn read_registry_version(&self) -> Result<u64, StoreError> {
        let values = self.ask_one(Request::command("GET", vec![self.registry_version_key()])).await?;
        match values.first() {
            None | Some(Value::Nil) => Ok(0),
            Some(value) => {
                value.unsigned().ok_or_else(|| corrupt("the version of the registry is no number"))
            }
        }
    }

    fn items_key(&self, tenant: &str, kind: Kind) -> Vec<u8> {
        format!("{}registry:{}", self.layout.tenant(tenant), kind.as_str()).into()
    }

    fn registry_version_key(&self) -> Vec<u8> {
        self.layout.fleet("registry").into()
    }
}

/// From `<version> <record>`.
fn item(tenant: &Name, kind: Kind, name: &str, value: &Value) -> Result<Item, StoreError> {
    let read = |value: &Value| {
        let (version, record) = value.text()?.split_once(' ')?;
        Some((version.parse().ok()?, record.to_owned()))
    };
    let (version, record) =
        read(value).ok_or_else(|| corrupt("something registered is not what it should be"))?;
    Ok(Item { tenant: tenant.clone(), kind, name: name.to_owned(), version, record })
}
