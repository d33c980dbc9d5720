//! Which sender a message gets.

use countries::Country;

use crate::bindings::exports::waypost::sms::sender_identity::{Choice, Refusal};
use crate::bindings::waypost::sms::types::{Address, AddressKind};
use crate::settings::Settings;

/// The sender for a recipient in `country`, given the one that was asked for.
///
/// A country that cannot be told is taken to permit any sender: what may go there at all is for a
/// screening component to say.
pub fn choose(settings: &Settings, country: Option<&str>, requested: Option<&Address>) -> Choice {
    let country = country.and_then(Country::of_host);
    let Some(wanted) = wanted(settings, country, requested) else {
        return if settings.require_sender {
            refuse("sender_missing", "the message asks for no sender, and none is configured")
        } else {
            Choice::Keep
        };
    };
    let denied = country.filter(|country| {
        wanted.kind == AddressKind::Alphanumeric && settings.alphanumeric_denied.contains(*country)
    });
    let chosen = match denied {
        None => wanted,
        Some(country) => match settings.fallback(country) {
            Some(number) => number,
            None => {
                return refuse(
                    "sender_alphanumeric_not_permitted",
                    &format!(
                        "{country} permits no alphanumeric sender, and numeric_fallback names no \
                         number for it"
                    ),
                );
            }
        },
    };
    if requested == Some(chosen) { Choice::Keep } else { Choice::Replace(chosen.clone()) }
}

fn wanted<'a>(
    settings: &'a Settings,
    country: Option<Country>,
    requested: Option<&'a Address>,
) -> Option<&'a Address> {
    let of_country = || country.and_then(|country| settings.by_country.get(&country));
    if settings.keep_requested {
        return requested.or_else(of_country).or(settings.default.as_ref());
    }
    of_country().or(requested).or(settings.default.as_ref())
}

fn refuse(code: &str, reason: &str) -> Choice {
    Choice::Refuse(Refusal { code: code.to_owned(), reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sender;

    fn choice(settings: &str, country: &str, requested: &str) -> String {
        let settings = Settings::parse(settings).unwrap();
        let country = (!country.is_empty()).then_some(country);
        let requested = (!requested.is_empty()).then(|| sender::parse(requested).unwrap());
        match choose(&settings, country, requested.as_ref()) {
            Choice::Keep => "keep".to_owned(),
            Choice::Replace(address) => address.value,
            Choice::Refuse(refusal) => refusal.code,
        }
    }

    #[test]
    fn chooses_by_country() {
        let by_country = r#"{"by_country": {"US": "+16462345678", "GB": "MYBRAND"}}"#;
        let keeping = r#"{"by_country": {"US": "+16462345678", "GB": "MYBRAND"},
            "default": "FALLBACK", "keep_requested": true}"#;
        let fallback = r#"{"numeric_fallback": {"US": "12345", "default": "+442071234567"}}"#;
        let table = [
            ("{}", "FR", "BRAND", "keep"),
            ("{}", "FR", "", "sender_missing"),
            ("{}", "", "", "sender_missing"),
            (r#"{"require_sender": false}"#, "FR", "", "keep"),
            (r#"{"default": "BRAND"}"#, "FR", "", "BRAND"),
            (r#"{"default": "BRAND"}"#, "FR", "OTHER", "keep"),
            (r#"{"default": "BRAND"}"#, "FR", "BRAND", "keep"),
            (r#"{"default": "BRAND"}"#, "", "", "BRAND"),
            (by_country, "US", "BRAND", "+16462345678"),
            (by_country, "US", "+16462345678", "keep"),
            (by_country, "GB", "+4915112345678", "MYBRAND"),
            (by_country, "GB", "", "MYBRAND"),
            (by_country, "FR", "BRAND", "keep"),
            (by_country, "", "BRAND", "keep"),
            (keeping, "GB", "+4915112345678", "keep"),
            (keeping, "GB", "", "MYBRAND"),
            (keeping, "FR", "", "FALLBACK"),
            (keeping, "US", "BRAND", "sender_alphanumeric_not_permitted"),
            ("{}", "US", "BRAND", "sender_alphanumeric_not_permitted"),
            ("{}", "US", "+16462345678", "keep"),
            ("{}", "US", "12345", "keep"),
            ("{}", "", "BRAND", "keep"),
            (fallback, "US", "BRAND", "12345"),
            (fallback, "CA", "BRAND", "+442071234567"),
            (fallback, "FR", "BRAND", "keep"),
            (r#"{"default": "BRAND"}"#, "US", "", "sender_alphanumeric_not_permitted"),
            (r#"{"alphanumeric_denied": "FR"}"#, "US", "BRAND", "keep"),
            (r#"{"alphanumeric_denied": "FR"}"#, "FR", "BRAND", "sender_alphanumeric_not_permitted"),
        ];
        for (settings, country, requested, expected) in table {
            let place = format!("{settings} {country} {requested}");
            assert_eq!(choice(settings, country, requested), expected, "{place}");
        }
    }
}
