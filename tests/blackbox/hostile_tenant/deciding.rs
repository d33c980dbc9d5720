//! Components that burn fuel, take memory, trap, and fill the log.

use serde_json::{Value, json};

use super::World;
use crate::kit::{eventually, number};

/// Each misdeed with the class of the fault, and what the trace says of the limit.
const MISDEEDS: [(&str, &str, &str); 5] = [
    ("endless-loop", "out-of-fuel", "fuel"),
    ("memory-bomb", "out-of-memory", "67108864 bytes"),
    ("trap", "trap", "unreachable"),
    ("deep-recursion", "trap", "out of bounds"),
    ("huge-output", "invalid-output", "host"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_goes_wrong_ends_by_a_limit_with_a_name() {
    // Time enough for all of them: the limit of the time is another test's.
    let world = World::start(&json!({ "decision_ms_per_second": 10_000 })).await;
    let revision = world.activate("bad", "screening", &json!({ "when": "call" })).await;
    for (misdeed, fault, words) in MISDEEDS {
        let work = async {
            let answers = futures(8, |index| world.misbehaves(misdeed, index)).await;
            for answer in answers {
                assert_eq!((answer.status, answer.code()), (422, "policy_refused"), "{}", answer.text);
                assert_eq!(answer.body["policy_code"], "component_failed", "{}", answer.text);
                assert!(answer.body["detail"].as_str().unwrap().contains(fault), "{}", answer.text);
                let id = answer.body["message_id"].as_str().unwrap().to_owned();
                let decision = world.sender.steps(&id).await[0]["decisions"][0].clone();
                assert_eq!((&decision["fault"], &decision["revision"]), (&json!(fault), &json!(revision)));
                assert!(decision["result"].as_str().unwrap().contains(words), "{misdeed}: {decision}");
                // And it is nobody's across the border.
                assert_eq!(world.good.get(&format!("/v1/messages/{id}")).await.status, 404);
            }
        };
        world.while_others_send(misdeed, work).await;
    }
    let activity = world.author.get("/v1/plugins/bad/activity").await.body;
    let seen = &activity["revisions"][0];
    assert_eq!(
        seen["faults"],
        json!({ "out-of-fuel": 8, "out-of-memory": 8, "trap": 16, "invalid-output": 8 }),
        "{activity}"
    );
    // An instance never grows above the plan, whatever is asked of it.
    assert!(seen["memory_bytes_max"].as_u64().unwrap() <= 67_108_864, "{activity}");

    // Who prefers it lets messages through where the component fails, and the trace says so.
    let binding = json!({ "order": 0, "on_failure": "skip", "reuse_calls": 1 });
    let bound = world.author.put("/v1/plugins/bad/binding", &binding).await;
    assert_eq!(bound.status, 200, "{}", bound.text);
    let answer = world.misbehaves("panic", 1).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.body["id"].as_str().unwrap();
    world.sender.wait_for(id, "delivered").await;
    assert_eq!(world.sender.steps(id).await[0]["decisions"][0]["fault"], "trap");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_burns_fuel_without_end_uses_up_its_own_time_only() {
    let world = World::start(&json!({ "decision_ms_per_second": 1 })).await;
    world.activate("bad", "screening", &json!({ "when": "call" })).await;
    let work = async {
        // One request to many recipients, which alone would burn for seconds, ends by the same limit.
        let to: Vec<String> = (0..100).map(|index| number(index, "000")).collect();
        let body = json!({ "to": to, "text": "Hello", "tags": ["misbehave:endless-loop"] });
        let many = world.sender.post("/v1/messages", &body).await;
        assert_eq!((many.status, many.code()), (429, "limit_reached"), "{}", many.text);
        assert_eq!(many.body["limit"], "decision_time");
        assert!(many.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
        for answer in futures(20, |index| world.misbehaves("endless-loop", index)).await {
            assert_eq!((answer.status, answer.code()), (429, "limit_reached"), "{}", answer.text);
            assert_eq!(answer.body["limit"], "decision_time", "{}", answer.text);
        }
    };
    world.while_others_send("a fuel burner", work).await;
    let kept = world.sender.get("/v1/messages").await.body;
    assert_eq!(kept["messages"], json!([]), "nothing of what a limit stops is kept");
    let metrics = world.operator.get("/metrics").await.text;
    let counted = metrics.lines().any(|line| line.contains("hostile") && line.contains("decision_time"));
    assert!(counted, "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_log_lines_is_cut_and_counted() {
    let plan = json!({ "log_lines_per_minute": 50, "decision_ms_per_second": 10_000 });
    let world = World::start(&plan).await;
    world.activate("bad", "screening", &json!({ "when": "call" })).await;
    let calls = 20;
    let work = async {
        for answer in futures(calls, |index| world.misbehaves("huge-log", index)).await {
            let id = answer.body["message_id"].as_str().unwrap().to_owned();
            let log = world.sender.steps(&id).await[0]["decisions"][0]["log"].clone();
            let lines: Vec<&str> = log.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // 1 KiB of a call and the word that there was more.
            assert!(lines.iter().map(|line| line.len()).sum::<usize>() < 1200, "{lines:?}");
            assert!(lines.last().unwrap().contains("the log of a call is full"), "{lines:?}");
        }
        // A line of a megabyte is more than a component may hand over at once.
        let answer = world.misbehaves("huge-log-line", 1).await;
        assert!(answer.body["detail"].as_str().unwrap().contains("invalid-output"), "{}", answer.text);
    };
    world.while_others_send("a flood of log lines", work).await;
    let logs = world.author.get("/v1/plugins/bad/logs?limit=500").await.body;
    let lines = logs["lines"].as_array().unwrap();
    // The plan's lines of a minute, or of the two that the test may touch, and a last one for each.
    assert!((51..=102).contains(&lines.len()), "{}", lines.len());
    let cut = lines.iter().filter(|line| line["text"].as_str().unwrap().contains("`log_lines_per_minute`"));
    assert!((1..=2).contains(&cut.count()), "{logs}");
    let seen = eventually("all calls are counted", || async {
        let activity = world.author.get("/v1/plugins/bad/activity").await.body;
        let seen = activity["revisions"][0].clone();
        (seen["calls"] == calls + 1).then_some(seen)
    })
    .await;
    let (written, left_out) =
        (seen["log_lines"].as_u64().unwrap(), seen["log_lines_left_out"].as_u64().unwrap());
    assert!(written > 20 * u64::from(calls) && left_out >= written - 100, "{seen}");
    // The operator's own log has none of it.
    assert!(!world.gateway.log().contains("line 0001"), "{}", world.gateway.log());
    assert_eq!(world.good.get("/v1/plugins/bad/logs").await.status, 404);
}

/// So many at once.
pub(super) async fn futures<F: Future>(count: u32, each: impl Fn(u32) -> F) -> Vec<F::Output> {
    futures_util::future::join_all((0..count).map(each)).await
}
