//! Plays every role, and misbehaves as its settings say: `{"when": "configure", "do": "panic"}`
//! and `{"when": "always", …}` in each call. With `{"when": "call"}` it passes the probe, and a
//! message says what to do: by the tag `misbehave:panic`, or by that word at the end of the body
//! or URL where there are no tags.

mod misdeed;
mod provider;
mod roles;

use std::sync::OnceLock;

use crate::exports::waypost::sms::configuration;

wit_bindgen::generate!({
    path: "../../../wit/0.1.0",
    inline: "
        package waypost:hostile;

        world hostile {
            import waypost:sms/log@0.1.0;
            import waypost:sms/messaging@0.1.0;
            import waypost:sms/signing@0.1.0;
            export waypost:sms/configuration@0.1.0;
            export waypost:sms/screening@0.1.0;
            export waypost:sms/sender-identity@0.1.0;
            export waypost:sms/routing@0.1.0;
            export waypost:sms/provider@0.1.0;
            export waypost:sms/receiving@0.1.0;
        }
    ",
    world: "waypost:hostile/hostile",
    generate_all,
});

struct Hostile;

export!(Hostile);

struct Settings {
    when: String,
    misdeed: String,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

impl configuration::Guest for Hostile {
    fn schema() -> String {
        r#"{
            "type": "object",
            "properties": {
                "when": { "enum": ["configure", "always", "call"] },
                "do": { "type": "string" }
            },
            "required": ["when"]
        }"#
        .to_owned()
    }

    fn configure(settings_json: String) -> Result<(), String> {
        let settings: serde_json::Value =
            serde_json::from_str(&settings_json).map_err(|error| error.to_string())?;
        let text = |key: &str| settings[key].as_str().unwrap_or_default().to_owned();
        let settings = Settings { when: text("when"), misdeed: text("do") };
        if settings.when == "configure" {
            if settings.misdeed == "reject" {
                return Err("I do not like\nthese settings".to_owned());
            }
            misdeed::commit(&settings.misdeed);
        }
        SETTINGS.set(settings).map_err(|_| "configured twice".to_owned())
    }
}

/// What to do wrong in this call, if anything. `words` may tell.
fn misdeed<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let settings = SETTINGS.get()?;
    match settings.when.as_str() {
        "always" => Some(settings.misdeed.clone()),
        "call" => words
            .into_iter()
            .find_map(|word| word.split_once("misbehave:"))
            .map(|(_, misdeed)| misdeed.to_owned()),
        _ => None,
    }
}
