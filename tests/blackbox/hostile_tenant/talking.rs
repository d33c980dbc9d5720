//! Receiving components that answer without end, or speak for others.

use serde_json::{Value, json};
use waypost_test_guests::{HOSTILE, KEYWORDS};

use super::World;
use crate::kit::{Client, eventually, number};

const OURS: &str = "+447400900101";
const THEIRS: &str = "+447400900102";
/// Whoever gets a message there answers `Hello` to its sender.
const ANSWERS: &str = "033";

/// Numbers are the operator's, who gives them to tenants of the file.
const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.good]
[tenants.hostile]
[numbers]
"+447400900101" = { tenant = "hostile" }
"+447400900102" = { tenant = "good" }
"#;

struct Talking {
    world: World,
    hostile: Client,
}

impl Talking {
    /// With a receiving component that is asked from now on.
    async fn start(component: &[u8], settings: &Value) -> Self {
        let world = World::start_with(CONFIG, &json!({ "decision_ms_per_second": 10_000 })).await;
        let hostile = world.good.with_key(&world.gateway.key("hostile", &["send", "read", "inbox"]));
        let revision = world.author.upload("talk", "receiving", component, settings).await;
        world.author.ready("talk", &revision).await;
        let answer = world.author.post("/v1/plugins/talk/activate", &json!({ "revision": revision })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self { world, hostile }
    }

    async fn send(&self, to: &str) {
        let body = json!({ "to": to, "from": OURS, "text": "offer" });
        let answer = self.hostile.post("/v1/messages", &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// Messages to a number, newest first.
    async fn sent_to(&self, to: &str) -> Vec<Value> {
        let path = format!("/v1/messages?to={}&limit=500", to.replace('+', "%2B"));
        self.hostile.get(&path).await.body["messages"].as_array().expect("a list").clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_that_answer_each_other_end_by_the_hops() {
    let settings = json!({ "replies": { "HELLO": "hello yourself" } });
    let talking = Talking::start(KEYWORDS, &settings).await;
    let machine = number(3, ANSWERS);
    let work = async {
        talking.send(&machine).await;
        eventually("the loop ends", || async {
            let newest = talking.sent_to(&machine).await.first()?.clone();
            (newest["status"] == "refused").then_some(newest)
        })
        .await
    };
    let last = talking.world.while_others_send("a send loop", work).await;
    assert_eq!(last["failure"]["code"], "hops_exceeded", "{last}");
    assert!(last["failure"]["reason"].as_str().unwrap().starts_with("4 messages led to this one"), "{last}");
    assert_eq!(talking.sent_to(&machine).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_messages_out_of_one_call_is_four() {
    let settings = json!({ "when": "always", "do": "flood" });
    let talking = Talking::start(HOSTILE, &settings).await;
    let machine = number(4, ANSWERS);
    let work = async {
        talking.send(&machine).await;
        // Four of a hundred, and each of them is answered with four of a hundred.
        eventually("the flood ends by a limit", || async {
            let messages = talking.sent_to(&machine).await;
            messages.iter().any(|message| message["status"] == "refused").then_some(())
        })
        .await;
    };
    talking.world.while_others_send("a flood of replies", work).await;
    let messages = talking.sent_to(&machine).await;
    let (refused, sent): (Vec<_>, Vec<_>) =
        messages.iter().partition(|message| message["status"] == "refused");
    // The offer, and what receiving components may send to one number in an hour.
    assert!(sent.len() <= 21, "{}", sent.len());
    for message in refused {
        let code = message["failure"]["code"].as_str().unwrap();
        assert!(["hops_exceeded", "replies_per_hour"].contains(&code), "{message}");
    }
    // The component was told so each time.
    let told = talking.hostile.get("/v1/inbox?inbox=refused-96").await.body;
    assert!(!told["messages"].as_array().unwrap().is_empty(), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_speaks_for_its_own_tenant_only() {
    let settings = json!({ "when": "always", "do": "claim" });
    let talking = Talking::start(HOSTILE, &settings).await;
    let machine = number(5, ANSWERS);
    let work = async {
        talking.send(&machine).await;
        eventually("the claim is refused", || async {
            let newest = talking.sent_to(&machine).await.first()?.clone();
            (newest["status"] == "refused").then_some(newest)
        })
        .await
    };
    let refused = talking.world.while_others_send("a claim", work).await;
    // From the other's number nothing goes, by a component or by a request.
    assert_eq!((&refused["failure"]["code"], &refused["from"]), (&json!("sender_not_own"), &json!(THEIRS)));
    let body = json!({ "to": machine, "from": THEIRS, "text": "offer" });
    for path in ["/v1/messages", "/v1/messages/explain"] {
        let answer = talking.hostile.post(path, &body).await;
        assert!(answer.text.contains("sender_not_own"), "{path}: {}", answer.text);
    }
    let own = talking.world.good.post("/v1/messages", &body).await;
    assert_eq!(own.status, 202, "{}", own.text);
    let id = own.body["id"].as_str().unwrap();
    talking.world.good.wait_for(id, "delivered").await;

    // An inbox of the other's name is one more of its own.
    eventually("the inbound message is in an inbox of that name", || async {
        let inbox = talking.hostile.get("/v1/inbox?inbox=good").await.body;
        (!inbox["messages"].as_array()?.is_empty()).then_some(())
    })
    .await;
    // The other's has what was written to the other, and no more.
    let inbox = eventually("the answer to the good tenant's own message", || async {
        let inbox = talking.world.good.get("/v1/inbox?limit=100").await.body;
        let messages = inbox["messages"].as_array()?.clone();
        (!messages.is_empty()).then_some(messages)
    })
    .await;
    assert!(inbox.iter().all(|message| message["to"] == THEIRS), "{inbox:?}");
    assert_eq!(inbox.len(), 1, "{inbox:?}");
}
