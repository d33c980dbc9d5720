//! The server's documents, as far as tables show them. Fields that a newer server adds are
//! ignored; `--json` prints the documents as they came.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{CliError, Result};

/// A message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Message {
    pub id: String,
    pub status: String,
    pub to: String,
    pub country: Option<String>,
    pub number_type: Option<String>,
    pub from: Option<String>,
    pub encoding: String,
    pub segments: u32,
    #[serde(default)]
    pub replaced: Vec<Replaced>,
    pub route: Option<String>,
    pub price: Option<Price>,
    #[serde(default)]
    pub attempts: u32,
    #[serde(default)]
    pub tags: Vec<String>,
    pub client_ref: Option<String>,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub updated_at: String,
    pub expires_at: Option<String>,
    pub due_at: Option<String>,
    pub reference: Option<String>,
    pub failure: Option<Failure>,
    #[serde(default)]
    pub possibly_duplicated: bool,
    pub text: Option<String>,
    pub data: Option<String>,
}

/// Characters that were replaced by look-alikes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Replaced {
    pub from: String,
    pub to: String,
    pub count: u32,
}

/// What a whole message costs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Price {
    pub amount: String,
    pub currency: String,
}

/// What went wrong.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Failure {
    pub class: String,
    pub code: String,
    pub reason: String,
}

/// What would become of a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Explanation {
    pub to: String,
    pub country: Option<String>,
    pub number_type: Option<String>,
    pub from: Option<String>,
    pub encoding: String,
    pub segments: u32,
    #[serde(default)]
    pub replaced: Vec<Replaced>,
    #[serde(default)]
    pub decisions: Vec<Decision>,
    #[serde(default)]
    pub routes: Vec<String>,
    pub refused: Option<Refused>,
    pub held_until: Option<String>,
    pub price: Option<Price>,
}

/// A policy's no.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refused {
    pub code: String,
    pub reason: String,
}

/// What a component decided.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Decision {
    pub role: String,
    pub component: String,
    pub revision: String,
    pub result: String,
    pub fault: Option<String>,
    #[serde(default)]
    pub fuel: u64,
    #[serde(default)]
    pub time_us: f64,
    #[serde(default)]
    pub log: Vec<String>,
}

/// The life of a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Trace {
    pub steps: Vec<Step>,
}

/// A step of it. What else a step says depends on its kind.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    pub at: String,
    pub status: String,
    pub kind: String,
    #[serde(default)]
    pub decisions: Vec<Decision>,
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

/// Reads a document of the server.
pub(super) fn read<T: DeserializeOwned>(document: &Value) -> Result<T> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        CliError::failed(
            "answer_not_understood",
            format!("the server's answer is not understood at `{}`", error.path()),
        )
        .hint("use the waypost of the server's version; --json shows the answer as it is")
    })
}

/// `+447700900123 (GB mobile)`
pub(super) fn recipient(to: &str, country: Option<&str>, number_type: Option<&str>) -> String {
    let known: Vec<&str> = [country, number_type].into_iter().flatten().collect();
    if known.is_empty() { to.to_owned() } else { format!("{to} ({})", known.join(" ")) }
}

/// `gsm7, 2 segments`
pub(super) fn encoding(encoding: &str, segments: u32) -> String {
    format!("{encoding}, {}", counted(segments.into(), "segment"))
}

/// `“ → " (2 times)`
pub(super) fn replacements(replaced: &[Replaced]) -> String {
    let all: Vec<String> = replaced
        .iter()
        .map(|replaced| {
            format!("{} → {} ({})", replaced.from, replaced.to, counted(replaced.count.into(), "time"))
        })
        .collect();
    all.join(", ")
}

/// `0.040000 EUR`
pub(super) fn price(price: &Price) -> String {
    format!("{} {}", price.amount, price.currency)
}

/// `2 segments`
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A time of the API in the form of tables: `2026-01-02 15:04:05`, in UTC as the API writes it.
pub(super) fn short_time(at: &str) -> String {
    match (at.get(..10), at.get(10..11), at.get(11..19)) {
        (Some(date), Some("T"), Some(time)) => format!("{date} {time}"),
        _ => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_needs_little_and_ignores_what_is_new() {
        let document = json!({ "id": "msg_1", "status": "queued", "to": "+44", "country": null,
            "encoding": "gsm7", "segments": 1, "colour": "red" });
        let message: Message = read(&document).unwrap();
        assert_eq!((message.id.as_str(), message.segments), ("msg_1", 1));
        let error = read::<Message>(&json!({ "id": 7 })).unwrap_err();
        assert_eq!(error.code, "answer_not_understood");
        assert!(error.detail.contains("`id`"), "{}", error.detail);
    }

    #[test]
    fn words_for_tables() {
        assert_eq!(recipient("+44", Some("GB"), Some("mobile")), "+44 (GB mobile)");
        assert_eq!(recipient("+44", None, None), "+44");
        assert_eq!(encoding("ucs2", 1), "ucs2, 1 segment");
        assert_eq!(short_time("2026-01-02T15:04:05.678Z"), "2026-01-02 15:04:05");
        for odd in ["", "2026", "2026-01-02 15:04:05", "ééééééééééééé"] {
            assert_eq!(short_time(odd), odd);
        }
    }
}
