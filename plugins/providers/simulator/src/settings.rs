//! The settings of `simulator`.

use serde::Deserialize;
use wire::endpoint::Endpoint;

const ENDPOINT_DEFAULT: &str = "http://simulator.internal";
const HOST_DEFAULT: &str = "simulator.internal";
const MESSAGES_PATH: &str = "/v1/messages";

/// Settings that have been checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where messages are posted.
    pub messages_url: String,
    /// The host of that URL, maybe with a port.
    pub host: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    endpoint: Option<String>,
}

impl Settings {
    pub fn parse(settings_json: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(settings_json).map_err(|error| error.to_string())?;
        let Some(endpoint) = written.endpoint else { return Ok(Self::default()) };
        let Endpoint { base, host } = Endpoint::parse(&endpoint)?;
        Ok(Self { messages_url: base + MESSAGES_PATH, host })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { messages_url: format!("{ENDPOINT_DEFAULT}{MESSAGES_PATH}"), host: HOST_DEFAULT.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_the_endpoint() {
        for (settings, url, host) in [
            ("{}", "http://simulator.internal/v1/messages", "simulator.internal"),
            (
                r#"{"endpoint": "http://127.0.0.1:9000/"}"#,
                "http://127.0.0.1:9000/v1/messages",
                "127.0.0.1:9000",
            ),
        ] {
            let expected = Settings { messages_url: url.to_owned(), host: host.to_owned() };
            assert_eq!(Settings::parse(settings), Ok(expected), "{settings}");
        }
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (settings, named) in [
            (r#"{"endpoint": "simulator"}"#, "endpoint"),
            (r#"{"endpoint": 1}"#, "integer"),
            (r#"{"url": ""}"#, "`url`"),
        ] {
            let error = Settings::parse(settings).unwrap_err();
            assert!(error.contains(named), "{settings}: {error}");
        }
    }
}
