//! The OpenAPI document: as committed, complete, and true to the code.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use waypost_api::calls::{dead_letters, inbox, messages};
use waypost_api::route::ROUTES;

use crate::api::openapi;
use crate::api::problem::registry;

/// Every call of version 1 with its scope.
const CALLS: &[(&str, &str, Option<&str>)] = &[
    ("post", "/v1/messages", Some("send")),
    ("get", "/v1/messages", Some("read")),
    ("post", "/v1/messages/explain", Some("send")),
    ("get", "/v1/messages/{id}", Some("read")),
    ("delete", "/v1/messages/{id}", Some("send")),
    ("get", "/v1/messages/{id}/trace", Some("read")),
    ("get", "/v1/inbox", Some("inbox")),
    ("post", "/v1/inbox/ack", Some("inbox")),
    ("get", "/v1/dead-letters", Some("read")),
    ("post", "/v1/dead-letters/redrive", Some("admin")),
    ("post", "/v1/dead-letters/{id}/redrive", Some("admin")),
    ("delete", "/v1/dead-letters/{id}", Some("admin")),
    ("get", "/v1/keys", Some("admin")),
    ("post", "/v1/keys", Some("admin")),
    ("delete", "/v1/keys/{id}", Some("admin")),
    ("post", "/v1/keys/{id}/rotate", Some("admin")),
    ("get", "/v1/tenants", Some("operator")),
    ("get", "/v1/tenants/{name}", Some("operator")),
    ("put", "/v1/tenants/{name}", Some("operator")),
    ("delete", "/v1/tenants/{name}", Some("operator")),
    ("post", "/v1/tenants/{name}/keys", Some("operator")),
    ("get", "/v1/providers", Some("admin")),
    ("get", "/v1/plugins", Some("read")),
    ("get", "/v1/plugins/{name}", Some("read")),
    ("put", "/v1/plugins/{name}", Some("plugins")),
    ("delete", "/v1/plugins/{name}", Some("plugins")),
    ("put", "/v1/plugins/{name}/settings", Some("plugins")),
    ("put", "/v1/plugins/{name}/binding", Some("plugins")),
    ("post", "/v1/plugins/{name}/activate", Some("plugins")),
    ("post", "/v1/plugins/{name}/deactivate", Some("plugins")),
    ("post", "/v1/plugins/{name}/shadow", Some("plugins")),
    ("post", "/v1/plugins/{name}/rollback", Some("plugins")),
    ("post", "/v1/plugins/{name}/test", Some("plugins")),
    ("post", "/v1/plugins/{name}/backtest", Some("plugins")),
    ("get", "/v1/plugins/{name}/diff", Some("read")),
    ("get", "/v1/plugins/{name}/activity", Some("read")),
    ("get", "/v1/plugins/{name}/logs", Some("read")),
    ("get", "/v1/plugins/{name}/revisions/{revision}", Some("read")),
    ("delete", "/v1/plugins/{name}/revisions/{revision}", Some("plugins")),
    ("get", "/v1/plugins/{name}/revisions/{revision}/component", Some("plugins")),
    ("get", "/hooks/{provider}", None),
    ("post", "/hooks/{provider}", None),
    ("get", "/healthz", None),
    ("get", "/readyz", None),
    ("get", "/metrics", None),
    ("get", "/openapi.json", None),
];

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// `UPDATE_GOLDEN=1 cargo test` writes the file.
#[test]
fn the_committed_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut generated = openapi().to_pretty_json().unwrap();
    generated.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/openapi.json is not up to date: run this test with UPDATE_GOLDEN=1"
    );
}

/// The router is made from the same list as the document, so this is the list of its routes.
#[test]
fn every_call_is_there_with_its_scope_and_no_other_call_is() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["key"][0].as_str();
            assert!(operation["security"].is_array(), "{method} {path} does not say whether it needs a key");
            found.insert((method.as_str(), path.as_str(), scope));
        }
    }
    assert_eq!(found, CALLS.iter().copied().collect());
}

/// The edge finds its calls by this table, the host by its router.
#[test]
fn host_and_edge_know_the_same_calls() {
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|(method, path, _, scope)| {
            (method.as_str().to_ascii_lowercase(), *path, scope.map(|scope| scope.as_str()))
        })
        .collect();
    let calls = CALLS.iter().map(|(method, path, scope)| ((*method).to_owned(), *path, *scope));
    assert_eq!(routes, calls.collect());
}

#[test]
fn the_parameters_that_are_read_are_the_ones_documented() {
    let document = document();
    for (path, read) in [
        ("/v1/messages", messages::LIST),
        ("/v1/inbox", inbox::READ),
        ("/v1/dead-letters", dead_letters::LIST),
        ("/v1/tenants", crate::api::tenants::LIST),
    ] {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let documented: Vec<_> =
            parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
        assert_eq!(documented, read, "{path}");
    }
}

/// Two codes belong to no call: they say that there is none.
#[test]
fn every_code_is_documented_at_a_call_that_answers_it() {
    let document = document().to_string();
    for kind in registry() {
        let is_documented = document.contains(&format!("`{}`: {}", kind.code, kind.title));
        let of_no_call = ["path_unknown", "method_not_allowed"].contains(&kind.code);
        assert_eq!(is_documented, !of_no_call, "{}", kind.code);
    }
}

#[test]
fn references_lead_somewhere_and_names_are_unique() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn every_field_of_the_document_says_what_it_is() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let Some(properties) = schema["properties"].as_object() else { continue };
        for (field, property) in properties {
            let is_described = property.to_string().contains("\"description\":");
            assert!(is_described, "{name}.{field}: {property}");
        }
    }
}
