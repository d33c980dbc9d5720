//! What a submit costs in process, and a webhook with it.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it measured")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use waypost_simulator::{
    Carrier, DeliveryError, Event, Options, Planned, Plans, Proof, Scheduler, SchedulerOptions, Signer,
    Status, Webhook, WebhookSink,
};

const SUBMITS: usize = 200_000;
const RATE: usize = 20_000;

struct NoPlans;

impl Plans for NoPlans {
    fn plan(&self, _planned: Planned) {}
}

struct NoSink;

#[async_trait]
impl WebhookSink for NoSink {
    async fn deliver(&self, _webhook: Webhook) -> Result<(), DeliveryError> {
        Ok(())
    }
}

fn main() {
    let bodies: Vec<Vec<u8>> = (0..SUBMITS).map(body).collect();

    let carrier = Carrier::new(Options::default(), Arc::new(NoPlans)).unwrap();
    report("submit of new ids", time(&carrier, &bodies));
    report("submit of known ids", time(&carrier, &bodies));

    let signer = Signer::new(b"key");
    let planned = receipt();
    let before = cpu("/proc/thread-self/stat");
    for now_ms in 0..SUBMITS as u64 {
        assert!(!signer.sign(&planned, now_ms, 1_795_000_000_000 + now_ms).body.is_empty());
    }
    report("webhook written and signed", cpu("/proc/thread-self/stat") - before);

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let _entered = runtime.enter();
    for delay_ms in [60_000, 300] {
        let options = SchedulerOptions { waiting_max: SUBMITS, ..SchedulerOptions::default() };
        let scheduler = Scheduler::start(Signer::new(b"key"), Arc::new(NoSink), options);
        let options = Options { delay_ms, ..Options::default() };
        let carrier = Carrier::new(options, Arc::new(scheduler.clone())).unwrap();
        if delay_ms > 1_000 {
            report("submit of new ids and plan", time(&carrier, &bodies));
        } else {
            steady(&carrier, &scheduler, &bodies);
        }
    }
}

/// Submits at an even rate; what that costs with its webhooks signed and handed to a sink.
fn steady(carrier: &Carrier, scheduler: &Scheduler, bodies: &[Vec<u8>]) {
    let cpu_before = cpu("/proc/self/stat");
    let started = Instant::now();
    for (index, body) in bodies.iter().enumerate() {
        if index % 20 == 0 {
            let due = started + Duration::from_secs_f64(index as f64 / RATE as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        carrier.submit(None, body);
    }
    std::thread::sleep(Duration::from_secs(1));
    let cost = cpu("/proc/self/stat") - cpu_before;
    println!(
        "{RATE}/s with receipts after 300 ms: {:.0} ns of processor time each, {:.1} % of one core; took {:?}; {:?}",
        cost.as_nanos() as f64 / bodies.len() as f64,
        cost.as_secs_f64() * 100.0 * RATE as f64 / bodies.len() as f64,
        started.elapsed(),
        scheduler.statistics(),
    );
}

fn receipt() -> Planned {
    let event = Event::Receipt {
        reference: "sim-0001a2b3c4d5e6f7".into(),
        message_id: "01J9Z8Q4T0ABCDEFGHJKMNPQRS".into(),
        status: Status::Delivered,
        code: None,
        reason: None,
    };
    Planned { after: Duration::ZERO, url: "http://127.0.0.1:8080/".into(), event, proof: Proof::Genuine }
}

fn body(index: usize) -> Vec<u8> {
    format!(
        r#"{{"id":"01J9Z8Q4T0{index:016}","attempt":1,"to":"+4206{:05}999","from":"Waypost","encoding":"gsm7","text":"{}","segments":1,"valid_for_s":86400,"receipt_url":"http://127.0.0.1:8080/hooks/simulator"}}"#,
        index % 100_000,
        "Your code is 123456. It is valid for ten minutes. ".repeat(2),
    )
    .into_bytes()
}

/// Processor time of this thread: the machine may be busy with other things.
fn time(carrier: &Carrier, bodies: &[Vec<u8>]) -> Duration {
    let before = cpu("/proc/thread-self/stat");
    for body in bodies {
        assert!(!carrier.submit(None, body).lost);
    }
    cpu("/proc/thread-self/stat") - before
}

fn report(name: &str, took: Duration) {
    println!("{name}: {:.0} ns of processor time each", took.as_nanos() as f64 / SUBMITS as f64);
}

/// Processor time so far (fields 14 and 15 of proc_pid_stat(5), in 1/100 s).
fn cpu(stat: &str) -> Duration {
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 =
        after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
