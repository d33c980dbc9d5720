//! References to secrets. A secret itself never stands in the file, and no message repeats
//! anything from inside a reference: what stands there may be a secret put at the wrong place.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::cursor::Cursor;
use super::limits as l;
use super::name::is_too_large;
use super::problem::ConfigCode;
use super::value::Value;

/// Where a secret is found; the caller reads it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// `{ env = "NAME" }`: the environment variable, `[A-Za-z_][A-Za-z0-9_]{0,127}`.
    Env(String),
    /// `{ file = "path" }`: the file, 1 to 4096 bytes.
    File(String),
}

/// Reads a table of secrets by name.
pub(super) fn read_secrets(cursor: &Cursor<'_>, owner: &str) -> BTreeMap<String, SecretRef> {
    if is_too_large(cursor, l::SECRETS_MAX) {
        return BTreeMap::new();
    }
    let mut secrets = BTreeMap::new();
    for (name, value) in cursor.rest() {
        if !is_secret_name(name) {
            // The path of the table: the key could be the secret itself.
            let mut place = cursor.place.clone();
            place.offset = value.key_offset;
            let reason = "a name is 1 to 64 of a-z, 0-9 and _, a letter first";
            cursor.context.error(ConfigCode::InvalidValue, &place, reason, None);
            continue;
        }
        if let Some(secret) = read_secret(&value, owner, name) {
            secrets.insert(name.to_owned(), secret);
        }
    }
    secrets
}

/// Reads one reference; `owner` and `name` only serve the example in the message.
pub(super) fn read_secret(value: &Value<'_>, owner: &str, name: &str) -> Option<SecretRef> {
    let DeValue::Table(table) = value.inner else {
        let help = format!(
            "keep it in an environment variable or a file and write {{ env = \"{}\" }} or \
             {{ file = \"/run/secrets/{name}\" }}",
            variable(owner, name)
        );
        let reason = "a secret must not stand in this file";
        value.error(ConfigCode::LiteralSecret, reason, help);
        return None;
    };
    let known = [l::SECRET_ENV.name, l::SECRET_FILE.name];
    if table.keys().any(|key| !known.contains(&key.get_ref().as_ref())) {
        let reason = "unknown key in a reference to a secret";
        value.error(ConfigCode::UnknownKey, reason, "known here: \"env\", \"file\"".to_owned());
        return None;
    }
    match (field(value, table, l::SECRET_ENV.name), field(value, table, l::SECRET_FILE.name)) {
        (Some(_), Some(_)) => {
            value.error(ConfigCode::Conflict, "both env and file", "keep one".to_owned());
            None
        }
        (Some(env), None) => read_env(&env),
        (None, Some(file)) => file.text_within(l::PATH_BYTES_MAX).map(path_ref),
        (None, None) => {
            let help = format!("write {{ env = \"{}\" }}", variable(owner, name));
            let reason = "the reference is empty";
            value.error(ConfigCode::MissingKey, reason, help);
            None
        }
    }
}

fn field<'a>(outer: &Value<'a>, table: &'a DeTable<'a>, name: &str) -> Option<Value<'a>> {
    let (key, value) = table.get_key_value(name)?;
    Some(Value {
        context: outer.context,
        place: outer.place.child(name, value.span().start),
        key_offset: key.span().start,
        inner: value.get_ref(),
    })
}

fn read_env(value: &Value<'_>) -> Option<SecretRef> {
    let text = value.text()?;
    if !is_env_name(text) {
        let reason = "not the name of an environment variable";
        let help = "a name is 1 to 128 of A-Z, a-z, 0-9 and _, no digit first; \
                    name the variable here, not its value";
        return value.invalid(reason, help.to_owned());
    }
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let reason = "small letters are unusual in the name of an environment variable";
        let help = "make sure that this is the name of the variable, not its value".to_owned();
        value.context.warning(ConfigCode::SuspectedSecret, &value.place, reason, help);
    }
    Some(SecretRef::Env(text.to_owned()))
}

fn path_ref(path: &str) -> SecretRef {
    SecretRef::File(path.to_owned())
}

fn is_env_name(text: &str) -> bool {
    (1..=l::ENV_NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn is_secret_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=l::SECRET_NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
}

/// A likely name of the variable: `TWILIO_AUTH_TOKEN`.
fn variable(owner: &str, name: &str) -> String {
    let wanted = format!("{owner}_{name}").to_ascii_uppercase().replace('-', "_");
    if is_env_name(&wanted) { wanted } else { name.to_ascii_uppercase() }
}
