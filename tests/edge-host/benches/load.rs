//! How many requests/s the empty handler answers in the test host, which is what a handler of the
//! edge is measured against: `cargo bench --workspace --profile release --bench load`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement for people")]

mod support;

use std::time::{Duration, Instant};

use support::{Client, Folder, RedisServer};
use waypost_edge_guests::EMPTY;
use waypost_edge_host::Options;

const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    let redis = RedisServer::start();
    let manifest = format!(
        "[variables]
        redis_url = {{ required = true }}
        [[trigger.http]]
        route = '/...'
        component = 'empty'
        [component.empty]
        source = '{EMPTY}'
        allowed_outbound_hosts = ['redis://127.0.0.1:*']
        [component.empty.variables]
        redis_url = '{{{{ redis_url }}}}'"
    );
    let options = Options { variables: [("redis_url".to_owned(), redis.url())].into(), ..Options::default() };
    let begun = Instant::now();
    let host = Folder::new(&manifest).start(options).await.unwrap();
    println!("start    {:>9.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    for path in ["/hello", "/redis"] {
        let mut times = load(&format!("{}{path}", host.url())).await;
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 1000].as_secs_f64() * 1e3;
        let rate = times.len() as f64 / TIME.as_secs_f64();
        println!("{path:<8} {rate:>9.0} requests/s  p50 {:.2} ms  p99 {:.2} ms", at(500), at(990));
    }
    println!("redis    {} calls over {} connections", host.redis_calls(), host.redis_opens());
}

/// The time of each request that was answered.
async fn load(url: &str) -> Vec<Duration> {
    let end = Instant::now() + TIME;
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let client = Client::new();
                let mut times = Vec::new();
                while Instant::now() < end {
                    let begun = Instant::now();
                    assert_eq!(client.get(&url).await.0, 200);
                    times.push(begun.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for connection in connections {
        times.extend(connection.await.unwrap());
    }
    times
}
