//! Invariant 6: no log line above DEBUG carries a phone number or a message body; secrets are
//! nowhere.

use serde_json::json;

use crate::kit::{Gateway, Simulator, number};

#[tokio::test]
async fn the_log_names_no_number_no_body_and_no_secret() {
    let simulator = Simulator::start(&[]);
    let config = format!(
        r#"
[server]
listen = "{{address}}"
public_url = "http://{{address}}"
[log]
format = "json"
level = "info"
[providers.carrier]
component = "simulator"
settings = {{ endpoint = "{}" }}
secrets = {{ webhook = {{ env = "SIMULATOR_KEY" }} }}
hosts = ["{}"]
retry = {{ attempts_max = 2, base_ms = 10, max_ms = 20 }}
circuit = {{ failures = 1, open_ms = 200 }}
in_doubt = {{ wait_seconds = 0, then = "give-up" }}
[tenants.default]
[[tenants.default.screening]]
component = "country-blacklist"
settings = {{ deny = ["CI"] }}
"#,
        simulator.url(),
        simulator.host(),
    );
    let mut gateway = Gateway::start_with(&config, &[("SIMULATOR_KEY", "simulator-key")]).await;
    let client = gateway.client();
    let text = "Ein ganz geheimer Satz";
    let mut numbers =
        vec!["+2250123456789".to_owned(), "07400 123 456".to_owned(), "+44740012345".to_owned()];
    numbers.extend(["001", "005", "006", "008", "016", "017", "020", "999"].map(|suffix| number(7, suffix)));
    for to in &numbers {
        client.post("/v1/messages", &json!({ "to": to, "text": text, "from": "+447400987654" })).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let key = client.key().to_owned();
    assert!(gateway.stop().await);
    let log = gateway.log();
    assert!(log.contains("waypost serves"), "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
    }
    for number in numbers.iter().map(|it| it.trim_start_matches('+')).chain(["447400987654", "447400123456"])
    {
        assert!(!log.contains(number), "a number is in the log");
    }
    for secret in [text, key.as_str(), "simulator-key"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
