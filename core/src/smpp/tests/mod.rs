//! The rules as a whole; tables and parsers are tested beside their code.

mod content;
mod deliver;
mod hostile;
mod manual;
mod status;
mod submit;

use crate::config::smpp::Smpp;
use crate::config::{Config, Parsed};
use crate::id::MessageId;
use crate::message::Draft;
use crate::number::{parse_recipient, parse_sender};
use crate::provider::Submission;
use crate::text::{Body, Encoding};

/// 1 March 2026, 12:34:56 UTC.
const NOW_MS: u64 = 1_772_368_496_000;

/// A provider with these lines in its `[providers.carrier.smpp]`, as dotted keys.
fn smpp(lines: &str) -> Smpp {
    let text = format!(
        "[tenants.default]\n[providers.carrier.smpp]\naddress = \"smsc\"\nsystem_id = \"shop\"\n{lines}\n"
    );
    let Parsed { config, .. } = Config::parse(&text, "waypost.toml", &[]).unwrap();
    config.providers["carrier"].smpp().unwrap().clone()
}

fn draft(from: &str, to: &str, body: Body, encoding: Encoding, segments: u8) -> Draft {
    Draft {
        tenant: "default".into(),
        time_ms: NOW_MS,
        to: parse_recipient(to, None).unwrap(),
        sender: (!from.is_empty()).then(|| parse_sender(from, None).unwrap()),
        body,
        encoding,
        segments,
        priority: 0,
        tags: Vec::new(),
    }
}

fn submission(draft: &Draft) -> Submission<'_> {
    Submission {
        id: MessageId::from_parts(1, 0x0000_0000_ABCD_0000),
        attempt: 1,
        draft,
        valid_for_s: None,
        receipt_url: "",
    }
}
