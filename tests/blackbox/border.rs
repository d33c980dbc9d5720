//! What is another tenant's is nobody's: the same answer, to the letter, for an id of another tenant and for
//! one that nobody has; and nothing that anyone may read names a tenant.

use reqwest::Method;
use serde_json::json;

use crate::kit::{Client, Gateway, eventually, number};

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.alpha]
[tenants.beta]
"#;
/// Of nobody, and well-formed.
const NO_MESSAGE: &str = "msg_01h455vb4pex5vsknk084sn02q";
const NO_REVISION: &str = "0123456789abcdef";

fn client(gateway: &Gateway, tenant: &str) -> Client {
    Client::new(gateway.address(), &gateway.key(tenant, &["send", "read", "inbox", "admin", "plugins"]))
}

#[tokio::test]
async fn an_id_of_another_tenant_is_an_id_of_nobody() {
    let gateway = Gateway::start(CONFIG).await;
    let (alpha, beta) = (client(&gateway, "alpha"), client(&gateway, "beta"));
    let message = alpha.send(&number(1, "000")).await;
    let revision =
        alpha.upload("policy", "screening", waypost_test_guests::HOSTILE, &json!({ "when": "call" })).await;
    let made = alpha.post("/v1/keys", &json!({ "label": "x", "role": "reader" })).await.body;
    let key = made["id"].as_str().unwrap();
    let cases = [
        (Method::GET, format!("/v1/messages/{message}"), format!("/v1/messages/{NO_MESSAGE}")),
        (Method::GET, format!("/v1/messages/{message}/trace"), format!("/v1/messages/{NO_MESSAGE}/trace")),
        (Method::DELETE, format!("/v1/messages/{message}"), format!("/v1/messages/{NO_MESSAGE}")),
        (Method::DELETE, format!("/v1/dead-letters/{message}"), format!("/v1/dead-letters/{NO_MESSAGE}")),
        (
            Method::POST,
            format!("/v1/dead-letters/{message}/redrive"),
            format!("/v1/dead-letters/{NO_MESSAGE}/redrive"),
        ),
        (Method::GET, "/v1/plugins/policy".into(), "/v1/plugins/nobodys".into()),
        (Method::DELETE, "/v1/plugins/policy".into(), "/v1/plugins/nobodys".into()),
        (Method::GET, "/v1/plugins/policy/activity".into(), "/v1/plugins/nobodys/activity".into()),
        (Method::GET, "/v1/plugins/policy/logs".into(), "/v1/plugins/nobodys/logs".into()),
        (
            Method::GET,
            format!("/v1/plugins/policy/revisions/{revision}"),
            format!("/v1/plugins/nobodys/revisions/{NO_REVISION}"),
        ),
        (
            Method::GET,
            format!("/v1/plugins/policy/revisions/{revision}/component"),
            format!("/v1/plugins/nobodys/revisions/{NO_REVISION}/component"),
        ),
        (
            Method::DELETE,
            format!("/v1/plugins/policy/revisions/{revision}"),
            format!("/v1/plugins/nobodys/revisions/{NO_REVISION}"),
        ),
        (Method::DELETE, format!("/v1/keys/{key}"), "/v1/keys/abcdefgh0123".into()),
        (Method::POST, format!("/v1/keys/{key}/rotate"), "/v1/keys/abcdefgh0123/rotate".into()),
        (Method::POST, "/v1/plugins/policy/deactivate".into(), "/v1/plugins/nobodys/deactivate".into()),
    ];
    for (method, others, nobodys) in cases {
        let ask = |path: String| {
            let (beta, method) = (beta.clone(), method.clone());
            async move {
                let headers = [("content-type", "application/json")];
                beta.request(method, &path, &headers, b"{}".to_vec()).await.unwrap()
            }
        };
        let (theirs, nobodys) = (ask(others.clone()).await, ask(nobodys).await);
        assert_eq!(theirs.status, 404, "{method} {others}: {}", theirs.text);
        assert_eq!((theirs.status, &theirs.text), (nobodys.status, &nobodys.text), "{method} {others}");
        let names = |answer: &crate::kit::Answer| {
            answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&theirs), names(&nobodys), "{method} {others}");
    }
    // And theirs is as it was.
    assert_eq!(alpha.get("/v1/plugins/policy").await.status, 200);
    assert!(alpha.get("/v1/keys").await.text.contains(key));
    for list in ["/v1/messages", "/v1/keys", "/v1/plugins", "/v1/dead-letters"] {
        let text = beta.get(list).await.text;
        assert!(
            !text.contains(&message) && !text.contains(key) && !text.contains("policy"),
            "{list}: {text}"
        );
    }
}

#[tokio::test]
async fn what_anyone_may_read_names_no_tenant() {
    let gateway = Gateway::start(CONFIG).await;
    let alpha = client(&gateway, "alpha");
    let id = alpha.send(&number(1, "000")).await;
    alpha.wait_for(&id, "delivered").await;
    let operator = alpha.with_key(&gateway.key("beta", &["operator"]));
    eventually("the operator sees alpha's figures", || async {
        operator.get("/metrics").await.text.contains("tenant=\"alpha\"").then_some(())
    })
    .await;
    for reader in [alpha.clone(), alpha.with_key(""), alpha.with_key("wp_nonsense")] {
        let metrics = reader.get("/metrics").await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.text.contains("waypost_submits_total"), "{}", metrics.text);
        assert!(metrics.text.ends_with("# EOF\n"));
        assert!(!metrics.text.contains("alpha") && !metrics.text.contains("tenant"), "{}", metrics.text);
    }
    // A configuration that cannot run here: the log says why, and what anyone may read does not.
    gateway.write_config(
        &CONFIG.replace("[tenants.beta]", "[tenants.beta]\ncallback_secret = { env = \"NOT_THERE\" }"),
    );
    gateway.signal("HUP");
    let ready = eventually("the notice is there", || async {
        let ready = alpha.with_key("").get("/readyz").await.text;
        ready.contains("config_refused").then_some(ready)
    })
    .await;
    assert!(!ready.contains("beta") && !ready.contains("NOT_THERE"), "{ready}");
    assert!(gateway.log().contains("tenants.beta"));
}
