//! Known answers for webhook signatures, through the provider's component inside the host: every
//! file of `tests/vectors/signatures` is read, so a new one only has to be dropped in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use waypost_core::decision::{Name, Role};
use waypost_core::id::MessageId;
use waypost_core::provider::{WebhookRequest, WebhookResult};
use waypost_engine::{CallContext, Engine, EngineOptions, Limits, LoadRequest, Reuse, Secrets};

/// Providers that have a component, with the settings and the name of the secret that signs.
const ADAPTERS: [(&str, &str, &str); 1] =
    [("twilio", r#"{"account_sid":"AC00000000000000000000000000000000"}"#, "auth_token")];

#[derive(Debug)]
struct OneSecret(BTreeMap<String, Vec<u8>>);

impl Secrets for OneSecret {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

#[test]
fn all_vectors_give_their_answer_inside_the_host() {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/signatures");
    let mut checked = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let document: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for vector in document["vectors"].as_array().unwrap() {
            let provider = vector["provider"].as_str().unwrap();
            let adapter = ADAPTERS.iter().find(|(name, ..)| *name == provider);
            let (_, settings, secret) =
                adapter.unwrap_or_else(|| panic!("{}: no component for {provider}", path.display()));
            check(&engine, vector, settings, secret);
            checked += 1;
        }
    }
    assert!(checked >= 20, "only {checked} vectors were found");
}

fn check(engine: &Engine, vector: &Value, settings: &str, secret_name: &str) {
    let id = vector["id"].as_str().unwrap();
    let provider = vector["provider"].as_str().unwrap();
    let secret = vector["secret"].as_str().unwrap().as_bytes().to_vec();
    let settings: Value = serde_json::from_str(settings).unwrap();
    let request = LoadRequest {
        name: Name::from(provider),
        role: Role::Provider,
        component: waypost_builtins::find(provider).unwrap().component,
        settings: &settings,
        limits: Limits::default(),
        reuse: Reuse::Fresh,
        secrets: Arc::new(OneSecret(BTreeMap::from([(secret_name.to_owned(), secret)]))),
    };
    let adapter = engine.load(request).unwrap().provider().unwrap();
    let now_ms = vector["now"].as_u64().map_or(1_700_000_000_000, |seconds| seconds * 1000);
    let context = CallContext::of_message(MessageId::from_parts(1, 1), now_ms);
    let decision = adapter.read_webhook(&webhook(vector, now_ms), &context);
    let result = decision.answer.unwrap_or_else(|fault| panic!("{id}: {fault}"));
    let genuine = !matches!(result, WebhookResult::Forged(_));
    assert_eq!(json!(genuine), vector["valid"], "{id}: {result:?}");
}

fn webhook(vector: &Value, now_ms: u64) -> WebhookRequest {
    let content_type = vector["content_type"].as_str().map(|it| ("content-type".to_owned(), it.to_owned()));
    let given = vector["headers"].as_object().into_iter().flatten();
    let given = given.map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap().to_owned()));
    let body = match vector["body"].as_str() {
        Some(body) => body.as_bytes().to_vec(),
        None => form(&vector["params"]),
    };
    WebhookRequest {
        method: vector["method"].as_str().unwrap_or("POST").to_owned(),
        url: vector["url"].as_str().unwrap().to_owned(),
        headers: content_type.into_iter().chain(given).collect(),
        body,
        now_ms,
        fetched: None,
    }
}

fn form(params: &Value) -> Vec<u8> {
    let pairs = params.as_array().into_iter().flatten();
    let pairs = pairs.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}
