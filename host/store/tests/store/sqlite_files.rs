//! What is true of a store because it is a file: it survives, it fills the disk, it breaks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use waypost_core::decision::ReceiptStatus;
use waypost_core::message::State;
use waypost_core::store::{Accepted, Filter, ReceiptResult};
use waypost_store::sqlite::{OpenMode, SqliteStore};
use waypost_store::suite::sample;
use waypost_store::{Store, StoreError};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, OpenMode::Host).expect("a store")
}

async fn count(store: &SqliteStore) -> usize {
    store.list(Filter { rows_max: 100_000, ..Filter::default() }).await.expect("a list").len()
}

fn refusal(path: &Path, mode: OpenMode) -> StoreError {
    match SqliteStore::open(path, mode) {
        Ok(_) => panic!("the store was opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reopened_store_goes_on_where_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("waypost.db");
    let store = open(&path);
    let accept = sample::accept((0..10).map(sample::message).collect());
    assert_eq!(store.accept(accept).await.expect("an answer"), Accepted::Stored);
    let claim = waypost_core::store::Claim { messages_max: 4, ..sample::claim() };
    let batch = store.claim(claim).await.expect("a batch").messages;
    store.settle(vec![sample::settle(&batch[0])]).await.expect("answers");
    drop(store);
    let store = open(&path);
    let stored = store
        .message(sample::name(sample::TENANT), batch[0].envelope.id)
        .await
        .expect("an answer")
        .expect("the message");
    assert_eq!(stored.progress.state, State::Submitted);
    assert_eq!(store.backlog().await.expect("a backlog"), vec![(sample::name(sample::ROUTE), 6)]);
    let id = batch[0].envelope.id;
    let receipt = sample::receipt(&sample::reference(id), ReceiptStatus::Delivered);
    let answer = store.receipt(receipt).await.expect("an answer");
    assert_eq!(answer, ReceiptResult::Applied(id, State::Delivered), "its reference is still known");
    let rules = Arc::new(|_: Option<&str>| sample::RULES);
    assert_eq!(store.recover(sample::NOW_MS + 1, rules).await.expect("a number"), 3);
    let rest = store.claim(sample::claim()).await.expect("a batch").messages;
    assert_eq!(rest.len(), 6);
    assert_eq!(*rest[0].envelope, *sample::message(4).envelope, "read from the disk as it was written");
}

/// What a power cut leaves is the file and its log as they are at some moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_accept_survives_a_crash() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("waypost.db");
    let store = Arc::new(open(&path));
    let running = Arc::new(AtomicBool::new(true));
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let callers: Vec<_> = (0..8_u64)
        .map(|caller| {
            let (store, running, answered) = (store.clone(), running.clone(), answered.clone());
            tokio::spawn(async move {
                let mut n = caller * 1_000;
                while running.load(Ordering::Relaxed) && n < caller * 1_000 + 1_000 {
                    let message = sample::message(n);
                    let id = message.envelope.id;
                    store.accept(sample::accept(vec![message])).await.expect("an answer");
                    answered.send(id).expect("a receiver");
                    n += 1;
                }
            })
        })
        .collect();
    drop(answered);
    let mut crashes = Vec::new();
    let mut known = Vec::new();
    for crash in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        while let Ok(id) = answers.try_recv() {
            known.push(id);
        }
        let copy = dir.path().join(format!("crash{crash}.db"));
        std::fs::copy(&path, &copy).expect("a copy of the file");
        let log = |path: &Path| path.with_extension("db-wal");
        std::fs::copy(log(&path), log(&copy)).expect("a copy of the log");
        crashes.push((copy, known.clone()));
    }
    running.store(false, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("a task");
    }
    for (copy, known) in crashes {
        assert!(!known.is_empty());
        let store = open(&copy);
        for id in known {
            assert!(
                store.message(sample::name(sample::TENANT), id).await.expect("an answer").is_some(),
                "{id} was answered and is lost"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_host_is_refused_and_a_tool_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("waypost.db");
    let host = open(&path);
    assert!(matches!(refusal(&path, OpenMode::Host), StoreError::InUse(_)));
    let tool = SqliteStore::open(&path, OpenMode::Tool).expect("a tool");
    tool.put_key(sample::api_key("aaaaaaaaaaaa")).await.expect("an answer");
    assert!(host.key("aaaaaaaaaaaa").await.expect("an answer").is_some());
    let refused = tool.accept(sample::accept(vec![sample::message(1)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    drop(host);
    open(&path).ping().await.expect("the lock was freed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("waypost.db");
    std::fs::write(&path, "this is a shopping list, and a long one. ".repeat(200)).expect("a file");
    let error = refusal(&path, OpenMode::Host);
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    let error = refusal(&dir.path().join("missing").join("waypost.db"), OpenMode::Host);
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_rows_are_errors_and_not_panics() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("waypost.db");
    let store = open(&path);
    store.accept(sample::accept((0..8).map(sample::message).collect())).await.expect("an answer");
    drop(store);
    let damage = rusqlite::Connection::open(&path).expect("a database");
    for (n, change) in [
        "UPDATE progress SET state = 99",
        "UPDATE messages SET tenant = 4711",
        "UPDATE messages SET to_facts = 'nonsense'",
        "UPDATE messages SET encoding = 'morse'",
        "UPDATE messages SET body = 7",
        "UPDATE messages SET segments = 4711",
        "UPDATE progress SET changed_ms = -1",
        "UPDATE messages SET entry = '{'",
    ]
    .into_iter()
    .enumerate()
    {
        let key = sample::message(n as u64).envelope.id.key();
        let rows = damage.execute(&format!("{change} WHERE key = {key}"), []).expect("a change");
        assert_eq!(rows, 1);
    }
    drop(damage);
    let store = open(&path);
    for n in 0..7 {
        let answer = store.message(sample::name(sample::TENANT), sample::message(n).envelope.id).await;
        assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{n}: {answer:?}");
    }
    let trace = store.trace(sample::name(sample::TENANT), sample::message(7).envelope.id).await;
    assert!(matches!(trace, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.claim(sample::claim()).await, Err(StoreError::Corrupt(_))));
    let fresh = sample::accept(vec![sample::message(100)]);
    assert_eq!(store.accept(fresh).await.expect("an answer"), Accepted::Stored, "the rest goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_passes() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Arc::new(open(&dir.path().join("waypost.db")));
    store.limit_pages(60).await.expect("a limit");
    let mut stored = 0_u64;
    let mut refused = 0_u64;
    for round in 0..20_u64 {
        let calls: Vec<_> = (0..20_u64)
            .map(|n| {
                let store = store.clone();
                let messages: Vec<_> = (0..3).map(|m| sample::message((round * 20 + n) * 3 + m)).collect();
                tokio::spawn(async move { store.accept(sample::accept(messages)).await })
            })
            .collect();
        for call in calls {
            match call.await.expect("a task") {
                Ok(Accepted::Stored) => stored += 1,
                Err(StoreError::Unavailable(_)) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(stored > 0 && refused > 0, "{stored} stored, {refused} refused");
    assert_eq!(count(&store).await as u64, stored * 3, "nothing is half accepted");
    store.limit_pages(1_000_000).await.expect("a limit");
    let answer = store.accept(sample::accept(vec![sample::message(9_999)])).await;
    assert_eq!(answer.expect("an answer"), Accepted::Stored, "the store works again when the disk does");
    let backlog = store.backlog().await.expect("a backlog");
    assert_eq!(backlog[0].1, stored * 3 + 1);
}
