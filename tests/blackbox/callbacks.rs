//! Reports of final states to applications.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::kit::{Gateway, Receiver, eventually, number};

fn config(receiver: &Receiver) -> String {
    format!(
        r#"
[server]
listen = "{{address}}"
[providers.simulator]
component = "simulator"
[tenants.default]
callback_hosts = ["{}"]
callback_secret = {{ env = "CALLBACK_SECRET" }}
"#,
        receiver.host()
    )
}

#[tokio::test]
async fn a_final_state_is_reported_signed_and_until_it_is_taken() {
    let receiver = Receiver::start(1).await;
    let gateway = Gateway::start_with(&config(&receiver), &[("CALLBACK_SECRET", "open sesame")]).await;
    let client = gateway.client();
    let url = format!("http://{}/sms", receiver.host());
    let body = json!({ "to": number(1, "000"), "text": "Hello", "callback_url": url });
    let answer = client.post("/v1/messages", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.body["id"].as_str().unwrap();

    let requests = eventually("the report comes again after a refusal", || async {
        let requests = receiver.requests();
        (requests.len() == 2).then_some(requests)
    })
    .await;
    for request in &requests {
        assert_eq!(request.body["id"], id);
        assert_eq!(request.body["status"], "delivered");
        let signed = format!(
            "{}.{}.{}",
            request.header("webhook-id").unwrap(),
            request.header("webhook-timestamp").unwrap(),
            String::from_utf8(request.raw.clone()).unwrap(),
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(b"open sesame").unwrap();
        mac.update(signed.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(request.header("webhook-signature"), Some(expected.as_str()));
    }
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
}

#[tokio::test]
async fn only_listed_hosts_are_called() {
    let receiver = Receiver::start(0).await;
    let gateway = Gateway::start_with(&config(&receiver), &[("CALLBACK_SECRET", "open sesame")]).await;
    let client = gateway.client();
    for url in ["http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "https://evil.example/"] {
        let body = json!({ "to": number(1, "000"), "text": "Hello", "callback_url": url });
        let answer = client.post("/v1/messages", &body).await;
        assert_eq!((answer.status, answer.code()), (422, "callback_host_not_allowed"), "{}", answer.text);
    }
    assert!(receiver.requests().is_empty());
}
