//! What one decision costs, in microseconds: `cargo bench -p waypost-engine --profile release`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement for people")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{CONTEXT, draft, patient};
use serde_json::json;
use waypost_core::decision::{Role, Verdict};
use waypost_engine::{Engine, EngineOptions, LoadRequest, NoSecrets, Reuse, Screening};
use waypost_test_guests::DENY;

const CALLS: usize = 20_000;

fn main() {
    let cache = tempfile::tempdir().unwrap();
    let options = EngineOptions { cache_dir: Some(cache.path().to_owned()), ..Default::default() };
    let engine = Engine::new(&options).unwrap();

    let (cold, _) = timed(|| screening(&engine, Reuse::Fresh));
    let (warm, fresh) = timed(|| screening(&engine, Reuse::Fresh));
    println!("load, cold              {:>9.1} ms", cold.as_secs_f64() * 1e3);
    println!("load, warm cache        {:>9.1} ms", warm.as_secs_f64() * 1e3);
    report("fresh instance", &fresh);
    report("reused, 1..64 calls", &screening(&engine, Reuse::Calls { max: 64 }));
    report("reused, 1..1000 calls", &screening(&engine, Reuse::Calls { max: 1000 }));
    parallel("fresh, two threads", &fresh);
    parallel("reused, two threads", &screening(&engine, Reuse::Calls { max: 1000 }));
}

fn screening(engine: &Engine, reuse: Reuse) -> Screening {
    let settings = json!({"countries": ["AF", "CU", "GB", "IR", "KP", "SY"]});
    let request = LoadRequest {
        name: Arc::from("deny"),
        role: Role::Screening,
        component: DENY,
        settings: &settings,
        limits: patient(),
        reuse,
        secrets: Arc::new(NoSecrets),
    };
    engine.load(request).unwrap().screening().unwrap()
}

fn report(what: &str, screening: &Screening) {
    let mut times = times(screening);
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 1000].as_secs_f64() * 1e6;
    println!("{what:<22} p50 {:>7.2} µs  p90 {:>7.2}  p99 {:>7.2}", at(500), at(900), at(990));
}

fn parallel(what: &str, screening: &Screening) {
    let (time, ()) = timed(|| {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| times(screening));
            }
        });
    });
    let rate = (2 * CALLS) as f64 / time.as_secs_f64();
    println!("{what:<22} {rate:>9.0} decisions/s");
}

/// The time of each call as its caller sees it, the end of the instance included.
fn times(screening: &Screening) -> Vec<Duration> {
    let draft = draft("DE");
    for _ in 0..500 {
        assert_eq!(screening.screen(&draft, &CONTEXT).answer, Ok(Verdict::Allow));
    }
    (0..CALLS).map(|_| timed(|| screening.screen(&draft, &CONTEXT)).0).collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}
