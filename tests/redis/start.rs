//! What a host refuses to start on, and what it only warns of.

use waypost_redis_kit::{Pair, Persistence, Server, ServerOptions};

use super::world::{SECRETS, Setup, durable, ready};
use crate::kit::{Gateway, Simulator};

fn refused(setup: &Setup<'_>, words: &[&str]) {
    let host = Gateway::prepare(&setup.config("a", "http://{address}"), &SECRETS);
    let output = host.cli(&["serve", "--config", "waypost.toml"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it started");
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_lose_messages_is_refused_with_the_reason() {
    let simulator = Simulator::start(&[]);
    let evicting = ServerOptions { maxmemory_policy: "allkeys-lru", ..durable() };
    let evicting = Server::start_with(evicting).unwrap();
    refused(&Setup::new(&evicting.url(), &simulator), &["allkeys-lru", "noeviction", "redis_evicts"]);

    let pair = Pair::start(durable()).unwrap();
    refused(&Setup::new(&pair.replica().url(), &simulator), &["does not take writes", "replica"]);

    let gone = evicting.url();
    drop(evicting);
    refused(&Setup::new(&gone, &simulator), &["cannot be reached"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_lost_is_said_and_a_password_is_not() {
    let simulator = Simulator::start(&[]);
    let directives = vec![("requirepass", "hunter2-never-shown".to_owned())];
    let options = ServerOptions { appendonly: Persistence::EverySecond, directives, ..durable() };
    let redis = Server::start_with(options).unwrap();
    let right = [SECRETS[0], ("REDIS_PASSWORD", "hunter2-never-shown")];
    let wrong = [SECRETS[0], ("REDIS_PASSWORD", "hunter3-never-shown")];
    let setup =
        Setup { store: r#"password = { env = "REDIS_PASSWORD" }"#, ..Setup::new(&redis.url(), &simulator) };
    let config = setup.config("a", "http://{address}");
    let host = Gateway::prepare(&config, &wrong);
    let output = host.cli(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("password") && !said.contains("never-shown"), "{said}");

    let host = Gateway::start_with(&config, &right).await;
    let well = ready(&host.client(), 200).await;
    let notice = well["notices"][0].as_str().unwrap();
    assert!(notice.starts_with("store_durability:") && notice.contains("appendfsync always"), "{notice}");
    assert!(host.log().contains("appendfsync always") && !host.log().contains("never-shown"));
}
