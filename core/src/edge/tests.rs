use super::*;
use crate::config::{Config, OnFailure};
use crate::provider::{HttpResponse, WebhookRequest};

const FILE: &str = r#"
[server]
public_url = "https://sms.example.com"
default_region = "GB"

[providers.carrier]
component = "simulator"
hosts = ["api.example.com", "*.example.net"]
secrets = { token = { env = "TOKEN" } }
price = { currency = "EUR", default = "0.04", GB = "0.03" }
countries = ["GB", "DE"]
rate_per_second = 50
retry = { attempts_max = 3 }
in_doubt = { wait_seconds = 30, then = "retry" }

[providers.other]
component = "simulator"

[tenants.acme]
providers = ["carrier"]
destination_per_hour = 10
callback_hosts = ["hooks.example.com"]

[[tenants.acme.screening]]
component = "country-blacklist"
on_failure = "skip"

[[tenants.acme.screening]]
component = "consent"

[tenants.beta]

[numbers."+15017122661"]
tenant = "beta"
"#;

fn config() -> Config {
    Config::parse(FILE, "waypost.toml", &["simulator", "country-blacklist", "consent"]).unwrap().config
}

const URL: &str = "https://sms.example.com";

#[test]
fn a_tenant_gets_what_the_file_says_of_it() {
    let acme = EdgeConfig::of(&config(), "acme", URL).unwrap();
    let screening = acme.screening.as_ref().unwrap();
    assert_eq!(&*screening.component, "country-blacklist + consent");
    assert_eq!(screening.on_failure, OnFailure::Refuse, "one of them refuses, so the chain does");
    assert!(acme.sender.is_none() && acme.routing.is_none());
    assert_eq!(acme.routes, ["carrier".into()]);
    assert_eq!(acme.providers.len(), 2, "webhooks of every provider are taken");
    let carrier = &acme.providers["carrier"];
    assert_eq!(carrier.spin_component, "provider-carrier");
    assert_eq!(carrier.terms.hook_url, "https://sms.example.com/hooks/carrier");
    assert_eq!(carrier.terms.rules.doubt_wait_ms, 30_000);
    assert!(!acme.only_tenant);
    assert_eq!(acme.numbers["+15017122661"].tenant, "beta");
    assert!(EdgeConfig::of(&config(), "nobody", URL).is_none());
}

#[test]
fn a_route_has_to_be_a_provider() {
    let mut acme = EdgeConfig::of(&config(), "acme", URL).unwrap();
    acme.routes.push("gone".into());
    let read = EdgeConfig::parse(&serde_json::to_string(&acme).unwrap());
    assert_eq!(read, Err(EdgeConfigError::Route("gone".into())));
}

#[test]
fn json_and_configuration_are_the_same_thing() {
    let mut acme = EdgeConfig::of(&config(), "acme", URL).unwrap();
    acme.mode = SendMode::AtOnce;
    assert_eq!(EdgeConfig::parse(&serde_json::to_string(&acme).unwrap()), Ok(acme));
    let carrier = EdgeProviderConfig::of(&config(), "carrier").unwrap();
    let json = serde_json::to_string(&carrier).unwrap();
    assert!(!json.contains("TOKEN"), "where a secret comes from is not the component's business: {json}");
    assert_eq!(EdgeProviderConfig::parse(&json), Ok(carrier));
}

#[test]
fn another_version_is_named_even_where_the_form_has_changed() {
    let newer = EdgeConfig::parse(r#"{"version":2,"what":"else"}"#);
    assert_eq!(newer, Err(EdgeConfigError::Version { found: 2 }));
    assert!(matches!(EdgeConfig::parse("{}"), Err(EdgeConfigError::Form(_))));
    assert!(matches!(EdgeConfig::parse(r#"{"version":1}"#), Err(EdgeConfigError::Form(_))));
    let large = " ".repeat(CONFIG_BYTES_MAX + 1);
    assert_eq!(EdgeConfig::parse(&large), Err(EdgeConfigError::TooLarge { bytes: large.len() }));
}

#[test]
fn bytes_of_a_webhook_survive() {
    let webhook = WebhookRequest {
        method: "POST".to_owned(),
        url: "https://sms.example.com/hooks/carrier".to_owned(),
        headers: vec![("x-signature".to_owned(), "é".to_owned())],
        body: (0..=255).collect(),
        now_ms: 1,
        fetched: Some(HttpResponse { status: 200, headers: Vec::new(), body: vec![0xff, 0] }),
    };
    let json = serde_json::to_string(&webhook).unwrap();
    assert_eq!(serde_json::from_str::<WebhookRequest>(&json).unwrap(), webhook);
}

#[test]
fn modes_have_the_names_of_the_header() {
    assert_eq!(SendMode::from_name("queue"), Some(SendMode::Queue));
    assert_eq!(SendMode::from_name("at-once"), Some(SendMode::AtOnce));
    assert_eq!(SendMode::from_name("At-Once"), None);
    assert_eq!(serde_json::to_string(&SendMode::AtOnce).unwrap(), "\"at-once\"");
}
