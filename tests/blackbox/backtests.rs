//! What a revision would have decided about messages of the past, and what keeps that from harming anyone.

use serde_json::{Value, json};

use crate::kit::{Client, Gateway, eventually};

/// Two tenants alike, but that of one too little is recorded to ask about it again.
const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.default]
[tenants.default.sender]
component = "sender-override"
settings = { by_country = { GB = "Waypost" } }
[tenants.default.routing]
component = "least-cost"
[tenants.unrecorded]
recorded_percent = 0
[tenants.unrecorded.sender]
component = "sender-override"
settings = { by_country = { GB = "Waypost" } }
[tenants.unrecorded.routing]
component = "least-cost"
"#;
/// Germany, Spain, France, the United Kingdom.
const PREFIXES: [&str; 4] = ["+49151", "+346", "+336", "+4474"];
/// Requests, each with 25 recipients in each country.
const REQUESTS: u32 = 30;
const EACH: u64 = REQUESTS as u64 * 25;

fn author(gateway: &Gateway, tenant: &str) -> Client {
    Client::new(gateway.address(), &gateway.key(tenant, &["send", "read", "plugins"]))
}

/// Senders, tags, priorities, alphabets and lengths by turns.
async fn send_all(client: &Client) {
    for request in 0..REQUESTS {
        let recipient = |n: u32| format!("{}{:05}999", PREFIXES[n as usize % 4], request * 100 + n);
        let text = ["Code 4711".to_owned(), format!("Číslo {request}"), "Long ".repeat(60)];
        let mut body = json!({ "to": (0..100).map(recipient).collect::<Vec<_>>(),
            "text": text[request as usize % 3], "priority": request % 4 });
        if request % 2 == 0 {
            body["from"] = json!("Shop");
            body["tags"] = json!(["otp"]);
        }
        let answer = client.post("/v1/messages", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
}

async fn revision(client: &Client, plugin: &str, role: &str, component: &str, settings: &Value) -> String {
    let component = waypost_builtins::find(component).unwrap().component;
    let revision = client.upload(plugin, role, component, settings).await;
    client.ready(plugin, &revision).await;
    revision
}

async fn backtest(client: &Client, plugin: &str, revision: &str) -> Value {
    let body = json!({ "revision": revision, "last": 100_000 });
    let answer = client.post(&format!("/v1/plugins/{plugin}/backtest"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

fn figures(report: &Value) -> [u64; 5] {
    ["messages", "compared", "differing", "not_comparable", "not_recorded"]
        .map(|field| report[field].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_decided_gives_the_same_answers_and_what_is_not_recorded_is_said() {
    let gateway = Gateway::start(CONFIG).await;
    for (tenant, not_recorded) in [("default", 0), ("unrecorded", EACH)] {
        let author = author(&gateway, tenant);
        let no_france = json!({ "deny": ["FR"] });
        let active = revision(&author, "countries", "screening", "country-blacklist", &no_france).await;
        let answer = author.post("/v1/plugins/countries/activate", &json!({ "revision": active })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        send_all(&author).await;

        // Where the operator's component replaced the sender of a British message, nobody knows any more
        // what the plugin was shown, unless it is recorded.
        let same = backtest(&author, "countries", &active).await;
        let compared = 4 * EACH - not_recorded;
        assert_eq!(figures(&same), [4 * EACH, compared, 0, not_recorded, not_recorded], "{same}");
        assert_eq!((&same["against"], &same["ended_early"]), (&json!(active), &json!(false)), "{same}");
        let no_germany = json!({ "deny": ["DE"] });
        let other = revision(&author, "countries", "screening", "country-blacklist", &no_germany).await;
        let differs = backtest(&author, "countries", &other).await;
        assert_eq!(
            figures(&differs),
            [4 * EACH, compared, 2 * EACH, not_recorded, not_recorded],
            "{differs}"
        );
        let group = |was: &str, would_be: &str, country: &str| json!({ "was": was, "would_be": would_be, "country": country, "messages": EACH });
        let denied = "refuse country_denied";
        let groups = differs["by_kind"].as_array().unwrap();
        for group in [group("allow", denied, "DE"), group(denied, "allow", "FR")] {
            assert!(groups.contains(&group), "{group}: {differs}");
        }

        // Of a place that the operator's component has, the plugin was not asked, and of routing only what
        // is recorded can be asked again.
        let routes = revision(&author, "routes", "routing", "least-cost", &json!({})).await;
        let unasked = backtest(&author, "routes", &routes).await;
        assert_eq!(figures(&unasked), [4 * EACH, 0, 0, 4 * EACH, 0], "{unasked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_routing_plugin_is_compared_with_what_holds_without_one() {
    let gateway = Gateway::start(
        r#"
[server]
listen = "{address}"
[providers.dear]
component = "simulator"
weight = 20
price = { currency = "EUR", default = "0.09" }
[providers.cheap]
component = "simulator"
weight = 10
price = { currency = "EUR", default = "0.01" }
[tenants.default]
"#,
    )
    .await;
    let author = author(&gateway, "default");
    for number in 0..10 {
        let message = json!({ "to": format!("+4474{number:05}999"), "text": "Hello" });
        assert_eq!(author.post("/v1/messages", &message).await.status, 202);
    }
    let first = revision(&author, "routes", "routing", "least-cost", &json!({})).await;
    let report = backtest(&author, "routes", &first).await;
    assert_eq!(figures(&report), [10, 10, 10, 0, 0], "{report}");
    assert_eq!((&report["candidates_of_today"], &report["against"]), (&json!(10), &json!("nothing")));
    let expected =
        json!([{ "was": "ranked dear", "would_be": "ranked cheap", "country": "GB", "messages": 10 }]);
    assert_eq!(report["by_kind"], expected, "{report}");

    // Once it decides, what it was given is recorded, and another plugin is compared with it.
    let activate = json!({ "revision": first });
    assert_eq!(author.post("/v1/plugins/routes/activate", &activate).await.status, 200);
    let message = json!({ "to": "+447400123999", "text": "Hello" });
    assert_eq!(author.post("/v1/messages", &message).await.status, 202);
    let other = revision(&author, "others", "routing", "least-cost", &json!({})).await;
    let report = backtest(&author, "others", &other).await;
    assert_eq!(figures(&report), [11, 11, 10, 0, 0], "{report}");
    assert_eq!((&report["candidates_of_today"], &report["against"]), (&json!(10), &json!(first)));
}

/// A component that burns all its fuel where a message's tag says so.
async fn burner(author: &Client) -> String {
    let component = waypost_test_guests::HOSTILE;
    let revision = author.upload("burner", "screening", component, &json!({ "when": "call" })).await;
    author.ready("burner", &revision).await;
    revision
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_asks_again_once_at_a_time() {
    let gateway = Gateway::start(CONFIG).await;
    let (author, other) = (author(&gateway, "default"), author(&gateway, "unrecorded"));
    let tags = json!(["misbehave:endless-loop"]);
    let to: Vec<String> = (0..100).map(|n| format!("+4474{n:05}999")).collect();
    let answer = author.post("/v1/messages", &json!({ "to": to, "text": "Hello", "tags": tags })).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let revision = burner(&author).await;
    let others = burner(&other).await;
    let message = json!({ "to": "+447400123456", "text": "Hello", "tags": tags });
    let fixtures: Vec<Value> = (0..100).map(|_| json!({ "message": message })).collect();
    for (call, body, code) in [
        ("backtest", json!({ "revision": revision, "last": 100 }), "backtests_full"),
        ("test", json!({ "revision": revision, "fixtures": fixtures }), "plugin_tests_full"),
    ] {
        let path = format!("/v1/plugins/burner/{call}");
        let first = tokio::spawn({
            let (author, path, body) = (author.clone(), path.clone(), body.clone());
            async move {
                // The short one may have been quicker to begin.
                loop {
                    let answer = author.post(&path, &body).await;
                    if answer.status != 429 {
                        return answer;
                    }
                }
            }
        });
        let short = json!({ "revision": revision, "last": 1, "fixtures": [] });
        let mut short = short.as_object().unwrap().clone();
        short.remove(if call == "test" { "last" } else { "fixtures" });
        let mut short = Value::Object(short);
        let refused = eventually("a second one is refused", || async {
            assert!(!first.is_finished(), "{call}: it was too quick to be in the way");
            Some(author.post(&path, &short).await).filter(|answer| answer.status != 200)
        })
        .await;
        assert_eq!((refused.status, refused.code()), (429, code), "{}", refused.text);
        assert!(refused.header("retry-after").is_some(), "{:?}", refused.headers);
        short["revision"] = json!(others);
        assert_eq!(other.post(&path, &short).await.status, 200, "another tenant has a place of its own");
        let first = first.await.unwrap();
        assert_eq!(first.status, 200, "{}", first.text);
        if call == "backtest" {
            assert_eq!((&first.body["faults"], &first.body["differing"]), (&json!(100), &json!(100)));
        }
        assert_eq!(
            author
                .post(&path, &{
                    short["revision"] = json!(revision);
                    short
                })
                .await
                .status,
            200
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_fixtures_count_as_uploads() {
    let gateway = Gateway::start(CONFIG).await;
    let author = author(&gateway, "default");
    let operator = author.with_key(&gateway.key("default", &["operator"]));
    let plan = json!({ "plan": { "uploads_per_hour": 2 } });
    assert_eq!(operator.put("/v1/tenants/default", &plan).await.status, 200);
    let deny = |country: &str| json!({ "countries": [country] });
    let component = waypost_test_guests::DENY;
    let revision = author.upload("deny", "screening", component, &deny("DE")).await;
    author.ready("deny", &revision).await;
    let fixture = |country: &str| json!({ "message": { "to": "+4915112345000", "text": "Hello" }, "settings": deny(country), "expect": { "allow": true } });
    let fixtures: Vec<Value> = ["GB", "GB", "DE", "FR"].map(fixture).into();
    let body = json!({ "revision": revision, "fixtures": fixtures });
    let answer = author.post("/v1/plugins/deny/test", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ran = answer.body["fixtures"].as_array().unwrap();
    let passed: Vec<_> = ran.iter().map(|it| it["passed"] == true).collect();
    assert_eq!(passed, [true, true, false, false], "{}", answer.text);
    assert_eq!(
        ran[2]["answer"].as_str().map(|it| it.starts_with("refuse")),
        Some(true),
        "it is compiled: {ran:?}"
    );
    assert!(ran[3]["differences"][0].as_str().unwrap().contains("uploads_limited"), "{}", answer.text);
}
