//! API keys in JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waypost_api::wire::{Timestamp, Whole, Word};
use waypost_core::store::{ApiKey, Scope};
use waypost_core::time::parse_rfc3339;

use crate::api::problem::{Code, Problem};
use crate::api_key::{KeyRole, LIFE_S_MAX, LIFE_S_MIN, OVERLAP_S_DEFAULT, OVERLAP_S_MAX};

/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 100;

/// The keys of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Keys)]
pub struct KeyList<'a> {
    /// Oldest first.
    pub keys: Vec<KeyObject<'a>>,
}

/// A key.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyObject<'a> {
    /// By which it is named.
    id: &'a str,
    /// For people.
    label: &'a str,
    /// What it may do: `send`, `read`, `inbox`, `admin`, `plugins`, `operator`.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: &'a [Scope],
    /// When it was made.
    created_at: Timestamp,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// When it was used last, to about a minute; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
}

/// A new key with its text.
#[derive(Serialize, ToSchema)]
#[schema(as = NewKey)]
pub struct NewKeyObject<'a> {
    #[serde(flatten)]
    pub object: KeyObject<'a>,
    /// The key itself. It is shown here once and nowhere kept.
    pub key: &'a str,
}

/// A key that is wanted: with a role or with scopes, and for ever or for a time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRequest)]
pub struct CreateBody {
    /// For people, 1 to 100 bytes.
    #[schema(min_length = 1, max_length = 100)]
    label: String,
    /// What it is for, instead of `scopes`: `admin` is `send`, `read`, `inbox`, `admin` and `plugins`;
    /// `sender` is `send` and `read`; `reader` is `read`; `plugin-author` is `plugins` and `read`.
    #[schema(value_type = Option<RoleName>)]
    role: Option<Word<RoleName>>,
    /// What it may do, instead of `role`.
    #[schema(value_type = Option<Vec<ScopeName>>, min_items = 1)]
    scopes: Option<Vec<Word<ScopeName>>>,
    /// How long it is good for: 60 s to ten years. Without an expiry it is good until it is revoked.
    #[schema(value_type = Option<u64>, minimum = 60, maximum = 315_360_000)]
    expires_in_seconds: Option<Whole>,
    /// From when on it is refused: RFC 3339, at most ten years from now.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// How a key is rotated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRotation)]
pub struct RotateBody {
    /// How long the old key goes on, 0 to 604800 s; a day without it.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<Whole>,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Scope)]
pub enum ScopeName {
    /// Send, explain and cancel messages.
    Send,
    /// Read messages, traces and dead letters.
    Read,
    /// Read and acknowledge inboxes.
    Inbox,
    /// Redrive and delete dead letters, see providers, manage keys.
    Admin,
    /// Upload, try out and activate the tenant's plugins.
    Plugins,
    /// Make, change and delete tenants; only from a key that may do so itself.
    Operator,
}

/// Scopes under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeyRole)]
pub enum RoleName {
    /// Everything within the tenant.
    Admin,
    /// Sends, and looks at what it sent.
    Sender,
    /// Looks only.
    Reader,
    /// Brings plugins, and looks at what they do.
    PluginAuthor,
}

/// A key that can be made.
#[derive(Debug, PartialEq, Eq)]
pub struct WantedKey {
    /// For people.
    pub label: String,
    /// What it may do, in the order of [`Scope::ALL`].
    pub scopes: Vec<Scope>,
    /// From when on it is refused, in Unix milliseconds.
    pub expires_ms: Option<u64>,
}

impl CreateBody {
    /// Everything that can be said without the store.
    pub fn check(self, now_ms: u64) -> Result<WantedKey, Problem> {
        let Self { label, role, scopes, expires_in_seconds, expires_at } = self;
        if label.trim().is_empty() {
            let detail = format!("`label` is empty. Give the key a label of 1 to {LABEL_BYTES_MAX} bytes.");
            return Err(Problem::new(Code::FieldEmpty, detail).at("/label"));
        }
        if label.len() > LABEL_BYTES_MAX {
            let detail = format!("`label` is longer than {LABEL_BYTES_MAX} bytes. Shorten it.");
            let problem = Problem::new(Code::FieldTooLong, detail).at("/label");
            return Err(problem.with("bytes_max", LABEL_BYTES_MAX));
        }
        let scopes = scopes_of(role, scopes)?;
        let expires_ms = expiry(expires_in_seconds, expires_at.as_deref(), now_ms)?;
        Ok(WantedKey { label, scopes, expires_ms })
    }
}

impl RotateBody {
    /// The overlap in seconds.
    pub fn check(self) -> Result<u64, Problem> {
        let Some(Whole(wanted)) = self.overlap_seconds else { return Ok(OVERLAP_S_DEFAULT) };
        within(wanted, "overlap_seconds", 0, OVERLAP_S_MAX)
    }
}

fn scopes_of(
    role: Option<Word<RoleName>>,
    scopes: Option<Vec<Word<ScopeName>>>,
) -> Result<Vec<Scope>, Problem> {
    let mut scopes: Vec<Scope> = match (role, scopes) {
        (Some(Word(role)), None) => KeyRole::from(role).scopes().to_vec(),
        (None, Some(scopes)) => scopes.into_iter().map(|Word(name)| name.into()).collect(),
        (Some(_), Some(_)) => {
            let detail = "Both `role` and `scopes` are given. Give one of them.";
            return Err(Problem::new(Code::FieldValue, detail).at("/scopes"));
        }
        (None, None) => {
            let detail = "Neither `role` nor `scopes` is given. Give one of them.";
            return Err(Problem::new(Code::FieldMissing, detail).at("/role"));
        }
    };
    if scopes.is_empty() {
        let names = Scope::ALL.map(|scope| format!("`{}`", scope.as_str())).join(", ");
        let detail = format!("`scopes` is empty. Give at least one of {names}.");
        return Err(Problem::new(Code::FieldEmpty, detail).at("/scopes"));
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn expiry(seconds: Option<Whole>, at: Option<&str>, now_ms: u64) -> Result<Option<u64>, Problem> {
    match (seconds, at) {
        (None, None) => Ok(None),
        (Some(Whole(seconds)), None) => {
            let seconds = within(seconds, "expires_in_seconds", LIFE_S_MIN, LIFE_S_MAX)?;
            Ok(Some(now_ms.saturating_add(seconds * 1000)))
        }
        (None, Some(at)) => {
            let wrong = |detail| Problem::new(Code::FieldValue, detail).at("/expires_at");
            let at_ms = parse_rfc3339(at).ok_or_else(|| {
                wrong("`expires_at` is no time. Write it as RFC 3339: `2027-01-31T00:00:00Z`.")
            })?;
            if !(now_ms..=now_ms.saturating_add(LIFE_S_MAX * 1000)).contains(&at_ms) {
                return Err(wrong("`expires_at` is over, or more than ten years from now."));
            }
            Ok(Some(at_ms))
        }
        (Some(_), Some(_)) => {
            let detail = "Both `expires_in_seconds` and `expires_at` are given. Give one of them.";
            Err(Problem::new(Code::FieldValue, detail).at("/expires_at"))
        }
    }
}

fn within(number: i64, field: &str, min: u64, max: u64) -> Result<u64, Problem> {
    u64::try_from(number).ok().filter(|number| (min..=max).contains(number)).ok_or_else(|| {
        let detail = format!("`{field}` is {number}. It has to be from {min} to {max}.");
        Problem::new(Code::FieldRange, detail).at(format!("/{field}")).with("min", min).with("max", max)
    })
}

impl KeyObject<'_> {
    /// With the time of its last use.
    pub fn used(self, used_ms: Option<u64>) -> Self {
        Self { last_used_at: used_ms.map(Timestamp), ..self }
    }
}

impl<'a> From<&'a ApiKey> for KeyObject<'a> {
    fn from(key: &'a ApiKey) -> Self {
        Self {
            id: &key.id,
            label: &key.label,
            scopes: &key.scopes,
            created_at: Timestamp(key.created_ms),
            expires_at: key.expires_ms.map(Timestamp),
            last_used_at: None,
            revoked_at: key.revoked_ms.map(Timestamp),
        }
    }
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Send => Self::Send,
            ScopeName::Read => Self::Read,
            ScopeName::Inbox => Self::Inbox,
            ScopeName::Admin => Self::Admin,
            ScopeName::Plugins => Self::Plugins,
            ScopeName::Operator => Self::Operator,
        }
    }
}

impl From<RoleName> for KeyRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Sender => Self::Sender,
            RoleName::Reader => Self::Reader,
            RoleName::PluginAuthor => Self::PluginAuthor,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api_key;

    const NOW_MS: u64 = 1_000_000_000_000;

    #[test]
    fn a_key_never_shows_its_hash() {
        let (key, text) = api_key::new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 0);
        let key = ApiKey { expires_ms: Some(1_000), ..key };
        let object = KeyObject::from(&key).used(Some(500));
        let shown = serde_json::to_value(NewKeyObject { object, key: &text }).unwrap();
        let expected = json!({
            "id": key.id, "label": "shop", "scopes": ["send"],
            "created_at": "1970-01-01T00:00:00.000Z", "expires_at": "1970-01-01T00:00:01.000Z",
            "last_used_at": "1970-01-01T00:00:00.500Z", "key": text,
        });
        assert_eq!(shown, expected);
    }

    fn checked(body: Value) -> Result<WantedKey, (Code, String)> {
        let body: CreateBody = serde_json::from_value(body).unwrap();
        body.check(NOW_MS).map_err(|problem| {
            let pointer = problem.member("pointer").and_then(Value::as_str).unwrap_or_default();
            (problem.code(), pointer.to_owned())
        })
    }

    #[test]
    fn a_key_has_a_role_or_scopes() {
        for (role, scopes) in [
            (
                json!({ "role": "admin" }),
                &[Scope::Send, Scope::Read, Scope::Inbox, Scope::Admin, Scope::Plugins][..],
            ),
            (json!({ "role": "sender" }), &[Scope::Send, Scope::Read]),
            (json!({ "role": "reader" }), &[Scope::Read]),
            (json!({ "role": "plugin-author" }), &[Scope::Read, Scope::Plugins]),
            (json!({ "scopes": ["admin", "send", "send"] }), &[Scope::Send, Scope::Admin]),
        ] {
            let mut body = role.clone();
            body["label"] = json!("shop");
            let wanted = WantedKey { label: "shop".to_owned(), scopes: scopes.to_vec(), expires_ms: None };
            assert_eq!(checked(body), Ok(wanted), "{role}");
        }
    }

    #[test]
    fn bodies_are_checked() {
        for (body, code, pointer) in [
            (json!({ "label": " ", "role": "sender" }), Code::FieldEmpty, "/label"),
            (json!({ "label": "x".repeat(101), "role": "sender" }), Code::FieldTooLong, "/label"),
            (json!({ "label": "x", "scopes": [] }), Code::FieldEmpty, "/scopes"),
            (json!({ "label": "x" }), Code::FieldMissing, "/role"),
            (json!({ "label": "x", "role": "reader", "scopes": ["read"] }), Code::FieldValue, "/scopes"),
            (
                json!({ "label": "x", "role": "reader", "expires_in_seconds": 59 }),
                Code::FieldRange,
                "/expires_in_seconds",
            ),
            (
                json!({ "label": "x", "role": "reader", "expires_in_seconds": -1 }),
                Code::FieldRange,
                "/expires_in_seconds",
            ),
            (
                json!({ "label": "x", "role": "reader", "expires_at": "soon" }),
                Code::FieldValue,
                "/expires_at",
            ),
            (
                json!({ "label": "x", "role": "reader", "expires_at": "1999-01-01T00:00:00Z" }),
                Code::FieldValue,
                "/expires_at",
            ),
            (
                json!({ "label": "x", "role": "reader", "expires_at": "2001-09-09T01:46:41Z", "expires_in_seconds": 60 }),
                Code::FieldValue,
                "/expires_at",
            ),
        ] {
            assert_eq!(checked(body.clone()), Err((code, pointer.to_owned())), "{body}");
        }
        let body = json!({ "label": "x", "role": "reader", "expires_at": "2001-09-09T01:46:41Z" });
        assert_eq!(checked(body).unwrap().expires_ms, Some(NOW_MS + 1000));
        let body = json!({ "label": "x", "role": "reader", "expires_in_seconds": 60 });
        assert_eq!(checked(body).unwrap().expires_ms, Some(NOW_MS + 60_000));
    }

    #[test]
    fn the_overlap_of_a_rotation_is_at_most_a_week() {
        for (wanted, expected) in
            [(None, Some(86_400)), (Some(0), Some(0)), (Some(604_800), Some(604_800)), (Some(604_801), None)]
        {
            let body = RotateBody { overlap_seconds: wanted.map(Whole) };
            assert_eq!(body.check().ok(), expected, "{wanted:?}");
        }
    }
}
