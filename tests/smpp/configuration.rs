//! What `waypost check`, `/readyz` and the routes say of a carrier that cannot be used.

use serde_json::json;

use crate::kit::{Gateway, eventually, free_address, number};
use crate::world::config;

#[tokio::test]
async fn check_names_what_is_wrong() {
    let said = |config: &str, variables: &[(&str, &str)]| {
        let output = Gateway::prepare(config, variables).cli(&["check", "waypost.toml"]);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let good = config("smsc.example.com", "");
    let (well, text) = said(&good, &[("CARRIER_PASSWORD", "s3cret")]);
    assert!(well, "{text}");
    for (config, variables, expected) in [
        (good.clone(), &[][..], "CARRIER_PASSWORD is not set"),
        (good.clone(), &[("CARRIER_PASSWORD", "longer than 8")][..], "password_too_long"),
        (good.replace("address = \"smsc.example.com\"\n", ""), &[("CARRIER_PASSWORD", "x")][..], "address"),
        (
            good.replace("window", "tls = true\ntls_ca_file = \"none.pem\"\nwindow"),
            &[("CARRIER_PASSWORD", "x")][..],
            "tls_ca_unreadable",
        ),
    ] {
        let (well, text) = said(&config, variables);
        assert!(!well && text.contains(expected) && text.contains("carrier"), "{expected}: {text}");
    }
}

#[tokio::test]
async fn without_a_session_readyz_says_so_and_messages_take_another_route() {
    let nobody = free_address().to_string();
    let other = "[providers.backup]\ncomponent = \"simulator\"\nweight = 1\n";
    let config = config(&nobody, "") + other;
    let gateway = Gateway::start_with(&config, &[("CARRIER_PASSWORD", "x")]).await;
    let client = gateway.client();
    let id = client.send(&number(1, "000")).await;
    eventually("a notice", || async {
        let ready = client.get("/readyz").await;
        (ready.status == 200 && ready.text.contains("smpp_unbound")).then_some(())
    })
    .await;
    let message = client.wait_for(&id, "delivered").await;
    assert_eq!(message["route"].as_str().or(message["provider"].as_str()), Some("backup"), "{message}");
    let providers = client.get("/v1/providers").await.body;
    let carrier = providers["providers"].as_array().unwrap().iter().find(|it| it["name"] == "carrier");
    assert_eq!(carrier.unwrap()["health"], json!("down"), "{providers}");
}
