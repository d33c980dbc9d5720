//! What an inbound message causes, by its first word: STOP and START, the replies in the settings, an
//! inbox, a trap.

use std::sync::OnceLock;

use crate::exports::waypost::sms::configuration;
use crate::exports::waypost::sms::receiving::{self, Action, Inbound};
use crate::waypost::sms::messaging::{self, Outgoing};
use crate::waypost::sms::types::Body;

wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "receiving-policy" });

/// Words, in capitals, with the replies to them.
static REPLIES: OnceLock<Vec<(String, String)>> = OnceLock::new();

struct Keywords;

export!(Keywords);

impl configuration::Guest for Keywords {
    fn schema() -> String {
        r#"{
            "type": "object",
            "properties": {
                "replies": { "type": "object", "additionalProperties": { "type": "string" } }
            },
            "additionalProperties": false
        }"#
        .to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        let settings: serde_json::Value =
            serde_json::from_str(&settings_json).map_err(|error| error.to_string())?;
        let replies = settings["replies"].as_object().into_iter().flatten();
        let replies =
            replies.filter_map(|(word, text)| Some((word.to_uppercase(), text.as_str()?.to_owned())));
        REPLIES.set(replies.collect()).map_err(|_| "configured twice".to_owned())
    }
}

impl receiving::Guest for Keywords {
    fn receive(inbound: Inbound) -> Vec<Action> {
        let Body::Text(text) = &inbound.body else { return Vec::new() };
        let word = text.split_whitespace().next().unwrap_or_default().to_uppercase();
        if let Some((_, text)) = REPLIES.get().into_iter().flatten().find(|(known, _)| *known == word) {
            let reply = Outgoing { to: inbound.sender.value.clone(), sender: None, text: text.clone() };
            if messaging::send(&reply).is_err() {
                return Vec::new();
            }
        }
        match word.as_str() {
            "STOP" => vec![Action::OptOut],
            "START" => vec![Action::OptIn],
            "SALES" => vec![Action::Inbox("sales".to_owned())],
            "SPAM" => vec![Action::Drop],
            "TRAP" => panic!("as told"),
            _ => Vec::new(),
        }
    }
}
