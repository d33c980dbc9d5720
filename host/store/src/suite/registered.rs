//! What is registered, and components.
#![allow(missing_docs, reason = "the names say it")]

use std::sync::Arc;

use waypost_core::registry::{Item, Kind, Written};

use super::sample;
use super::steps::Shared;

fn item(tenant: &str, kind: Kind, name: &str, version: u64, record: &str) -> Item {
    Item { tenant: sample::name(tenant), kind, name: name.to_owned(), version, record: record.to_owned() }
}

async fn written(store: &Shared, item: &Item) -> Written {
    store.register(item.clone()).await.expect("an answer")
}

pub async fn a_change_follows_the_version_it_was_made_from(store: Shared) {
    let first = item("acme", Kind::Plugin, "hours", 1, "{}");
    let second = Item { version: 2, record: r#"{"a": 1}"#.to_owned(), ..first.clone() };
    assert_eq!(written(&store, &second).await, Written::Conflict, "it is not there");
    assert_eq!(written(&store, &first).await, Written::Done);
    assert_eq!(written(&store, &first).await, Written::Conflict, "it is there");
    assert_eq!(written(&store, &Item { version: 3, ..second.clone() }).await, Written::Conflict);
    assert_eq!(written(&store, &second).await, Written::Done);
    assert_eq!(written(&store, &second).await, Written::Conflict, "somebody was faster");
    let tenant = sample::name("acme");
    let one = async |name: &str| {
        let found = store.registered_one(tenant.clone(), Kind::Plugin, name.to_owned()).await;
        found.expect("an answer")
    };
    assert_eq!(one("hours").await, Some(second));
    let remove = async |version| {
        let removed = store.unregister(tenant.clone(), Kind::Plugin, "hours".to_owned(), version).await;
        removed.expect("an answer")
    };
    assert_eq!(remove(1).await, Written::Conflict);
    assert_eq!(remove(2).await, Written::Done);
    assert_eq!(remove(2).await, Written::Conflict);
    assert_eq!(one("hours").await, None);
    assert_eq!(written(&store, &first).await, Written::Done, "its name is free");
}

pub async fn of_many_who_change_an_item_one_wins(store: Shared) {
    assert_eq!(written(&store, &item("acme", Kind::Plugin, "hours", 1, "0")).await, Written::Done);
    let changes: Vec<_> = (0..16)
        .map(|n: u32| {
            let (store, change) = (store.clone(), item("acme", Kind::Plugin, "hours", 2, &n.to_string()));
            tokio::spawn(async move { written(&store, &change).await })
        })
        .collect();
    let mut done = 0;
    for change in changes {
        done += usize::from(change.await.expect("a task") == Written::Done);
    }
    assert_eq!(done, 1);
}

pub async fn items_are_listed_by_tenant_and_kind(store: Shared) {
    let mut all = Vec::new();
    for tenant in ["beta", "acme"] {
        for name in ["b/2", "a", "a 1", "b"] {
            all.push(item(tenant, Kind::Plugin, name, 1, "{\"text\": \"a b\\nü\"}"));
        }
        all.push(item(tenant, Kind::Tenant, "", 1, "{}"));
    }
    for item in &all {
        assert_eq!(written(&store, item).await, Written::Done);
    }
    all.sort_by(|a, b| (&a.tenant, &a.name).cmp(&(&b.tenant, &b.name)));
    let of = |tenant: Option<&str>, kind| {
        let fits = |item: &&Item| item.kind == kind && tenant.is_none_or(|tenant| *item.tenant == *tenant);
        all.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    for tenant in [None, Some("acme"), Some("beta"), Some("nobody")] {
        for kind in Kind::ALL {
            let found = store.registered(tenant.map(sample::name), kind).await.expect("items");
            assert_eq!(found, of(tenant, kind), "{tenant:?} {kind:?}");
        }
    }
    let foreign = store.registered_one(sample::name("nobody"), Kind::Plugin, "a".to_owned()).await;
    assert_eq!(foreign.expect("an answer"), None);
}

pub async fn news_moves_the_version_and_what_hosts_see_does_not(store: Shared) {
    let version = async || store.registry_version().await.expect("a version");
    assert_eq!(version().await, 0);
    let plugin = item("acme", Kind::Plugin, "hours", 1, "{}");
    assert_eq!(written(&store, &plugin).await, Written::Done);
    let after = version().await;
    assert!(after > 0);
    assert_eq!(written(&store, &plugin).await, Written::Conflict);
    assert_eq!(written(&store, &item("acme", Kind::Activity, "host-1", 1, "{}")).await, Written::Done);
    assert_eq!(version().await, after, "nothing changed that others have to know");
    let removed = store.unregister(sample::name("acme"), Kind::Plugin, "hours".to_owned(), 1).await;
    assert_eq!(removed.expect("an answer"), Written::Done);
    assert!(version().await > after);
}

pub async fn a_component_comes_back_as_it_was(store: Shared) {
    let (acme, other) = (sample::name("acme"), sample::name("other"));
    // Some pieces and a rest, an exact piece, one byte, none.
    for (n, bytes) in [3 * 512 * 1024 + 7, 512 * 1024, 1, 0].into_iter().enumerate() {
        let hash = format!("hash{n}");
        let component: Arc<[u8]> = (0..bytes).map(|at| (at * 31 + at / 256) as u8).collect();
        assert_eq!(store.component(acme.clone(), hash.clone()).await.expect("an answer"), None);
        for _ in 0..2 {
            store.put_component(acme.clone(), hash.clone(), component.clone()).await.expect("an answer");
        }
        let found = store.component(acme.clone(), hash.clone()).await.expect("an answer");
        assert!(found.is_some_and(|found| *found == *component), "{bytes} bytes");
        let foreign = store.component(other.clone(), hash.clone()).await.expect("an answer");
        assert!(foreign.is_none(), "it is nobody else's");
        assert!(!store.delete_component(other.clone(), hash.clone()).await.expect("an answer"));
        assert!(store.delete_component(acme.clone(), hash.clone()).await.expect("an answer"));
        assert!(!store.delete_component(acme.clone(), hash.clone()).await.expect("an answer"));
        assert_eq!(store.component(acme.clone(), hash).await.expect("an answer"), None);
    }
}

pub async fn a_component_that_several_put_is_whole(store: Shared) {
    let component: Arc<[u8]> = (0..2_000_000_u32).map(|at| (at / 7) as u8).collect();
    let puts: Vec<_> = (0..4)
        .map(|_| {
            let (store, component) = (store.clone(), component.clone());
            let hash = "hash".to_owned();
            tokio::spawn(async move { store.put_component(sample::name("acme"), hash, component).await })
        })
        .collect();
    for put in puts {
        put.await.expect("a task").expect("an answer");
    }
    let found = store.component(sample::name("acme"), "hash".to_owned()).await.expect("an answer");
    assert!(found.is_some_and(|found| *found == *component));
}
