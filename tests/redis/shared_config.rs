//! One configuration for all hosts, handed out through Redis and exchanged while they run.

use std::process::Output;

use serde_json::json;

use super::world::{SECRETS, Setup, durable_server, ready};
use crate::kit::{Client, Gateway, Simulator, eventually, number};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The file of a host that has nothing but its own.
fn own(setup: &Setup<'_>, name: &str) -> String {
    let whole = setup.config(name, "http://{address}");
    let (own, _) = whole.split_once("[providers.").unwrap();
    format!("{own}shared_config = true\n")
}

fn push(host: &Gateway, text: &str, arguments: &[&str]) -> Output {
    std::fs::write(host.folder().join("shared.toml"), text).unwrap();
    host.cli(&[&["config", "push", "shared.toml"], arguments].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pushed_configuration_runs_on_all_hosts_without_a_restart() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup::new(&redis.url(), &simulator);
    let mut hosts: Vec<Gateway> =
        ["a", "b"].iter().map(|name| Gateway::prepare(&own(&setup, name), &SECRETS)).collect();
    let nothing = hosts[0].cli(&["serve"]);
    assert!(!nothing.status.success() && said(&nothing).contains("config_not_shared"), "{}", said(&nothing));

    let first = setup.shared();
    let pushed = push(&hosts[0], &first, &["--note", "the first"]);
    assert!(pushed.status.success(), "{}", said(&pushed));
    for host in &mut hosts {
        host.run().await;
    }
    let clients: Vec<_> = hosts.iter().map(Gateway::client).collect();
    let id = clients[0].send(&number(1, "999")).await;
    clients[1].wait_for(&id, "delivered").await;
    let unknown = hosts[0].cli(&["keys", "create", "--tenant", "shop", "--label", "x", "--scope", "send"]);
    assert!(said(&unknown).contains("tenant_unknown"), "{}", said(&unknown));

    // A new tenant, and another provider beside the first.
    let second = format!(
        "{first}[tenants.shop]\nproviders = [\"other\"]\n[providers.other]\ncomponent = \"simulator\"\n"
    );
    assert!(push(&hosts[1], &second, &[]).status.success());
    for host in &hosts {
        let shop = host.client_of("shop");
        let body = json!({ "to": number(2, "999"), "text": "Hello" });
        let id = eventually("the new tenant sends", || async {
            let answer = shop.post("/v1/messages", &body).await;
            (answer.status == 202).then(|| answer.body["id"].as_str().unwrap().to_owned())
        })
        .await;
        shop.wait_for(&id, "delivered").await;
    }
    let id = clients[0].send(&number(3, "999")).await;
    clients[1].wait_for(&id, "delivered").await;

    // One that cannot run on the hosts: the secret is not there. The old one goes on.
    let third = first.replace("SIMULATOR_KEY", "NOT_THERE");
    assert!(push(&hosts[0], &third, &[]).status.success());
    for client in &clients {
        eventually("the notice is there", || async {
            let notices = ready(client, 200).await["notices"].to_string();
            (notices.contains("config_refused") && !notices.contains("NOT_THERE")).then_some(())
        })
        .await;
    }
    let shop = hosts[1].client_of("default");
    let id = shop.send(&number(4, "999")).await;
    shop.wait_for(&id, "delivered").await;

    // Back, and the notice goes.
    assert!(hosts[0].cli(&["config", "rollback", "2"]).status.success());
    for client in &clients {
        eventually("the notice is gone", || async {
            let notices = ready(client, 200).await["notices"].to_string();
            (!notices.contains("config_refused")).then_some(())
        })
        .await;
    }
    let history = hosts[0].cli(&["config", "history", "--json"]);
    let history: Vec<serde_json::Value> = serde_json::from_slice(&history.stdout).unwrap();
    let notes: Vec<&str> = history.iter().map(|it| it["note"].as_str().unwrap()).collect();
    assert_eq!(notes, ["back to version 2", "", "", "the first"]);
    let shown = hosts[0].cli(&["config", "show", "1"]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), first.trim());

    let wrong = push(&hosts[0], "[providers.a]\ncomponent = \"simulater\"\n[tenants.x]\n", &[]);
    assert!(!wrong.status.success() && said(&wrong).contains("simulator"), "{}", said(&wrong));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hosts_own_file_is_read_again_at_a_signal() {
    let redis = durable_server();
    let simulator = Simulator::start(&["--delay-ms", "20"]);
    let setup = Setup::new(&redis.url(), &simulator);
    let host = setup.start("a").await;
    let client = host.client();
    let file = host.folder().join("waypost.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "[server\n").unwrap();
    host.signal("HUP");
    eventually("the wrong file is refused", || async {
        ready(&client, 200).await["notices"].to_string().contains("config_refused").then_some(())
    })
    .await;
    std::fs::write(&file, format!("{text}[tenants.shop]\n")).unwrap();
    host.signal("HUP");
    let shop = host.client_of("shop");
    let body = json!({ "to": number(1, "999"), "text": "Hello" });
    eventually("the new tenant sends", || async {
        (shop.post("/v1/messages", &body).await.status == 202).then_some(())
    })
    .await;
    assert!(!ready(&client, 200).await["notices"].to_string().contains("config_refused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_tenant_names_a_component_that_came_with_the_configuration() {
    let redis = durable_server();
    let simulator = Simulator::start(&[]);
    let setup = Setup::new(&redis.url(), &simulator);
    let mut hosts: Vec<Gateway> =
        ["a", "b"].iter().map(|name| Gateway::prepare(&own(&setup, name), &SECRETS)).collect();
    // Only beside the file that is pushed: no other host has it on its disk.
    std::fs::write(hosts[0].folder().join("policy.wasm"), waypost_test_guests::HOSTILE).unwrap();
    let shared = format!("{}[components.policy]\npath = \"policy.wasm\"\n", setup.shared());
    let pushed = push(&hosts[0], &shared, &[]);
    assert!(pushed.status.success(), "{}", said(&pushed));
    std::fs::remove_file(hosts[0].folder().join("policy.wasm")).unwrap();
    for host in &mut hosts {
        host.run().await;
    }
    let operator = Client::new(hosts[1].address(), &hosts[1].key("default", &["operator"]));
    let screening = json!([{ "component": "policy", "settings": { "when": "call" } }]);
    let made = operator.put("/v1/tenants/shop", &json!({ "settings": { "screening": screening } })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = operator.post("/v1/tenants/shop/keys", &json!({ "label": "x", "role": "sender" })).await;
    let body = json!({ "to": number(1, "999"), "text": "Hello", "tags": ["misbehave:trap"] });
    for host in &hosts {
        let shop = Client::new(host.address(), key.body["key"].as_str().unwrap());
        let refused = eventually("the tenant's policy decides", || async {
            let answer = shop.post("/v1/messages", &body).await;
            (answer.status == 422).then_some(answer.body)
        })
        .await;
        assert_eq!(refused["policy_code"], "component_failed", "{refused}");
    }
}
