//! The `twilio` component against a server that speaks Twilio's API.

use serde_json::{Value, json};

use crate::kit::{Client, FakeTwilio, Gateway, eventually, number};

const ACCOUNT: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn start() -> (FakeTwilio, Gateway, Client) {
    let twilio = FakeTwilio::start().await;
    let config = format!(
        r#"
[server]
listen = "{{address}}"
public_url = "http://{{address}}"
[providers.twilio]
component = "twilio"
settings = {{ account_sid = "{ACCOUNT}", endpoint = "{}" }}
secrets = {{ auth_token = {{ env = "TWILIO_AUTH_TOKEN" }} }}
hosts = ["{}"]
retry = {{ attempts_max = 3, base_ms = 20, max_ms = 50 }}
circuit = {{ failures = 100, open_ms = 200 }}
inbound = {{ tenant = "default", inbox = "support" }}
[tenants.default]
"#,
        twilio.url(),
        twilio.host(),
    );
    let gateway = Gateway::start_with(&config, &[("TWILIO_AUTH_TOKEN", TOKEN)]).await;
    let client = gateway.client();
    (twilio, gateway, client)
}

async fn send(client: &Client, suffix: &str) -> String {
    let body = json!({ "to": number(1, suffix), "from": "+15017122661", "text": "héllo + wörld & €" });
    let answer = client.post("/v1/messages", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_is_sent_and_its_signed_receipt_settles_it() {
    let (twilio, _gateway, client) = start().await;
    let id = send(&client, "999").await;
    let message = client.wait_for(&id, "submitted").await;
    let sent = twilio.sent().remove(0);
    assert_eq!(sent.field("To"), Some(number(1, "999").as_str()));
    assert_eq!(sent.field("From"), Some("+15017122661"));
    assert_eq!(sent.field("Body"), Some("héllo + wörld & €"));
    assert_eq!(message["reference"].as_str(), sent.sid.as_deref());
    let callback = sent.field("StatusCallback").unwrap().to_owned();
    assert!(callback.contains(&id), "{callback}");

    let sid = sent.sid.unwrap();
    let receipt = |status: &'static str| {
        let to = number(1, "999");
        let fields = [
            ("SmsSid", sid.clone()),
            ("MessageSid", sid.clone()),
            ("MessageStatus", status.to_owned()),
            ("SmsStatus", status.to_owned()),
            ("To", to),
            ("From", "+15017122661".to_owned()),
            ("AccountSid", ACCOUNT.to_owned()),
            ("ApiVersion", "2010-04-01".to_owned()),
        ];
        fields.map(|(name, value)| (name, value))
    };
    let delivered = receipt("delivered");
    let fields: Vec<(&str, &str)> = delivered.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let (status, body) = twilio.webhook(&callback, &fields, "another-token").await;
    assert_eq!(status, 403, "{body}");
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "webhook_forged");
    assert_eq!(client.message(&id).await["status"], "submitted");

    let (status, _) = twilio.webhook(&callback, &fields, TOKEN).await;
    assert!(status < 300, "{status}");
    assert_eq!(client.message(&id).await["status"], "delivered");

    // Late and out of order: nothing goes backwards.
    let sent_late = receipt("sent");
    let fields: Vec<(&str, &str)> = sent_late.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, _) = twilio.webhook(&callback, &fields, TOKEN).await;
    assert!(status < 300, "{status}");
    assert_eq!(client.message(&id).await["status"], "delivered");
}

#[tokio::test]
async fn errors_lead_where_their_class_says() {
    let (twilio, _gateway, client) = start().await;
    for (suffix, status, class, code) in [
        ("101", "failed", "message", "21211"),
        ("102", "failed", "sender", "21606"),
        ("105", "in_doubt", "in_doubt", "answer_lost"),
        ("106", "in_doubt", "in_doubt", "answer_lost"),
    ] {
        let id = send(&client, suffix).await;
        let message = client.wait_for(&id, status).await;
        assert_eq!(message["failure"]["class"], class, "{suffix}: {message}");
        assert_eq!(message["failure"]["code"], code, "{suffix}: {message}");
    }
    // Throttled: tried again by the same route, as often as it takes.
    let id = send(&client, "103").await;
    let tries = || async { (tries_of(&twilio, "103") >= 4).then_some(()) };
    eventually("a throttled message is tried again", tries).await;
    assert_eq!(client.message(&id).await["failure"]["class"], "throttled");
}

#[tokio::test]
async fn an_account_that_is_suspended_opens_the_circuit() {
    let (twilio, _gateway, client) = start().await;
    let first = send(&client, "104").await;
    eventually("the circuit opens", || async {
        let providers = client.get("/v1/providers").await.body;
        (providers["providers"][0]["health"] != "healthy").then_some(())
    })
    .await;
    assert_eq!(client.message(&first).await["failure"]["class"], "system");
    // The message waits and goes on by itself: no try is lost by the operator's problem.
    let tries = || async { (tries_of(&twilio, "104") >= 2).then_some(()) };
    eventually("a trial is made", tries).await;
    assert_eq!(client.message(&first).await["failure"]["code"], "30002");
}

#[tokio::test]
async fn an_inbound_message_reaches_its_inbox_once() {
    let (twilio, gateway, client) = start().await;
    let hook = format!("{}/hooks/twilio", gateway.url());
    let fields = [
        ("MessageSid", "SM000000000000000000000000000000ff"),
        ("AccountSid", ACCOUNT),
        ("From", "+447400123456"),
        ("To", "+15017122661"),
        ("Body", "Ja, héllo 😀 + &"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("SmsStatus", "received"),
    ];
    let (status, _) = twilio.webhook(&hook, &fields, "wrong").await;
    assert_eq!(status, 403);
    for _ in 0..2 {
        let (status, body) = twilio.webhook(&hook, &fields, TOKEN).await;
        assert_eq!(status, 200);
        assert!(body.contains("<Response"), "{body}");
    }
    let inbox = client.get("/v1/inbox?inbox=support").await.body;
    let messages = inbox["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{inbox}");
    assert_eq!(messages[0]["from"], "+447400123456");
    assert_eq!(messages[0]["to"], "+15017122661");
    assert_eq!(messages[0]["text"], "Ja, héllo 😀 + &");
}

fn tries_of(twilio: &FakeTwilio, suffix: &str) -> usize {
    let of_suffix = |sent: &crate::kit::Sent| sent.field("To").is_some_and(|to| to.ends_with(suffix));
    twilio.sent().iter().filter(|sent| of_suffix(sent)).count()
}
