//! Many tenants with a component each beside one component that all share: decisions a second,
//! memory for each further component that nobody asks, and the time from an upload to its first
//! decision. Nothing is shared between the components: each has settings and bytes of its own.

pub mod traffic;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use waypost_core::decision::{Name, Role};
use waypost_core::id::MessageId;
use waypost_core::message::Draft;
use waypost_core::registry::Plan;
use waypost_engine::compile::{CompileLimits, Compiler};
use waypost_engine::{CallContext, Engine, EngineOptions, Limits, LoadRequest, NoSecrets, Reuse, Screening};

use crate::decision::draft;
use crate::figure::{Report, middle, percentile};
use crate::http::distinct;
use crate::server::data_root;

/// The argument that makes this program the child that compiles.
pub const CHILD: &str = "engine-compile";
const TENANTS: usize = 200;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const THREADS: usize = 2;
const RATIO_MIN: f64 = 0.8;
const IDLE_BYTES_MAX: f64 = 2.0 * 1024.0 * 1024.0;
const UPLOAD_MAX_S: f64 = 2.0;

/// Measures memory first, then throughput by turns.
pub fn measure(report: &mut Report) -> Result<()> {
    let root = data_root()?;
    let cache = tempfile::Builder::new().prefix("tenants").tempdir_in(&root)?;
    let options = EngineOptions { cache_dir: Some(cache.path().to_owned()), ..EngineOptions::default() };
    let engine = Engine::new(&options)?;
    let compiler = Compiler::new(std::env::current_exe()?, vec![CHILD.into()], CompileLimits::default(), 1);
    let draft = draft()?;

    let mut cold = Vec::with_capacity(TENANTS);
    let mut warm = Vec::with_capacity(TENANTS);
    for number in 0..TENANTS {
        let started = Instant::now();
        let policy = load(&engine, &compiler, number)?;
        ask(&policy, &draft)?;
        cold.push(started.elapsed());
    }
    let files = std::fs::read_dir(cache.path())?.filter_map(Result::ok).filter_map(|it| it.metadata().ok());
    let code_bytes: u64 = files.map(|metadata| metadata.len()).sum();
    drop(engine);

    // From here as after a restart: everything comes from the cache.
    let engine = Engine::new(&options)?;
    let shared = load(&engine, &compiler, 0)?;
    ask(&shared, &draft)?;
    let before = memory()?;
    let mut policies = vec![shared.clone()];
    for number in 1..TENANTS {
        let started = Instant::now();
        let policy = load(&engine, &compiler, number)?;
        ask(&policy, &draft)?;
        warm.push(started.elapsed());
        policies.push(policy);
    }
    let loaded = memory()?;
    for times in [&mut cold, &mut warm] {
        times.sort_unstable();
    }
    let seconds = |times: &[Duration], share| percentile(times, share).as_secs_f64();
    report.at_most("upload to first decision, child process, p50", seconds(&cold, 0.5), "s", UPLOAD_MAX_S);
    report.at_most("upload to first decision, child process, p99", seconds(&cold, 0.99), "s", UPLOAD_MAX_S);
    report.figure("load from the cache to first decision, p50", seconds(&warm, 0.5) * 1e3, "ms");
    report.figure(
        "compiled code of a component, on disk",
        code_bytes as f64 / TENANTS as f64 / 1024.0,
        "KiB",
    );
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / (TENANTS - 1) as f64;
    let idle = each(before.resident, loaded.resident);
    report.at_most("resident memory of a further idle component", idle, "bytes", IDLE_BYTES_MAX);
    let idle = each(before.proportional, loaded.proportional);
    report.at_most("proportional memory of a further idle component", idle, "bytes", IDLE_BYTES_MAX);
    report.figure(
        "private memory of a further idle component",
        each(before.private, loaded.private),
        "bytes",
    );

    let one = vec![shared; TENANTS];
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let together = rate(&one, &draft);
        let apart = rate(&policies, &draft);
        report.figure(&format!("one shared component, round {round}"), together, "decisions/s");
        report.figure(&format!("{TENANTS} components, round {round}"), apart, "decisions/s");
        ratios.push(apart / together);
    }
    let name = format!("{TENANTS} components over one, middle of {ROUNDS}");
    report.at_least(&name, middle(&mut ratios), "ratio", RATIO_MIN);
    let busy = each(before.private, memory()?.private);
    report.figure("private memory of a further component after traffic", busy, "bytes");
    Ok(())
}

/// The policy of one tenant: the same code under another name, with other settings.
fn load(engine: &Engine, compiler: &Compiler, number: usize) -> Result<Screening> {
    let name = format!("tenant-{number}");
    let component = distinct(country_blacklist()?, number);
    let request = LoadRequest {
        name: Name::from(name.as_str()),
        role: Role::Screening,
        component: &component,
        settings: &settings(number),
        limits: Limits::for_plan(&Plan::default()),
        reuse: Reuse::Fresh,
        secrets: Arc::new(NoSecrets),
    };
    let (loaded, _) = compiler
        .load(engine, request, &mut |_| {})
        .map_err(|error| anyhow!("{name}: {error} ({})", error.code()))?;
    loaded.screening().context("not a screening component")
}

fn country_blacklist() -> Result<&'static [u8]> {
    Ok(waypost_builtins::find("country-blacklist").context("no such component")?.component)
}

fn settings(number: usize) -> Value {
    let countries = ["CI", "GF", "GP", "MQ", "NC", "PF", "RE", "TF", "WF", "YT"];
    let denied: Vec<_> =
        countries.iter().enumerate().filter(|(bit, _)| number >> bit & 1 == 1).map(|it| it.1).collect();
    json!({ "deny": denied })
}

fn ask(policy: &Screening, draft: &Draft) -> Result<()> {
    let context = CallContext::of_message(MessageId::from_parts(1 << 40, 7), draft.time_ms);
    policy.screen(draft, &context).answer.map(drop).map_err(|fault| anyhow!("{fault}"))
}

/// Decisions a second of all threads, each message for another tenant.
fn rate(policies: &[Screening], draft: &Draft) -> f64 {
    let decided = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let decided = &decided;
            scope.spawn(move || {
                let context = CallContext::of_message(MessageId::from_parts(1 << 40, 7), draft.time_ms);
                let mut next = thread * policies.len() / THREADS;
                let mut count = 0;
                while started.elapsed() < ROUND {
                    for _ in 0..64 {
                        // A step that has no factor in common with the number of tenants.
                        next = (next + 77) % policies.len();
                        drop(black_box(policies[next].screen(draft, &context)));
                        count += 1;
                    }
                }
                decided.fetch_add(count, Ordering::Relaxed);
            });
        }
    });
    decided.into_inner() as f64 / started.elapsed().as_secs_f64()
}

/// Memory of this process, in bytes.
struct Memory {
    resident: u64,
    proportional: u64,
    private: u64,
}

/// proc(5), `smaps_rollup`.
fn memory() -> Result<Memory> {
    let text = std::fs::read_to_string(Path::new("/proc/self/smaps_rollup"))?;
    let bytes = |name: &str| -> Result<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        Ok(line.trim_start_matches(':').split_whitespace().next().context("no value")?.parse::<u64>()? * 1024)
    };
    let private = bytes("Private_Clean:")? + bytes("Private_Dirty:")?;
    Ok(Memory { resident: bytes("Rss:")?, proportional: bytes("Pss:")?, private })
}
