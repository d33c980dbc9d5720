//! Components that are too much for the compiler, or for whoever looks at them before that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use waypost_test_guests::DENY;

use super::World;

/// How long a check may wait for a processor on a busy machine: it has the lowest priority.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_is_too_much_for_the_compiler_ends_by_the_plans_limit() {
    let world = World::start(&json!({ "compile_seconds_max": 1 })).await;
    let settings = json!({ "countries": [] });
    let bombs = [
        ("one-function", with_module(&one_function(300_000)), "plugin_compile_cpu", "more than 1 s"),
        ("many-functions", with_module(&many_functions(900_000)), "plugin_compile_cpu", "more than 1 s"),
        ("too-many", with_module(&many_functions(1_100_000)), "plugin_not_valid", "functions"),
    ];
    let work = async {
        let mut revisions = Vec::new();
        for (plugin, bomb, ..) in &bombs {
            revisions.push(world.author.upload(plugin, "screening", bomb, &settings).await);
        }
        // Behind the first of them, and not behind all.
        let own = world.good.upload("deny", "screening", DENY, &json!({ "countries": ["GB"] })).await;
        wait_for(&world.good, "deny", &own, "ready").await;
        for ((plugin, _, code, words), revision) in bombs.iter().zip(&revisions) {
            let failed = wait_for(&world.author, plugin, revision, "failed").await;
            assert_eq!(failed["problem"]["code"], *code, "{plugin}: {failed}");
            assert!(failed["problem"]["reason"].as_str().unwrap().contains(words), "{plugin}: {failed}");
            let body = json!({ "revision": revision });
            let answer = world.author.post(&format!("/v1/plugins/{plugin}/activate"), &body).await;
            assert_eq!((answer.status, answer.code()), (409, "revision_not_ready"), "{}", answer.text);
        }
        assert_eq!(world.good.delete("/v1/plugins/deny").await.status, 204);
    };
    world.while_others_send("compile bombs", work).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fixtures_that_burn_run_one_request_at_a_time_and_hold_up_nobody() {
    let world = World::start(&json!({})).await;
    let revision = world.activate("bad", "screening", &json!({ "when": "call" })).await;
    let message = json!({ "to": "+447400123000", "text": "Hello", "tags": ["misbehave:endless-loop"] });
    let fixtures = vec![json!({ "message": message }); 10];
    let body = json!({ "revision": revision, "fixtures": fixtures });
    let work = async {
        let answers = super::deciding::futures(4, |_| world.author.post("/v1/plugins/bad/test", &body)).await;
        let (ran, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert!(!ran.is_empty());
        assert!(ran.iter().all(|answer| answer.text.contains("fuel")), "{}", ran[0].text);
        for answer in refused {
            assert_eq!((answer.status, answer.code()), (429, "plugin_tests_full"), "{}", answer.text);
        }
        // Settings that keep it busy while it is configured end in a child process.
        let burning = json!({ "when": "configure", "do": "endless-loop" });
        let fixture = json!({ "message": message, "settings": burning });
        let body = json!({ "revision": revision, "fixtures": [fixture] });
        let answer = world.author.post("/v1/plugins/bad/test", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.body["fixtures"][0]["differences"][0].as_str().unwrap().contains("plugin_failed"));
    };
    world.while_others_send("fixtures that burn", work).await;
}

/// Waits until a revision has a state, and gives it.
async fn wait_for(client: &crate::kit::Client, plugin: &str, revision: &str, state: &str) -> Value {
    let path = format!("/v1/plugins/{plugin}/revisions/{revision}");
    let start = Instant::now();
    loop {
        let found = client.get(&path).await.body;
        if found["state"] == state {
            return found;
        }
        let is_over = found["state"] == "ready" || found["state"] == "failed";
        assert!(!is_over && start.elapsed() < PATIENCE, "{plugin} does not become {state}: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A module of one function with that many additions, each kept until the end of the function.
fn one_function(additions: usize) -> Vec<u8> {
    // local.get 0, local.get 0, i32.load offset=0, i32.add, local.tee 0
    let mut body = [0x20, 0, 0x20, 0, 0x28, 2, 0, 0x6a, 0x22, 0].repeat(additions);
    body.extend(std::iter::repeat_n(0x6a, additions - 1));
    module(1, &body)
}

/// A module of that many small functions.
fn many_functions(functions: usize) -> Vec<u8> {
    // local.get 0, i32.load offset=0
    module(functions, &[0x20, 0, 0x28, 2, 0])
}

/// A module of so many functions `(i32) -> i32` with that body.
fn module(functions: usize, body: &[u8]) -> Vec<u8> {
    let mut function = Vec::new();
    leb(&mut function, body.len() + 2);
    // No locals; the end.
    function.push(0);
    function.extend_from_slice(body);
    function.push(0x0b);
    let (mut types, mut code) = (Vec::new(), Vec::new());
    leb(&mut types, functions);
    types.extend(std::iter::repeat_n(0, functions));
    leb(&mut code, functions);
    code.extend(function.repeat(functions));
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &[1, 0x60, 1, 0x7f, 1, 0x7f]);
    section(&mut module, 3, &types);
    section(&mut module, 5, &[1, 0, 1]);
    section(&mut module, 10, &code);
    module
}

/// The good component with one more core module, which nobody instantiates but which is compiled.
fn with_module(module: &[u8]) -> Vec<u8> {
    let mut component = DENY.to_vec();
    section(&mut component, 1, module);
    component
}

fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    leb(bytes, content.len());
    bytes.extend_from_slice(content);
}

fn leb(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return;
        }
    }
}
