//! Prices of a provider, as exact millionths of the currency's unit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::de::DeValue;

use super::cursor::Cursor;
use super::limits as l;
use super::problem::ConfigCode;
use super::quote::quoted;
use super::value::Value;
use crate::number::Country;

/// Decimals that a price may have.
const DECIMALS_MAX: usize = 6;

/// `[providers.<name>.price]`: what one segment costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// `currency`: ISO 4217, three capitals. Required.
    pub currency: String,
    /// `default`: price where the country has none of its own, in millionths of the currency's
    /// unit, 0 to 1,000,000,000. Default none: the price is unknown there.
    pub default_micros: Option<i64>,
    /// Every other key is a country: price to it, in millionths of the currency's unit.
    pub country_micros: BTreeMap<Country, i64>,
}

impl Price {
    /// Price of one segment to a country, in millionths of the currency's unit, where known.
    pub fn micros_to(&self, country: Country) -> Option<i64> {
        self.country_micros.get(&country).copied().or(self.default_micros)
    }
}

pub(super) fn read_price(mut cursor: Cursor<'_>) -> Price {
    let currency = cursor.required(&l::CURRENCY, "write for example currency = \"EUR\"");
    let default = cursor.take(l::PRICE_DEFAULT.name);
    let mut country_micros = BTreeMap::new();
    for (name, value) in cursor.rest() {
        let Some(country) = read_country_key(&cursor, name, &value) else {
            continue;
        };
        let Some(micros) = read_micros(&value) else {
            continue;
        };
        if country_micros.insert(country, micros).is_some() {
            let reason = format!("a second price to {}", country.as_str());
            value.at_key().error(ConfigCode::Conflict, reason, "remove one of them".to_owned());
        }
    }
    Price {
        currency: currency.and_then(|value| read_currency(&value)).unwrap_or_default(),
        default_micros: default.and_then(|value| read_micros(&value)),
        country_micros,
    }
}

/// A key that is nearly `currency` or `default` is a misspelt key, not a wrong country.
fn read_country_key(cursor: &Cursor<'_>, name: &str, value: &Value<'_>) -> Option<Country> {
    if name.len() > 2 {
        let near = cursor.context.did_you_mean(name, [l::CURRENCY.name, l::PRICE_DEFAULT.name]);
        let help = near.unwrap_or_else(|| {
            "known here: \"currency\", \"default\" and countries such as \"GB\"".to_owned()
        });
        value.at_key().error(ConfigCode::UnknownKey, "unknown key", help);
        return None;
    }
    value.at_key().country_of(name)
}

fn read_currency(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(text.to_owned());
    }
    let reason = format!("{} is not a currency", quoted(text));
    let help = match text.trim().to_ascii_uppercase() {
        upper if upper.len() == 3 && upper.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            format!("did you mean {}?", quoted(&upper))
        }
        _ => "write the three capitals of ISO 4217, for example \"EUR\"".to_owned(),
    };
    value.invalid(reason, help)
}

fn read_micros(value: &Value<'_>) -> Option<i64> {
    // The text of the number as it stands in the file: a binary fraction would round.
    let text = match value.inner {
        DeValue::String(text) => text.as_ref(),
        DeValue::Float(float) => float.as_str(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        _ => return value.wrong_type("a decimal number or a string with one"),
    };
    match parse_micros(text) {
        Ok(micros) if micros <= l::PRICE_MICROS_MAX => Some(micros),
        Ok(_) | Err(DecimalError::TooLarge) => report_range(value, text, "1000"),
        Err(DecimalError::Negative) => report_range(value, text, "0"),
        Err(DecimalError::TooFine) => {
            let reason = format!("{} has more than {DECIMALS_MAX} decimals", quoted(text));
            value.invalid(reason, None)
        }
        Err(DecimalError::Form) => {
            let reason = format!("{} is not a decimal number", quoted(text));
            value.invalid(reason, "write for example \"0.05\"".to_owned())
        }
    }
}

fn report_range(value: &Value<'_>, text: &str, nearest: &str) -> Option<i64> {
    let reason = format!("must be 0 to 1000, found {}", quoted(text));
    let help = format!("the nearest valid value is {nearest}");
    value.error(ConfigCode::OutOfRange, reason, help);
    None
}

#[derive(Debug, PartialEq)]
enum DecimalError {
    Form,
    Negative,
    TooFine,
    TooLarge,
}

/// Reads digits, and a point and digits after it, without ever leaving whole numbers.
fn parse_micros(text: &str) -> Result<i64, DecimalError> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (unsigned, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return Err(DecimalError::Form);
    }
    if negative {
        return Err(DecimalError::Negative);
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > DECIMALS_MAX {
        return Err(DecimalError::TooFine);
    }
    let micros: i64 =
        format!("{whole}{decimals:0<DECIMALS_MAX$}").parse().map_err(|_| DecimalError::TooLarge)?;
    Ok(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let cases = [
            ("0.05", Ok(50_000)),
            ("0.1", Ok(100_000)),
            ("0.000001", Ok(1)),
            ("0.0500000000", Ok(50_000)),
            ("12", Ok(12_000_000)),
            ("+1.5", Ok(1_500_000)),
            ("0", Ok(0)),
            ("0.0000001", Err(DecimalError::TooFine)),
            ("-0.1", Err(DecimalError::Negative)),
            ("", Err(DecimalError::Form)),
            (".5", Err(DecimalError::Form)),
            ("5.", Err(DecimalError::Form)),
            ("1e-2", Err(DecimalError::Form)),
            ("0,05", Err(DecimalError::Form)),
            ("nan", Err(DecimalError::Form)),
            ("99999999999999999999", Err(DecimalError::TooLarge)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_micros(text), expected, "{text}");
        }
    }
}
