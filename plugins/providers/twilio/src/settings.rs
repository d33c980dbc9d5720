//! The settings of `twilio`.

use serde::Deserialize;
use wire::endpoint::Endpoint;

use crate::bindings::exports::waypost::sms::provider::{BasicCredential, Credential, Description};

/// The secret that signs webhooks, and the password of the account.
pub const AUTH_TOKEN: &str = "auth_token";
/// The secret of the API key.
pub const API_KEY_SECRET: &str = "api_key_secret";
const ENDPOINT_DEFAULT: &str = "https://api.twilio.com";
const HOST_DEFAULT: &str = "api.twilio.com";
const SID_DIGITS: usize = 32;

/// Settings that have been checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where messages are posted.
    pub messages_url: String,
    /// The host of that URL, maybe with a port.
    pub host: String,
    pub account_sid: String,
    pub api_key_sid: Option<String>,
    pub messaging_service_sid: Option<String>,
    pub smart_encoded: bool,
    pub legacy_query_encoding: bool,
}

/// Settings as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    account_sid: String,
    api_key_sid: Option<String>,
    messaging_service_sid: Option<String>,
    endpoint: Option<String>,
    #[serde(default)]
    smart_encoded: bool,
    legacy_query_encoding: Option<bool>,
}

impl Settings {
    /// Reads and checks settings.
    ///
    /// # Errors
    /// Which setting is wrong, and what it has to be.
    pub fn parse(settings_json: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(settings_json).map_err(|error| error.to_string())?;
        require_sid("account_sid", "AC", Some(&written.account_sid))?;
        require_sid("api_key_sid", "SK", written.api_key_sid.as_ref())?;
        require_sid("messaging_service_sid", "MG", written.messaging_service_sid.as_ref())?;
        let endpoint = written.endpoint.as_deref().unwrap_or(ENDPOINT_DEFAULT);
        let Endpoint { base, host } = Endpoint::parse(endpoint)?;
        Ok(Self {
            messages_url: format!("{base}/2010-04-01/Accounts/{}/Messages.json", written.account_sid),
            host,
            account_sid: written.account_sid,
            api_key_sid: written.api_key_sid,
            messaging_service_sid: written.messaging_service_sid,
            smart_encoded: written.smart_encoded,
            legacy_query_encoding: written.legacy_query_encoding.unwrap_or(true),
        })
    }

    /// What the API is called with: the API key if there is one, else the account.
    pub fn credential(&self) -> BasicCredential {
        let (user, password) = match &self.api_key_sid {
            Some(sid) => (sid, API_KEY_SECRET),
            None => (&self.account_sid, AUTH_TOKEN),
        };
        BasicCredential {
            user: Credential::Literal(user.clone()),
            password: Credential::Secret(password.to_owned()),
        }
    }
}

/// What the host may expect of the component.
pub fn describe(settings: Option<&Settings>) -> Description {
    let mut secrets = vec![AUTH_TOKEN.to_owned()];
    if settings.is_some_and(|settings| settings.api_key_sid.is_some()) {
        secrets.push(API_KEY_SECRET.to_owned());
    }
    let host = settings.map_or(HOST_DEFAULT, |settings| settings.host.as_str());
    Description {
        title: "Twilio Programmable Messaging".to_owned(),
        hosts: vec![host.to_owned()],
        secrets,
        binary: false,
    }
}

fn require_sid(setting: &str, prefix: &str, sid: Option<&String>) -> Result<(), String> {
    let fits = |sid: &String| {
        sid.strip_prefix(prefix).is_some_and(|digits| {
            digits.len() == SID_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
    };
    if sid.is_none_or(fits) {
        return Ok(());
    }
    Err(format!("{setting}: it has to be `{prefix}` and {SID_DIGITS} hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "AC00000000000000000000000000000001";
    const KEY: &str = "SK00000000000000000000000000000002";

    fn credential(settings: &Settings) -> String {
        match settings.credential() {
            BasicCredential { user: Credential::Literal(user), password: Credential::Secret(secret) } => {
                format!("{user}:{secret}")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_account_is_enough() {
        let settings = Settings::parse(&format!(r#"{{"account_sid": "{ACCOUNT}"}}"#)).unwrap();
        assert_eq!(
            settings.messages_url,
            format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        );
        assert_eq!(credential(&settings), format!("{ACCOUNT}:auth_token"));
        assert_eq!(describe(Some(&settings)), describe(None));
        assert_eq!(describe(None).hosts, ["api.twilio.com"]);
        assert_eq!(describe(None).secrets, ["auth_token"]);
    }

    #[test]
    fn an_api_key_and_another_endpoint() {
        let settings = Settings::parse(&format!(
            r#"{{"account_sid": "{ACCOUNT}", "api_key_sid": "{KEY}",
                "endpoint": "http://127.0.0.1:8081/"}}"#
        ))
        .unwrap();
        assert!(settings.messages_url.starts_with("http://127.0.0.1:8081/2010-04-01/"));
        assert_eq!(credential(&settings), format!("{KEY}:api_key_secret"));
        let description = describe(Some(&settings));
        assert_eq!(description.hosts, ["127.0.0.1:8081"]);
        assert_eq!(description.secrets, ["auth_token", "api_key_secret"]);
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (settings, named) in [
            ("{}".to_owned(), "`account_sid`"),
            (r#"{"account_sid": "AC1"}"#.to_owned(), "account_sid: "),
            (format!(r#"{{"account_sid": "{KEY}"}}"#), "account_sid: "),
            (format!(r#"{{"account_sid": "{ACCOUNT}", "api_key_sid": "x"}}"#), "api_key_sid: "),
            (
                format!(r#"{{"account_sid": "{ACCOUNT}", "messaging_service_sid": "{KEY}"}}"#),
                "messaging_service_sid: ",
            ),
            (format!(r#"{{"account_sid": "{ACCOUNT}", "endpoint": "twilio"}}"#), "endpoint: "),
            (format!(r#"{{"account_sid": "{ACCOUNT}", "max_price": 1}}"#), "`max_price`"),
        ] {
            let error = Settings::parse(&settings).unwrap_err();
            assert!(error.contains(named), "{settings}: {error}");
        }
    }
}
