//! A primary with its replica, and a cluster.
#![allow(clippy::unwrap_used, reason = "test code")]

use waypost_redis_kit::{Cluster, KitError, MASTERS, Pair, Reply, Server, ServerOptions};

fn get(server: &Server, key: &str) -> Option<String> {
    server.order(&["GET", key]).unwrap().text().map(str::to_owned)
}

#[test]
fn a_replica_takes_over_and_the_former_primary_follows_it() {
    let mut pair = Pair::start(ServerOptions::default()).unwrap();
    let urls = pair.urls();
    assert_eq!(urls, [pair.primary().url(), pair.replica().url()]);
    pair.primary().order(&["SET", "a", "1"]).unwrap();
    pair.wait_in_sync().unwrap();
    assert_eq!(get(pair.replica(), "a").as_deref(), Some("1"));
    let refused = pair.replica().command(&["SET", "a", "2"]).unwrap();
    assert!(refused.error().unwrap().starts_with("READONLY"));

    pair.promote().unwrap();
    assert_eq!(pair.urls(), urls);
    assert_eq!(pair.primary().url(), urls[1]);
    assert_eq!(pair.replica().pid(), None);
    assert_eq!(get(pair.primary(), "a").as_deref(), Some("1"));
    pair.primary().order(&["SET", "a", "3"]).unwrap();

    pair.rejoin().unwrap();
    assert_eq!(get(pair.replica(), "a").as_deref(), Some("3"));
    pair.promote().unwrap();
    assert_eq!(pair.primary().url(), urls[0]);
    assert_eq!(get(pair.primary(), "a").as_deref(), Some("3"));
    pair.primary().order(&["SET", "a", "4"]).unwrap();
    // A primary stays one over a restart.
    pair.primary().restart().unwrap();
    assert_eq!(pair.primary().info("replication").unwrap()["role"], "master");
}

#[test]
fn what_the_replica_has_not_got_is_lost_with_the_primary() {
    let mut pair = Pair::start(ServerOptions::default()).unwrap();
    pair.cut().unwrap();
    pair.primary().order(&["SET", "before", "1"]).unwrap();
    pair.mend().unwrap();
    pair.cut().unwrap();
    pair.primary().order(&["SET", "after", "1"]).unwrap();
    pair.promote().unwrap();
    assert_eq!(get(pair.primary(), "before").as_deref(), Some("1"));
    assert_eq!(get(pair.primary(), "after"), None);
}

#[test]
fn a_cluster_keeps_each_key_at_the_owner_of_its_slot() {
    let cluster = Cluster::start(ServerOptions::default()).unwrap();
    assert_eq!(cluster.urls().len(), MASTERS);
    let mut keys_at = [0; MASTERS];
    for number in 0..30 {
        let key = format!("{{tenant-{number}}}:queue");
        let owner = cluster.node_of(&key).unwrap();
        for (index, node) in cluster.nodes().iter().enumerate() {
            let reply = node.command(&["SET", &key, "1"]).unwrap();
            if node.url() == owner.url() {
                assert_eq!(reply, Reply::Status("OK".to_owned()));
                keys_at[index] += 1;
            } else {
                let moved = reply.error().unwrap();
                assert!(moved.starts_with("MOVED "), "{moved}");
                assert!(moved.ends_with(&format!(" {}", owner.address())), "{moved}");
            }
        }
    }
    assert!(keys_at.iter().all(|keys| *keys > 0), "{keys_at:?}");
    let crossed = cluster.nodes()[0].command(&["MGET", "a", "b"]).unwrap();
    assert!(crossed.error().unwrap().starts_with("CROSSSLOT"));
    cluster.flush_all().unwrap();
    assert!(cluster.nodes().iter().all(|node| node.command(&["DBSIZE"]).unwrap().integer() == Some(0)));

    // A master that dies and comes back is known again: its folder has the cluster in it.
    cluster.nodes()[1].kill();
    assert!(matches!(cluster.nodes()[1].pause(), Err(KitError::NotRunning(_))));
    cluster.nodes()[1].restart().unwrap();
    cluster.wait_until_well().unwrap();
}
