//! The settings of `sender-override`.

use std::collections::BTreeMap;
use std::fmt;

use countries::{Country, CountrySet};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::bindings::waypost::sms::types::{Address, AddressKind};
use crate::sender;

/// Countries whose networks are known to take no alphanumeric sender. Carriers change their rules,
/// so the settings can replace the whole list.
const ALPHANUMERIC_DENIED: &str = "AR BR CA CL CN CO CR KR MX MY NZ PR TW US UY ZA";
const FALLBACK_DEFAULT: &str = "default";

/// Settings that have been checked.
#[derive(Debug, PartialEq)]
pub struct Settings {
    pub by_country: BTreeMap<Country, Address>,
    pub default: Option<Address>,
    pub keep_requested: bool,
    pub require_sender: bool,
    pub alphanumeric_denied: CountrySet,
    pub fallback_by_country: BTreeMap<Country, Address>,
    pub fallback_default: Option<Address>,
}

/// Settings as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    by_country: Entries,
    default: Option<String>,
    #[serde(default)]
    keep_requested: bool,
    require_sender: Option<bool>,
    alphanumeric_denied: Option<CountrySet>,
    #[serde(default)]
    numeric_fallback: Entries,
}

impl Settings {
    /// Reads and checks settings.
    ///
    /// # Errors
    /// What is wrong and where: an unknown key, a country or a sender that is none, two senders for
    /// one country, or an alphanumeric sender where the settings themselves do not permit one.
    pub fn parse(settings_json: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(settings_json).map_err(|error| error.to_string())?;
        let default = match &written.default {
            Some(text) => Some(sender::parse(text).map_err(|error| format!("default: {error}"))?),
            None => None,
        };
        let (fallbacks, others): (Vec<_>, Vec<_>) =
            written.numeric_fallback.0.into_iter().partition(|(key, _)| key != FALLBACK_DEFAULT);
        let fallback_default = match others.first() {
            Some((_, text)) => {
                let place = "numeric_fallback.default";
                Some(sender::parse(text).map_err(|error| format!("{place}: {error}"))?)
            }
            None => None,
        };
        let settings = Self {
            by_country: by_country("by_country", written.by_country.0)?,
            default,
            keep_requested: written.keep_requested,
            require_sender: written.require_sender.unwrap_or(true),
            alphanumeric_denied: match written.alphanumeric_denied {
                Some(countries) => countries,
                None => alphanumeric_denied_default(),
            },
            fallback_by_country: by_country("numeric_fallback", fallbacks)?,
            fallback_default,
        };
        settings.check()?;
        Ok(settings)
    }

    /// The stand-in for an alphanumeric sender.
    pub fn fallback(&self, country: Country) -> Option<&Address> {
        self.fallback_by_country.get(&country).or(self.fallback_default.as_ref())
    }

    fn check(&self) -> Result<(), String> {
        let fallbacks = self.fallback_by_country.values().chain(&self.fallback_default);
        for address in fallbacks {
            if address.kind == AddressKind::Alphanumeric {
                return Err(format!(
                    "numeric_fallback: `{}` is alphanumeric; name a number or a short code",
                    address.value
                ));
            }
        }
        for (country, address) in &self.by_country {
            if address.kind == AddressKind::Alphanumeric && self.alphanumeric_denied.contains(*country) {
                return Err(format!(
                    "by_country.{country}: `{}` is alphanumeric, and alphanumeric_denied says that \
                     {country} permits none; name a number, or set alphanumeric_denied without \
                     {country}",
                    address.value
                ));
            }
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            by_country: BTreeMap::new(),
            default: None,
            keep_requested: false,
            require_sender: true,
            alphanumeric_denied: alphanumeric_denied_default(),
            fallback_by_country: BTreeMap::new(),
            fallback_default: None,
        }
    }
}

fn alphanumeric_denied_default() -> CountrySet {
    // A test holds that the list parses.
    CountrySet::parse(ALPHANUMERIC_DENIED).unwrap_or_default()
}

fn by_country(place: &str, entries: Vec<(String, String)>) -> Result<BTreeMap<Country, Address>, String> {
    let mut senders = BTreeMap::new();
    for (codes, text) in entries {
        let address = sender::parse(&text).map_err(|error| format!("{place}.{}: {error}", codes.trim()))?;
        for code in codes.split(',') {
            let country = Country::parse(code).map_err(|error| format!("{place}: {error}"))?;
            if senders.insert(country, address.clone()).is_some() {
                return Err(format!("{place}: {country} has two senders"));
            }
        }
    }
    Ok(senders)
}

/// Keys and values in the order they are written: an object, or `US,CA:+1…;UK:+44…`.
#[derive(Default)]
struct Entries(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("senders by country, or a text such as `US,CA:+16462345678;GB:MYBRAND`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Entries, E> {
        let entries = text.split(';').map(str::trim).filter(|entry| !entry.is_empty());
        entries
            .map(|entry| match entry.split_once(':') {
                Some((codes, sender)) => Ok((codes.to_owned(), sender.to_owned())),
                None => Err(E::custom(format_args!(
                    "`{}` has no colon between countries and sender",
                    entry.chars().take(40).collect::<String>()
                ))),
            })
            .collect::<Result<_, _>>()
            .map(Entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders(settings: &str) -> String {
        let settings = Settings::parse(settings).unwrap();
        let each = settings.by_country.iter().map(|(country, to)| format!("{country}={}", to.value));
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn both_forms_of_overrides_are_read() {
        for (settings, expected) in [
            ("{}", ""),
            (r#"{"by_country": {"US": "+16462345678", "gb": "MYBRAND"}}"#, "GB=MYBRAND US=+16462345678"),
            (r#"{"by_country": {"FR, DE": "Marke"}}"#, "DE=Marke FR=Marke"),
            (
                r#"{"by_country": "US,CA:+16462345678;UK:+442071234567"}"#,
                "CA=+16462345678 GB=+442071234567 US=+16462345678",
            ),
            (r#"{"by_country": " us , ca : +16462345678 ; "}"#, "CA=+16462345678 US=+16462345678"),
            (r#"{"by_country": {"US": "MYBRAND"}, "alphanumeric_denied": []}"#, "US=MYBRAND"),
        ] {
            assert_eq!(senders(settings), expected, "{settings}");
        }
    }

    #[test]
    fn the_built_in_list_is_the_documented_one() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
        let documented = &schema["properties"]["alphanumeric_denied"]["default"];
        let documented: CountrySet = serde_json::from_value(documented.clone()).unwrap();
        assert!(!documented.is_empty());
        assert_eq!(CountrySet::parse(ALPHANUMERIC_DENIED), Ok(documented));
        assert_eq!(Settings::parse("{}").unwrap(), Settings::default());
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (settings, named) in [
            (r#"{"by_country": {"XX": "+16462345678"}}"#, "`XX`"),
            (r#"{"by_country": {"US": "16462345678"}}"#, "by_country.US: `16462345678`"),
            (r#"{"by_country": "US+16462345678"}"#, "no colon"),
            (r#"{"by_country": {"UK": "+442071234567", "GB": "MYBRAND"}}"#, "GB has two senders"),
            (r#"{"by_country": {"US": "MYBRAND"}}"#, "alphanumeric_denied"),
            (r#"{"default": ""}"#, "default: `` is not a sender"),
            (r#"{"numeric_fallback": {"default": "BRAND"}}"#, "`BRAND` is alphanumeric"),
            (r#"{"numeric_fallback": {"US": "BRAND"}}"#, "`BRAND` is alphanumeric"),
            (r#"{"numeric_fallback": {"default": "1"}}"#, "numeric_fallback.default"),
            (r#"{"alphanumeric_denied": ["US", "ZZ"]}"#, "`ZZ`"),
            (r#"{"by_contry": {}}"#, "`by_contry`"),
        ] {
            let error = Settings::parse(settings).unwrap_err();
            assert!(error.contains(named), "{settings}: {error}");
        }
    }
}
