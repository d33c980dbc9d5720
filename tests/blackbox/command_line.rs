//! The command line against the running gateway, as a person and as a program would use it.

use serde_json::Value;

use crate::kit::Gateway;

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
[[tenants.default.screening]]
component = "country-blacklist"
settings = { deny = ["CI"] }
"#;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command with a key and gives its JSON.
fn json(gateway: &Gateway, key: &str, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["--json", "--key", key];
    all.extend_from_slice(arguments);
    let output = gateway.cli(&all);
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr)));
    (output.status.code().unwrap(), document)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_names_every_problem_with_its_line() {
    let good = Gateway::prepare(CONFIG, &[]);
    let output = good.cli(&["check", "waypost.toml"]);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let bad = CONFIG.replace("component = \"simulator\"", "component = \"simulator\"\nweigth = 3");
    let bad = Gateway::prepare(&bad.replace("deny", "denny"), &[]);
    let output = bad.cli(&["check", "waypost.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(said.contains("waypost.toml:6:1") && said.contains("did you mean \"weight\""), "{said}");

    // What only the component knows: its settings.
    let settings = Gateway::prepare(&CONFIG.replace("deny", "denny"), &[]);
    let output = settings.cli(&["check", "waypost.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(said.contains("tenants.default.screening[0]") && said.contains("denny"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sends_explains_lists_and_looks_up() {
    let gateway = Gateway::start(CONFIG).await;
    let key = gateway.key("default", &["send", "read", "admin"]);
    let (status, sent) =
        json(&gateway, &key, &["send", "--to", "+447400123000", "--text", "Hello", "--wait"]);
    assert_eq!(status, 0, "{sent}");
    assert_eq!(sent["status"], "delivered", "{sent}");
    let id = sent["id"].as_str().unwrap();

    let table = gateway.cli(&["--key", &key, "messages", "list"]);
    assert!(text(&table.stdout).contains(id), "{}", text(&table.stdout));
    let shown = gateway.cli(&["--key", &key, "messages", "show", id]);
    assert!(text(&shown.stdout).contains("country-blacklist"), "{}", text(&shown.stdout));

    let explained = gateway.cli(&["--key", &key, "explain", "--to", "+2250123456789", "--text", "Hello"]);
    assert_eq!(explained.status.code(), Some(1));
    assert!(text(&explained.stdout).contains("country_denied"), "{}", text(&explained.stdout));

    let (_, failed) = json(&gateway, &key, &["send", "--to", "+447400123001", "--text", "Hello"]);
    let failed = failed["id"].as_str().unwrap().to_owned();
    crate::kit::eventually("the dead letter is there", || async {
        let (_, letters) = json(&gateway, &key, &["dead-letters", "list"]);
        letters.to_string().contains(&failed).then_some(())
    })
    .await;
    let redriven = gateway.cli(&["--key", &key, "dead-letters", "redrive", &failed]);
    assert!(redriven.status.success(), "{}", text(&redriven.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_sent_once_however_often_it_is_sent() {
    let gateway = Gateway::start(CONFIG).await;
    let key = gateway.key("default", &["send", "read"]);
    let mut rows = "to,text,client_ref\n".to_owned();
    for index in 0..50 {
        rows.push_str(&format!("+4474{index:05}000,Hello {index},row-{index}\n"));
    }
    rows.push_str("+2250123456789,Hello,denied\n");
    std::fs::write(gateway.folder().join("list.csv"), rows).unwrap();
    for _ in 0..2 {
        let output = gateway.cli(&["--key", &key, "send", "--csv", "list.csv", "--failed", "failed.csv"]);
        assert_eq!(output.status.code(), Some(1), "one row is refused: {}", text(&output.stderr));
    }
    let (_, sent) = json(&gateway, &key, &["messages", "list", "--limit", "500"]);
    let delivered_or_under_way = sent.to_string().matches("\"row-").count();
    assert_eq!(delivered_or_under_way, 50);
    let failed = std::fs::read_to_string(gateway.folder().join("failed.csv")).unwrap();
    assert!(failed.contains("+2250123456789") && failed.contains("country_denied"), "{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_listed_and_taken_back() {
    let gateway = Gateway::start(CONFIG).await;
    let key = gateway.key("default", &["read"]);
    let listed = gateway.cli(&["keys", "list", "--config", "waypost.toml"]);
    let id = key.split('_').nth(1).unwrap();
    assert!(text(&listed.stdout).contains(id), "{}", text(&listed.stdout));
    assert!(!text(&listed.stdout).contains(&key));
    let revoked = gateway.cli(&["keys", "revoke", id, "--config", "waypost.toml"]);
    assert!(revoked.status.success(), "{}", text(&revoked.stderr));
    let unknown = gateway.cli(&[
        "keys",
        "create",
        "--tenant",
        "nobody",
        "--label",
        "x",
        "--scope",
        "send",
        "--config",
        "waypost.toml",
    ]);
    assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_tell_what_went_wrong() {
    let gateway = Gateway::prepare(CONFIG, &[]);
    let unreachable =
        gateway.cli(&["--key", &format!("wp_{}_{}", "a".repeat(12), "A".repeat(43)), "messages", "list"]);
    assert_eq!(unreachable.status.code(), Some(3), "{}", text(&unreachable.stderr));
    let usage = gateway.cli(&["messages", "nonsense"]);
    assert_eq!(usage.status.code(), Some(2));
    let no_config = gateway.cli(&["serve", "--config", "missing.toml"]);
    assert_eq!(no_config.status.code(), Some(1));
    assert!(text(&no_config.stderr).contains("missing.toml"), "{}", text(&no_config.stderr));
}
