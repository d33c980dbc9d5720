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

/// Each instance counts from 1 to its end, or less far: a machine that stands still for a second
/// makes an instance idle, which ends it too.
fn assert_counts(counts: &[u32], end: u32) {
    assert_eq!(counts.first(), Some(&1), "{counts:?}");
    for pair in counts.windows(2) {
        assert!(pair[1] == 1 || (pair[1] == pair[0] + 1 && pair[1] <= end), "{counts:?}");
    }
}

#[tokio::test]
async fn an_instance_answers_many_requests_in_a_row() {
    let host = host(Options::default()).await;
    let counts = counts(&host, 130).await;
    assert_counts(&counts, 128);
    assert!(counts.iter().any(|count| *count >= 10), "{counts:?}");
}

#[tokio::test]
async fn an_instance_ends_after_its_requests() {
    let host = host(Options { instance_requests_max: 2, ..Options::default() }).await;
    let counts = counts(&host, 9).await;
    assert_counts(&counts, 2);
    assert!(counts.contains(&2), "{counts:?}");
}

#[tokio::test]
async fn a_panic_ends_its_instance_only() {
    let host = host(Options::default()).await;
    let client = Client::new();
    assert_counts(&counts(&host, 5).await, 128);
    assert_eq!(client.get(&format!("{}/panic", host.url())).await, (500, String::new()));
    assert_counts(&counts(&host, 5).await, 128);
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
