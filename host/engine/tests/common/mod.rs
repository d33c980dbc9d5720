//! What the tests of the engine share.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "test code")]

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use waypost_core::decision::{Candidate, Health, Role};
use waypost_core::inbound::Inbound;
use waypost_core::message::Draft;
use waypost_core::number::{parse_recipient, parse_sender};
use waypost_core::text::{Body, Encoding};
use waypost_engine::{
    CallContext, Engine, EngineOptions, Limits, LoadError, LoadRequest, Loaded, NoSecrets, Reuse, Secrets,
};
use waypost_test_guests::HOSTILE;

/// One engine for all tests of a file, as in a host.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineOptions::default()).unwrap());

pub const TIME_MS: u64 = 1_700_000_000_123;
pub const CONTEXT: CallContext = CallContext { time_ms: TIME_MS, seed: 42 };

/// Limits without the wall-clock backstop, for tests on a busy machine that look at something
/// else.
pub fn patient() -> Limits {
    Limits { wall_ms: 1000, setup_wall_ms: 5000, ..Limits::default() }
}

pub fn request<'a>(component: &'a [u8], role: Role, settings: &'a Value) -> LoadRequest<'a> {
    LoadRequest {
        name: Arc::from("test"),
        role,
        component,
        settings,
        limits: patient(),
        reuse: Reuse::Fresh,
        secrets: Arc::new(NoSecrets),
    }
}

pub fn load(component: &[u8], role: Role, settings: &Value) -> Result<Loaded, LoadError> {
    ENGINE.load(request(component, role, settings))
}

/// The hostile component in a role. It does what [`provocation`] and the like tell it.
pub fn hostile(role: Role) -> Loaded {
    static LOADED: LazyLock<Vec<Loaded>> = LazyLock::new(|| {
        let load = |role| load(HOSTILE, role, &json!({"when": "call"})).unwrap();
        Role::ALL.into_iter().map(load).collect()
    });
    LOADED.iter().find(|it| it.info().role == role).unwrap().clone()
}

pub fn draft(country: &str) -> Draft {
    let number = match country {
        "DE" => "+4915112345678",
        "GB" => "+447400123456",
        other => panic!("no number for {other}"),
    };
    Draft {
        tenant: Arc::from("acme"),
        time_ms: TIME_MS,
        to: parse_recipient(number, None).unwrap(),
        sender: Some(parse_sender("Waypost", None).unwrap()),
        body: Body::Text("Your code is 1234".to_owned()),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 1,
        tags: Vec::new(),
    }
}

/// A message that brings the hostile component to a misdeed.
pub fn provocation(misdeed: &str) -> Draft {
    Draft { tags: vec![format!("misbehave:{misdeed}")], ..draft("DE") }
}

pub fn candidates(names: &[&str]) -> Vec<Candidate> {
    names
        .iter()
        .map(|name| Candidate {
            id: Arc::from(*name),
            price_micros: Some(75_000),
            health: Health::Healthy,
            backlog: 0,
            weight: 100,
        })
        .collect()
}

pub fn inbound(text: &str) -> Inbound {
    Inbound {
        tenant: Arc::from("acme"),
        time_ms: TIME_MS,
        provider: Arc::from("simulator"),
        sender: parse_sender("+4915112345678", None).unwrap(),
        to: parse_sender("+447400123456", None).unwrap(),
        body: Body::Text(text.to_owned()),
        hops: 0,
    }
}

/// One secret, `key`.
pub struct OneSecret;

impl Secrets for OneSecret {
    fn get(&self, name: &str) -> Option<&[u8]> {
        (name == "key").then_some(b"s3cret".as_slice())
    }
}
