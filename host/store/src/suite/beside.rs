//! Inboxes, callbacks, keys.
#![allow(missing_docs, reason = "the names say it")]

use waypost_core::decision::ReceiptStatus;
use waypost_core::limits::INBOXES_MAX;
use waypost_core::message::State;
use waypost_core::store::{ApiKey, InboundIn};

use super::sample::{self, NOW_MS};
use super::steps::{Shared, dead_letter, report, submitted, with};

pub async fn an_inbox_gives_until_it_is_acknowledged(store: Shared) {
    let (tenant, inbox) = (sample::name(sample::TENANT), sample::name("support"));
    for n in 0..5 {
        assert!(store.inbound(sample::inbound_in(&format!("in-{n}"))).await.expect("an answer"));
    }
    let first = store.inbox(tenant.clone(), inbox.clone(), 0, 3).await.expect("items");
    assert_eq!(
        first.iter().map(|item| &*item.inbound.reference).collect::<Vec<_>>(),
        ["in-0", "in-1", "in-2"]
    );
    assert_eq!(first[0].inbound, sample::inbound("in-0"));
    let rest = store.inbox(tenant.clone(), inbox.clone(), first[2].sequence, 10).await.expect("items");
    assert_eq!(rest.len(), 2);
    let sequences: Vec<u64> = first.iter().map(|item| item.sequence).collect();
    let foreign = store.acknowledge(sample::name("other"), inbox.clone(), sequences.clone()).await;
    assert_eq!(foreign.expect("a number"), 0, "not its own");
    let acknowledge = store.acknowledge(tenant.clone(), inbox.clone(), sequences.clone());
    assert_eq!(acknowledge.await.expect("a number"), 3);
    let again = store.acknowledge(tenant.clone(), inbox.clone(), sequences).await;
    assert_eq!(again.expect("a number"), 0);
    let left = store.inbox(tenant.clone(), inbox, 0, 10).await.expect("items");
    assert_eq!(left, rest);
    assert!(store.inbox(tenant, sample::name("empty"), 0, 10).await.expect("items").is_empty());
}

pub async fn a_repeated_inbound_is_known(store: Shared) {
    let (tenant, inbox) = (sample::name(sample::TENANT), sample::name("support"));
    assert!(store.inbound(sample::inbound_in("in-1")).await.expect("an answer"));
    assert!(!store.inbound(sample::inbound_in("in-1")).await.expect("an answer"));
    let items = store.inbox(tenant.clone(), inbox.clone(), 0, 10).await.expect("items");
    store.acknowledge(tenant.clone(), inbox.clone(), vec![items[0].sequence]).await.expect("a number");
    assert!(!store.inbound(sample::inbound_in("in-1")).await.expect("an answer"), "also after it was read");
    for _ in 0..2 {
        assert!(
            store.inbound(sample::inbound_in("")).await.expect("an answer"),
            "no reference, no repetition"
        );
    }
    let items = store.inbox(tenant, inbox, 0, 10).await.expect("items");
    assert_eq!(items.len(), 2);
}

pub async fn an_inbound_goes_into_all_its_inboxes_or_none(store: Shared) {
    let (tenant, route) = (sample::name(sample::TENANT), sample::name(sample::ROUTE));
    let known = |reference: &str| store.inbound_known(tenant.clone(), route.clone(), reference.to_owned());
    let put = |reference: &str, inboxes: &[&str]| {
        let inboxes = inboxes.iter().map(|inbox| sample::name(inbox)).collect();
        store.inbound(InboundIn { inbound: sample::inbound(reference), inboxes })
    };
    assert!(!known("in-1").await.expect("an answer"));
    assert!(put("in-1", &["support", "sales"]).await.expect("an answer"));
    assert!(put("in-2", &[]).await.expect("an answer"), "none of them: it is known");
    assert!(!put("in-2", &["support"]).await.expect("an answer"));
    for (reference, is_known) in [("in-1", true), ("in-2", true), ("in-3", false), ("", false)] {
        assert_eq!(known(reference).await.expect("an answer"), is_known, "{reference}");
    }
    let foreign = store.inbound_known(tenant.clone(), sample::name("another"), "in-1".to_owned());
    assert!(!foreign.await.expect("an answer"), "of another provider");
    for inbox in ["support", "sales"] {
        let items = store.inbox(tenant.clone(), sample::name(inbox), 0, 10).await.expect("items");
        let found: Vec<_> =
            items.iter().map(|item| (&*item.inbound.inbox, &*item.inbound.reference)).collect();
        assert_eq!(found, [(inbox, "in-1")]);
    }
}

pub async fn inboxes_that_components_name_are_bounded(store: Shared) {
    let put = |n: usize, inboxes: &[String]| {
        let inboxes = inboxes.iter().map(|inbox| sample::name(inbox)).collect();
        store.inbound(InboundIn { inbound: sample::inbound(&format!("in-{n}")), inboxes })
    };
    let items = async |inbox: &str| {
        let items = store.inbox(sample::name(sample::TENANT), sample::name(inbox), 0, 1000).await;
        let items = items.expect("items").into_iter();
        items.map(|item| (item.inbound.inbox.to_string(), item.inbound.reference)).collect::<Vec<_>>()
    };
    let named = |n: usize| format!("box-{n}");
    let usual = sample::inbound("").inbox.to_string();
    for n in 0..INBOXES_MAX {
        assert!(put(n, &[named(n), usual.clone(), named(n)]).await.expect("an answer"));
    }
    let before = items(&usual).await.len();
    // Two that are too many, one that is there, one of nobody's and the usual one: each once.
    let wanted = [named(INBOXES_MAX), named(7), named(INBOXES_MAX + 1), usual.clone()];
    assert!(put(INBOXES_MAX, &wanted).await.expect("an answer"));
    let reference = format!("in-{INBOXES_MAX}");
    assert_eq!(items(&named(7)).await, [(named(7), "in-7".to_owned()), (named(7), reference.clone())]);
    assert_eq!(items(&named(INBOXES_MAX)).await, []);
    let in_usual = items(&usual).await;
    assert_eq!((in_usual.len(), in_usual.last()), (before + 1, Some(&(usual, reference))));
}

pub async fn a_callback_is_held_retried_and_done(store: Shared) {
    let url = "https://example.org/states";
    let asking = |n| with(sample::message(n), |envelope| envelope.callback_url = Some(url.to_owned()));
    let delivered = submitted(&store, asking(1)).await.envelope.id;
    assert!(store.callbacks(u64::MAX / 4, 0, 10).await.expect("callbacks").is_empty(), "not final");
    report(&store, delivered, ReceiptStatus::Delivered).await;
    let failed = dead_letter(&store, asking(2)).await;
    dead_letter(&store, sample::message(3)).await;
    let now_ms = NOW_MS + 10_000;
    let due = store.callbacks(now_ms, 1_000, 10).await.expect("callbacks");
    let mut states: Vec<_> = due.iter().map(|callback| (callback.id, callback.state)).collect();
    states.sort();
    assert_eq!(states, vec![(delivered, State::Delivered), (failed, State::Failed)]);
    assert!(due.iter().all(|callback| callback.url == url && callback.failures == 0));
    assert!(store.callbacks(now_ms + 999, 1_000, 10).await.expect("callbacks").is_empty(), "held");
    store.callback_done(due[0].tenant.clone(), due[0].sequence, None).await.expect("an answer");
    store
        .callback_done(due[1].tenant.clone(), due[1].sequence, Some(now_ms + 5_000))
        .await
        .expect("an answer");
    assert!(store.callbacks(now_ms + 4_999, 0, 10).await.expect("callbacks").is_empty());
    let again = store.callbacks(now_ms + 5_000, 0, 10).await.expect("callbacks");
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].failures), (due[1].id, 1));
}

pub async fn keys_are_found_and_revoked(store: Shared) {
    assert!(store.key("aaaaaaaaaaaa").await.expect("an answer").is_none());
    let (first, second) = (sample::api_key("aaaaaaaaaaaa"), sample::api_key("bbbbbbbbbbbb"));
    store.put_key(second.clone()).await.expect("an answer");
    store.put_key(first.clone()).await.expect("an answer");
    assert_eq!(store.key("aaaaaaaaaaaa").await.expect("an answer"), Some(first.clone()));
    let revoked = ApiKey { revoked_ms: Some(NOW_MS), ..first };
    store.put_key(revoked.clone()).await.expect("an answer");
    let mut keys = store.keys().await.expect("keys");
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(keys, vec![revoked, second]);
}

pub async fn a_use_of_a_key_is_kept_apart_from_it(store: Shared) {
    let key = ApiKey { expires_ms: Some(NOW_MS + 1), ..sample::api_key("aaaaaaaaaaaa") };
    store.put_key(key.clone()).await.expect("an answer");
    let (used, gone) = (key.id.clone(), sample::name("bbbbbbbbbbbb"));
    assert!(store.key_uses().await.expect("uses").is_empty());
    store.touch_keys(vec![(used.clone(), NOW_MS), (gone.clone(), 5)]).await.expect("an answer");
    let revoked = ApiKey { revoked_ms: Some(NOW_MS), ..key };
    store.put_key(revoked.clone()).await.expect("an answer");
    store.touch_keys(vec![(used.clone(), NOW_MS - 1), (gone.clone(), 6)]).await.expect("an answer");
    store.touch_keys(Vec::new()).await.expect("an answer");
    assert_eq!(store.key_uses().await.expect("uses"), vec![(used, NOW_MS), (gone, 6)]);
    assert_eq!(store.keys().await.expect("keys"), vec![revoked], "no use brings a key back");
}

pub async fn a_ping_is_answered(store: Shared) {
    store.ping().await.expect("an answer");
    store.ping().await.expect("an answer");
}
