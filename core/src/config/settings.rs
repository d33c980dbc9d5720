//! Free settings for components: TOML turned into JSON, which every component reads.

use serde_json::{Map, Number, Value as Json};
use toml::de::{DeFloat, DeInteger, DeValue};

use super::limits::{SETTINGS_BYTES_MAX, SETTINGS_LEVELS_MAX};
use super::problem::ConfigCode;
use super::value::Value;

/// Last words of keys under which people keep secrets.
const SECRET_WORDS: [&str; 6] = ["secret", "password", "passwd", "token", "apikey", "api_key"];

/// Reads a table of settings; an absent one is an empty object.
pub(super) fn read_settings(value: Option<Value<'_>>) -> Json {
    let empty = || Json::Object(Map::new());
    let Some(value) = value else { return empty() };
    if !value.inner.is_table() {
        value.wrong_type::<()>("a table");
        return empty();
    }
    let Some(settings) = convert(&value, 1) else {
        return empty();
    };
    let bytes = settings.to_string().len();
    if bytes > SETTINGS_BYTES_MAX {
        let reason = format!("must be at most {SETTINGS_BYTES_MAX} bytes as JSON, found {bytes}");
        value.error(ConfigCode::TooLarge, reason, None);
        return empty();
    }
    settings
}

/// No message repeats a value: settings can contain what should have been a secret.
fn convert(value: &Value<'_>, level: usize) -> Option<Json> {
    if level > SETTINGS_LEVELS_MAX {
        let reason = format!("nested deeper than {SETTINGS_LEVELS_MAX} levels");
        value.error(ConfigCode::TooLarge, reason, None);
        return None;
    }
    match value.inner {
        DeValue::String(text) => Some(Json::String(text.clone().into_owned())),
        DeValue::Boolean(flag) => Some(Json::Bool(*flag)),
        DeValue::Integer(integer) => convert_integer(value, integer),
        DeValue::Float(float) => convert_float(value, float),
        DeValue::Datetime(_) => {
            let help = "write it as a string in the form that the component expects".to_owned();
            value.error(ConfigCode::WrongType, "settings cannot hold a date", help);
            None
        }
        DeValue::Array(array) => {
            let entries = value.entries(array);
            let converted: Vec<Option<Json>> =
                entries.iter().map(|entry| convert(entry, level + 1)).collect();
            converted.into_iter().collect()
        }
        DeValue::Table(_) => convert_table(value, level),
    }
}

fn convert_integer(value: &Value<'_>, integer: &DeInteger<'_>) -> Option<Json> {
    let Ok(number) = i64::from_str_radix(integer.as_str(), integer.radix()) else {
        value.error(ConfigCode::OutOfRange, "integers have at most 64 bits", None);
        return None;
    };
    Some(Json::from(number))
}

fn convert_float(value: &Value<'_>, float: &DeFloat<'_>) -> Option<Json> {
    let number = float.as_str().parse().ok().and_then(Number::from_f64);
    if number.is_none() {
        let reason = "JSON has no number for this";
        value.error(ConfigCode::OutOfRange, reason, "write a finite number".to_owned());
    }
    number.map(Json::Number)
}

fn convert_table(value: &Value<'_>, level: usize) -> Option<Json> {
    let mut object = Some(Map::new());
    for (key, entry) in value.cursor()?.rest() {
        if entry.inner.is_str() && looks_secret(key) {
            let reason = "looks like a secret, but settings are stored and shown";
            let help = "move it to secrets if it is one".to_owned();
            entry.context.warning(ConfigCode::SuspectedSecret, &entry.place, reason, help);
        }
        match (convert(&entry, level + 1), &mut object) {
            (Some(json), Some(object)) => {
                object.insert(key.to_owned(), json);
            }
            (Some(_), None) => {}
            (None, _) => object = None,
        }
    }
    object.map(Json::Object)
}

fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| key.ends_with(word))
}
