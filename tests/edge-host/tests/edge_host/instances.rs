//! Instances are shared, and one that fails takes nobody else with it.

use std::collections::BTreeSet;

use waypost_edge_guests::EMPTY;
use waypost_edge_host::{EdgeHost, Options};

use crate::support::{Client, Folder};

async fn host(options: Options) -> EdgeHost {
    let manifest = format!(
        "[[trigger.http]]\nroute = '/...'\ncomponent = 'empty'\n[component.empty]\nsource = '{EMPTY}'"
    );
    Folder::new(&manifest).start(options).await.unwrap()
}

async fn counts(host: &EdgeHost, requests: usize) -> Vec<u32> {
    let client = Client::new();
    let mut counts = Vec::new();
    for _ in 0..requests {
        counts.push(client.get(&format!("{}/count", host.url())).await.1.parse().unwrap());
    }
    counts
}

#[tokio::test]
async fn an_instance_answers_many_requests_in_a_row() {
    let host = host(Options::default()).await;
    let counts = counts(&host, 130).await;
    assert_eq!(counts, (1..=128).chain(1..=2).collect::<Vec<u32>>());
}

#[tokio::test]
async fn an_instance_ends_after_its_requests() {
    let host = host(Options { instance_requests_max: 2, ..Options::default() }).await;
    assert_eq!(counts(&host, 5).await, [1, 2, 1, 2, 1]);
}

#[tokio::test]
async fn a_panic_ends_its_instance_only() {
    let host = host(Options::default()).await;
    let client = Client::new();
    assert_eq!(counts(&host, 2).await, [1, 2]);
    assert_eq!(client.get(&format!("{}/panic", host.url())).await, (500, String::new()));
    assert_eq!(counts(&host, 2).await, [1, 2]);
    assert!(host.output().contains("as asked"), "{}", host.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_requests_at_once() {
    let host = host(Options::default()).await;
    let client = Client::new();
    let requests: Vec<_> = (0..200)
        .map(|_| {
            let (client, url) = (client.clone(), format!("{}/count", host.url()));
            tokio::spawn(async move { client.get(&url).await })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for request in requests {
        let (status, count) = request.await.unwrap();
        assert_eq!(status, 200);
        seen.insert(count.parse::<u32>().unwrap());
    }
    assert!(seen.contains(&1) && seen.iter().all(|count| *count <= 128), "{seen:?}");
}
