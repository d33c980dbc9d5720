//! Receiving components on the whole way: a message comes in by the carrier's webhook, and what the
//! component of `tests/guests/keywords` decides takes effect.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::{Client, Gateway, Simulator, eventually, number};

const OURS: &str = "+447400900101";

fn config(carrier: &Simulator) -> String {
    let (url, host, component) = (carrier.url(), carrier.host(), waypost_test_guests::KEYWORDS_PATH);
    format!(
        r#"
[server]
listen = "{{address}}"
[components.keywords]
path = "{component}"
[providers.carrier]
component = "simulator"
hosts = ["{host}"]
settings = {{ endpoint = "{url}" }}
secrets = {{ webhook = {{ env = "CARRIER_KEY" }} }}
[tenants.default]
[[tenants.default.receiving]]
component = "keywords"
settings = {{ replies = {{ HELP = "this is help", STOP = "no more", START = "welcome back", HELLO = "hello yourself" }} }}
"#
    )
}

struct World {
    carrier: Simulator,
    gateway: Gateway,
    client: Client,
}

impl World {
    async fn start() -> Self {
        let carrier = Simulator::start(&[]);
        let gateway = Gateway::start_with(&config(&carrier), &[("CARRIER_KEY", Simulator::KEY)]).await;
        let client = gateway.client();
        Self { carrier, gateway, client }
    }

    /// Who may see figures by tenant.
    fn operator(&self) -> Client {
        self.client.with_key(&self.gateway.key("default", &["operator"]))
    }

    /// Has the carrier report a message, and waits until it is in its inbox. Gives its reference.
    async fn brings(&self, from: &str, text: &str, inbox: &str) -> String {
        let hook = format!("{}/hooks/carrier", self.gateway.url());
        let reference = self.carrier.inbound(&hook, from, OURS, text).await;
        self.client.receives(&reference, inbox).await;
        reference
    }

    /// Messages to a number, oldest first.
    async fn sent_to(&self, to: &str) -> Vec<Value> {
        let path = format!("/v1/messages?to={}&limit=100", to.replace('+', "%2B"));
        let list = self.client.get(&path).await;
        let mut messages = list.body["messages"].as_array().expect("a list").clone();
        messages.reverse();
        messages
    }

    async fn send(&self, to: &str) -> crate::kit::Answer {
        self.client.post("/v1/messages", &json!({ "to": to, "from": OURS, "text": "offer" })).await
    }
}

#[tokio::test]
async fn a_word_is_answered_from_the_number_it_was_written_to() {
    let world = World::start().await;
    let from = number(1, "000");
    let reference = world.brings(&from, "help me", "default").await;
    let [reply] = &world.sent_to(&from).await[..] else { panic!("one reply") };
    assert_eq!((&reply["from"], &reply["to"]), (&json!(OURS), &json!(from)), "{reply}");
    let id = reply["id"].as_str().unwrap();
    assert_eq!(world.client.wait_for(id, "delivered").await["text"], "this is help");
    let steps = world.client.steps(id).await;
    assert_eq!(steps[0]["caused_by"]["reference"], *reference);
    let decision = &steps[0]["decisions"][0];
    assert_eq!((&decision["role"], &decision["component"]), (&json!("receiving"), &json!("keywords")));
    assert!(decision["fuel"].as_u64().unwrap() > 0, "{decision}");

    // Another inbox, none, and a failure.
    world.brings(&from, "sales", "sales").await;
    world.brings(&from, "trap", "default").await;
    let metrics = world.operator().get("/metrics").await.text;
    let fault = "waypost_decisions_total{tenant=\"default\",role=\"receiving\",component=\"keywords\",fault=\"trap\"} 1";
    assert!(metrics.contains(fault), "{metrics}");
    assert!(metrics.contains("waypost_received_total{tenant=\"default\",result=\"sent\"} 1"), "{metrics}");
}

#[tokio::test]
async fn who_says_stop_gets_one_more_message_until_it_says_start() {
    let world = World::start().await;
    let from = number(2, "000");
    assert_eq!(world.send(&from).await.status, 202);
    world.brings(&from, "STOP", "default").await;
    let refused = world.send(&from).await;
    assert_eq!(
        (refused.status, &refused.body["policy_code"]),
        (422, &json!("opted_out")),
        "{}",
        refused.text
    );
    world.brings(&from, "Stop!", "default").await;
    world.brings(&from, "stop", "default").await;
    world.brings(&from, "START", "default").await;
    assert_eq!(world.send(&from).await.status, 202);
    let messages = world.sent_to(&from).await;
    let states: Vec<_> = messages.iter().map(|message| message["status"] == "refused").collect();
    // An offer, the confirmation, an offer and a second confirmation too many, the welcome, an offer.
    assert_eq!(states, [false, false, true, true, false, false], "{messages:?}");
}

#[tokio::test]
async fn a_repeated_webhook_is_answered_once_and_a_loop_ends() {
    let world = World::start().await;
    // Such a recipient says `Hello` to whatever it gets, and its carrier reports that twice.
    let machine = number(3, "033");
    assert_eq!(world.send(&machine).await.status, 202);
    let ended = eventually("the loop ends", || async {
        let messages = world.sent_to(&machine).await;
        (messages.last()?["status"] == "refused").then_some(messages)
    })
    .await;
    // The offer, one reply for each hop, and the one too many.
    assert_eq!(ended.len(), 6, "{ended:?}");
    let last = ended.last().unwrap();
    assert_eq!(last["failure"]["code"], "hops_exceeded", "{last}");
    let steps = world.client.steps(last["id"].as_str().unwrap()).await;
    assert_eq!(steps[0]["caused_by"]["hops"], 5, "{steps:?}");
    // The inbox comes last: with it the message is known. What was reported twice is there once.
    let inbox = eventually("the last Hello is in the inbox", || async {
        let inbox = world.client.get("/v1/inbox?limit=100").await.body;
        let messages = inbox["messages"].as_array()?.clone();
        (messages.len() >= 5).then_some(messages)
    })
    .await;
    let references: BTreeSet<_> = inbox.iter().filter_map(|message| message["reference"].as_str()).collect();
    assert_eq!((inbox.len(), references.len()), (5, 5), "{inbox:?}");
    assert_eq!(world.sent_to(&machine).await.len(), 6);
}
