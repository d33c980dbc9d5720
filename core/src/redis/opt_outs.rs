//! Recipients that want no messages: a hash that accepts look into, and a sorted set for lists.

use super::store::RedisStore;
use super::{Connection, Request, Value, scripts};
use crate::store::{OptChange, OptOut, OptOutQuery, StoreError};

impl<C: Connection> RedisStore<C> {
    pub(super) async fn change_opt(&self, change: &OptChange) -> Result<bool, StoreError> {
        let args = vec![
            member(&change.number, change.sender.as_deref()).into(),
            u8::from(change.out).to_string().into(),
            change.at_ms.to_string().into(),
        ];
        let request = Request::script(&scripts::OPT, self.tenant_key(&change.tenant), args);
        Ok(self.ask_one(request).await?.first().and_then(Value::int) == Some(1))
    }

    pub(super) async fn list_opt_outs(&self, query: &OptOutQuery) -> Result<Vec<OptOut>, StoreError> {
        let prefix = self.layout.tenant(&query.tenant);
        let (lowest, highest) = bounds(query);
        let args = vec![
            format!("{prefix}opt_outs_sorted").into(),
            lowest.into(),
            highest.into(),
            b"LIMIT".to_vec(),
            b"0".to_vec(),
            query.rows().to_string().into(),
        ];
        let members = self.ask_one(Request::command("ZRANGEBYLEX", args)).await?;
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let members: Vec<&str> = members.iter().filter_map(Value::text).collect();
        let mut get: Vec<Vec<u8>> = vec![format!("{prefix}opt_outs").into()];
        get.extend(members.iter().map(|member| member.as_bytes().to_vec()));
        let times = self.ask_one(Request::command("HMGET", get)).await?;
        let read = |(member, at): (&&str, &Value)| {
            let (number, sender) = member.split_once(' ')?;
            let sender = (!sender.is_empty()).then(|| sender.to_owned());
            // Nil: it was taken back between the two questions.
            Some(OptOut { number: number.to_owned(), sender, at_ms: at.unsigned()? })
        };
        Ok(members.iter().zip(&times).filter_map(read).collect())
    }
}

/// No number has a space, and a space comes before every digit: members sort as number and sender do.
pub(super) fn member(number: &str, sender: Option<&str>) -> String {
    format!("{number} {}", sender.unwrap_or_default())
}

/// Where a page begins and ends, as `ZRANGEBYLEX` wants it.
fn bounds(query: &OptOutQuery) -> (String, String) {
    let after = query.after.as_ref().map(|(number, sender)| member(number, sender.as_deref()));
    let Some(number) = &query.number else {
        return (after.map_or_else(|| "-".to_owned(), |after| format!("({after}")), "+".to_owned());
    };
    let first = member(number, None);
    let lowest = match after {
        Some(after) if after >= first => format!("({after}"),
        _ => format!("[{first}"),
    };
    // The character that follows the space.
    (lowest, format!("({number}!"))
}
