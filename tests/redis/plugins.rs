//! What hosts see of a plugin is added up.

use serde_json::{Value, json};

use super::world::{Setup, durable_server};
use crate::kit::{Client, Simulator, eventually, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_hosts_see_of_a_plugin_is_added_up() {
    let redis = durable_server();
    let simulator = Simulator::start(&[]);
    let mut hosts = Setup::new(&redis.url(), &simulator).start_all(&["a", "b"]).await;
    let key = hosts[0].key("default", &["send", "read", "plugins"]);
    let authors: Vec<Client> = hosts.iter().map(|host| Client::new(host.address(), &key)).collect();
    let component = waypost_test_guests::DENY;
    let revision = authors[0].upload("deny", "screening", component, &json!({ "countries": ["DE"] })).await;
    authors[0].ready("deny", &revision).await;
    let activated = authors[0].post("/v1/plugins/deny/activate", &json!({ "revision": revision })).await;
    assert_eq!(activated.status, 200, "{}", activated.text);
    let refused = json!({ "to": "+4915112345000", "text": "Hello" });
    for author in &authors {
        eventually("the plugin decides", || async {
            (author.post("/v1/messages", &refused).await.status == 422).then_some(())
        })
        .await;
        for n in 0..5 {
            author.send(&number(n, "999")).await;
        }
    }
    let seen = |author: Client| async move {
        let answer = author.get("/v1/plugins/deny/activity").await;
        let seen = answer.body["revisions"][0].clone();
        assert_eq!(seen["calls"].as_u64(), Some(sum(&seen["results"])), "{}", answer.text);
        seen
    };
    let mut both = Value::Null;
    for author in &authors {
        both = eventually("both hosts' calls are seen", || async {
            let seen = seen(author.clone()).await;
            (seen["results"] == json!({ "allow": 10, "refuse country_denied": 2 })).then_some(seen)
        })
        .await;
    }
    assert_eq!(both["revision"], json!(revision));

    // A host that stops tells what it has seen since, and one that dies takes none of what it has told.
    authors[1].send(&number(6, "999")).await;
    assert!(hosts[1].stop().await);
    assert_eq!(seen(authors[0].clone()).await["calls"], 13);
    hosts[0].kill();
    hosts[1].run().await;
    assert_eq!(seen(authors[1].clone()).await["calls"], 13);
}

fn sum(results: &Value) -> u64 {
    results.as_object().unwrap().values().filter_map(Value::as_u64).sum()
}
