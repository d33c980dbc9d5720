//! The scheduler under a clock that the test moves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use waypost_simulator::{
    DeliveryError, Event, Planned, Plans, Proof, Scheduler, SchedulerOptions, Signer, Webhook, WebhookSink,
};

/// Notes when which URL was asked for; waits for `gate` first, and fails URLs with `down` in them.
struct Notes {
    started: Instant,
    gate: Semaphore,
    delivered: Mutex<Vec<(u64, String)>>,
}

impl Notes {
    fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self { started: Instant::now(), gate: Semaphore::new(permits), delivered: Mutex::default() })
    }

    fn taken(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.delivered.lock().unwrap())
    }
}

#[async_trait]
impl WebhookSink for Notes {
    async fn deliver(&self, webhook: Webhook) -> Result<(), DeliveryError> {
        self.gate.acquire().await.unwrap().forget();
        let after_ms = self.started.elapsed().as_millis() as u64;
        self.delivered.lock().unwrap().push((after_ms, webhook.url.to_string()));
        if webhook.url.contains("down") { Err(DeliveryError::NotAccepted(503)) } else { Ok(()) }
    }
}

fn planned(url: &str, after_ms: u64) -> Planned {
    let after = Duration::from_millis(after_ms);
    Planned { after, url: url.into(), event: Event::Unreadable, proof: Proof::Genuine }
}

fn start(notes: &Arc<Notes>, options: SchedulerOptions) -> Scheduler {
    Scheduler::start(Signer::new(b"key"), notes.clone(), options)
}

#[tokio::test(start_paused = true)]
async fn webhooks_leave_in_the_order_of_their_times_and_not_before() {
    let notes = Notes::new(100);
    let scheduler = start(&notes, SchedulerOptions::default());
    sleep(Duration::from_millis(10)).await;
    for (url, after_ms) in [("late", 10_000), ("c", 300), ("a", 20), ("d", 300), ("now", 0), ("b", 100)] {
        scheduler.plan(planned(url, after_ms));
    }
    sleep(Duration::from_secs(20)).await;
    let delivered = notes.taken();
    let urls: Vec<_> = delivered.iter().map(|(_, url)| url.as_str()).collect();
    assert_eq!(urls, ["now", "a", "b", "c", "d", "late"]);
    for ((after_ms, url), due_ms) in delivered.iter().zip([0, 20, 100, 300, 300, 10_000]) {
        assert!((10 + due_ms..10 + due_ms + 7).contains(after_ms), "{url}: {after_ms}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_down_does_not_hold_up_the_others() {
    let notes = Notes::new(1_000);
    let options = SchedulerOptions { in_flight_max: 2, ..SchedulerOptions::default() };
    let scheduler = start(&notes, options);
    for _ in 0..10 {
        scheduler.plan(planned("down", 0));
    }
    scheduler.plan(planned("up", 0));
    sleep(Duration::from_millis(100)).await;
    assert!(notes.taken().iter().any(|(_, url)| url == "up"));
    sleep(Duration::from_secs(60)).await;
    let statistics = scheduler.statistics();
    assert_eq!((statistics.delivered, statistics.retried, statistics.given_up), (1, 50, 10));
}

#[tokio::test(start_paused = true)]
async fn waits_between_attempts_grow_threefold() {
    let notes = Notes::new(1_000);
    let scheduler = start(&notes, SchedulerOptions { retries_max: 3, ..SchedulerOptions::default() });
    scheduler.plan(planned("down", 0));
    sleep(Duration::from_secs(60)).await;
    let times: Vec<_> = notes.taken().into_iter().map(|(after_ms, _)| after_ms).collect();
    for (pair, expected) in times.windows(2).zip([200, 600, 1_800]) {
        assert!((expected..expected + 7).contains(&(pair[1] - pair[0])), "{times:?}");
    }
    assert_eq!(times.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_queue_and_what_is_under_way_are_bounded() {
    let notes = Notes::new(0);
    let options = SchedulerOptions { waiting_max: 5, in_flight_max: 3, ..SchedulerOptions::default() };
    let scheduler = start(&notes, options);
    for _ in 0..3 {
        scheduler.plan(planned("under way", 0));
        sleep(Duration::from_millis(10)).await;
    }
    for number in 0..8 {
        scheduler.plan(planned(&number.to_string(), 1_000 + 10 * number));
    }
    sleep(Duration::from_secs(5)).await;
    assert_eq!((scheduler.statistics().waiting, scheduler.statistics().dropped), (5, 3));
    notes.gate.add_permits(100);
    sleep(Duration::from_secs(5)).await;
    let urls: Vec<_> = notes.taken().into_iter().skip(3).map(|(_, url)| url).collect();
    assert_eq!(urls, ["3", "4", "5", "6", "7"]);
    assert_eq!(scheduler.statistics().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_last_handle() {
    let notes = Notes::new(100);
    let scheduler = start(&notes, SchedulerOptions::default());
    scheduler.plan(planned("a", 1_000));
    drop(scheduler);
    sleep(Duration::from_secs(5)).await;
    assert!(notes.taken().is_empty());
    assert_eq!(Arc::strong_count(&notes), 1);
}
