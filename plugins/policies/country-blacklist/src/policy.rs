//! Which countries a message may go to.

use countries::{Country, CountrySet};
use serde::Deserialize;

use crate::bindings::exports::waypost::sms::screening::{Refusal, Verdict};

/// The settings, which are the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    deny: CountrySet,
    allow: CountrySet,
    unknown: Unknown,
}

/// What becomes of a message to a number whose country cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unknown {
    Refuse,
    Allow,
}

impl Policy {
    /// Without settings: every country that is known.
    pub const DEFAULT: Self =
        Self { deny: CountrySet::EMPTY, allow: CountrySet::EMPTY, unknown: Unknown::Refuse };

    pub fn parse(settings_json: &str) -> Result<Self, String> {
        serde_json::from_str(settings_json).map_err(|error| error.to_string())
    }

    pub fn screen(&self, country: Option<&str>) -> Verdict {
        let Some(country) = country.and_then(Country::of_host) else {
            return match self.unknown {
                Unknown::Allow => Verdict::Allow,
                Unknown::Refuse => refuse(
                    "country_unknown",
                    "the country of the recipient's number cannot be told".to_owned(),
                ),
            };
        };
        if self.deny.contains(country) {
            return refuse("country_denied", format!("messages to {country} are not permitted"));
        }
        if !self.allow.is_empty() && !self.allow.contains(country) {
            return refuse(
                "country_not_allowed",
                format!("{country} is not among the countries that messages may go to"),
            );
        }
        Verdict::Allow
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn refuse(code: &str, reason: String) -> Verdict {
    Verdict::Refuse(Refusal { code: code.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(settings: &str, country: Option<&str>) -> String {
        match Policy::parse(settings).unwrap().screen(country) {
            Verdict::Allow => "allow".to_owned(),
            Verdict::Refuse(refusal) => refusal.code,
            Verdict::HoldUntil(_) => "hold".to_owned(),
        }
    }

    #[test]
    fn screens_by_country() {
        let lists = r#"{"deny": ["CI", "FR"], "allow": ["FR", "GB"]}"#;
        let table = [
            ("{}", Some("CI"), "allow"),
            ("{}", None, "country_unknown"),
            (r#"{"unknown": "allow"}"#, None, "allow"),
            (r#"{"unknown": "allow", "allow": ["FR"]}"#, None, "allow"),
            (r#"{"unknown": "allow"}"#, Some("??"), "allow"),
            ("{}", Some("??"), "country_unknown"),
            (r#"{"deny": ["CI"]}"#, Some("CI"), "country_denied"),
            (r#"{"deny": ["CI"]}"#, Some("CH"), "allow"),
            (r#"{"deny": "CI; GF;GP,uk"}"#, Some("GF"), "country_denied"),
            (r#"{"deny": "CI; GF;GP,uk"}"#, Some("GB"), "country_denied"),
            (r#"{"deny": "CI; GF;GP,uk"}"#, Some("FR"), "allow"),
            (r#"{"allow": ["GB"]}"#, Some("FR"), "country_not_allowed"),
            (r#"{"allow": ["gb "]}"#, Some("GB"), "allow"),
            (lists, Some("FR"), "country_denied"),
            (lists, Some("GB"), "allow"),
            (lists, Some("DE"), "country_not_allowed"),
        ];
        for (settings, country, expected) in table {
            assert_eq!(code(settings, country), expected, "{settings} {country:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_country() {
        for settings in [r#"{"deny": ["FR"]}"#, r#"{"allow": ["GB"]}"#] {
            let Verdict::Refuse(refusal) = Policy::parse(settings).unwrap().screen(Some("FR")) else {
                panic!("{settings} lets it pass")
            };
            assert!(refusal.reason.contains("FR"), "{}", refusal.reason);
        }
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (settings, named) in [
            (r#"{"deny": ["XX"]}"#, "`XX`"),
            (r#"{"deny": "FR;Côte d'Ivoire"}"#, "`Côte`"),
            (r#"{"unknown": "maybe"}"#, "`maybe`"),
            (r#"{"denny": []}"#, "`denny`"),
            ("", "EOF"),
        ] {
            let error = Policy::parse(settings).unwrap_err();
            assert!(error.contains(named), "{settings}: {error}");
        }
    }
}
