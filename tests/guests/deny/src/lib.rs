//! Refuses messages to the countries in its settings.

use std::sync::OnceLock;

use crate::exports::waypost::sms::configuration;
use crate::exports::waypost::sms::screening::{self, Message, Refusal, Verdict};

wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "screening-policy" });

static DENIED: OnceLock<Vec<String>> = OnceLock::new();

struct Deny;

export!(Deny);

impl configuration::Guest for Deny {
    fn schema() -> String {
        r#"{
            "type": "object",
            "properties": {
                "countries": { "type": "array", "items": { "type": "string", "pattern": "^[A-Z]{2}$" } }
            },
            "required": ["countries"],
            "additionalProperties": false
        }"#
        .to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        let settings: serde_json::Value =
            serde_json::from_str(&settings_json).map_err(|error| error.to_string())?;
        let countries = settings["countries"].as_array().ok_or("`countries` is missing")?;
        let denied = countries.iter().filter_map(|it| it.as_str()).map(str::to_owned).collect();
        DENIED.set(denied).map_err(|_| "configured twice".to_owned())
    }
}

impl screening::Guest for Deny {
    fn screen(message: Message) -> Verdict {
        let denied = DENIED.get().map_or(&[][..], Vec::as_slice);
        match message.to.country {
            Some(country) if denied.contains(&country) => Verdict::Refuse(Refusal {
                code: "country_denied".to_owned(),
                reason: format!("messages to {country} are not sent"),
            }),
            _ => Verdict::Allow,
        }
    }
}
