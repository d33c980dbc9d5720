//! The child: limits itself, then takes one component all the way into the cache.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, nice, setrlimit};

use super::job::{ANSWER_BYTES_MAX, Cost, Failure, JOB_BYTES_MAX, Job, Line};
use crate::engine::Engine;
use crate::load::{LoadError, LoadRequest, Step};
use crate::pool::Reuse;
use crate::runtime::Instances;
use crate::secrets::NoSecrets;

/// Largest file that the child may write, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Reads a job, does it, and says how it went. For the process that
/// [`Compiler`](super::Compiler) starts; it is good for one job, because it gives up memory,
/// processor time and priority for the rest of its life.
///
/// # Errors
///
/// Where input and output do not work or the limits cannot be set. What is wrong with the component
/// goes to `output`.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    input.by_ref().take(JOB_BYTES_MAX).read_until(b'\n', &mut line)?;
    let job: Job = serde_json::from_slice(&line)?;
    limit(&job)?;
    let mut component = Vec::with_capacity(job.component_bytes.min(job.limits.component_bytes_max));
    input.take(job.component_bytes as u64).read_to_end(&mut component)?;
    if component.len() != job.component_bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let last = match compile(&job, &component, &mut |step| {
        // Nobody listens: the parent is gone, and the child will be too.
        let _ = say(&mut output, &Line::Step(step));
    }) {
        Ok(()) => Line::Done(cost()),
        Err(Refused::Engine(reason)) => return Err(io::Error::other(reason)),
        Err(Refused::Component(error)) if is_memory(&error.to_string()) => Line::OutOfMemory,
        Err(Refused::Component(error)) => Line::Failed(Failure::from(error)),
    };
    say(&mut output, &last)
}

/// True for what the system, the runtime and the standard library say when memory is out.
pub(super) fn is_memory(text: &str) -> bool {
    ["os error 12", "Cannot allocate memory", "memory allocation of", "out of memory (failed"]
        .iter()
        .any(|words| text.contains(words))
}

enum Refused {
    Component(LoadError),
    Engine(String),
}

fn limit(job: &Job) -> io::Result<()> {
    let both = |limit: u64| Rlimit { current: Some(limit), maximum: Some(limit) };
    let cpu = u64::from(job.cpu_s);
    // At the first limit comes a signal that says what it is, at the second the end.
    setrlimit(Resource::Cpu, Rlimit { current: Some(cpu), maximum: Some(cpu + 1) })?;
    // What is written to, not what is reserved: a runtime for components reserves gibibytes.
    setrlimit(Resource::Data, both(job.memory_bytes))?;
    setrlimit(Resource::Fsize, both(FILE_BYTES_MAX))?;
    setrlimit(Resource::Core, both(0))?;
    nice(job.niceness.into())?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

fn compile(job: &Job, component: &[u8], on_step: &mut dyn FnMut(Step)) -> Result<(), Refused> {
    let engine = Engine::with_cache(Instances::OnDemand, Some(&job.cache_dir))
        .map_err(|error| Refused::Engine(error.to_string()))?;
    let request = LoadRequest {
        name: job.name.as_str().into(),
        role: job.role,
        component,
        settings: &job.settings,
        limits: job.limits.clone(),
        reuse: job.reuse_calls.map_or(Reuse::Fresh, |max| Reuse::Calls { max }),
        secrets: Arc::new(NoSecrets),
    };
    engine.load_with(request, on_step).map(drop).map_err(Refused::Component)
}

fn say(output: &mut impl Write, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.truncate(ANSWER_BYTES_MAX as usize / 2);
    text.push(b'\n');
    output.write_all(&text)?;
    output.flush()
}

fn cost() -> Cost {
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let cpu_ms = cpu.tv_sec as u64 * 1000 + cpu.tv_nsec as u64 / 1_000_000;
    Cost { cpu_ms, memory_bytes: peak_bytes().unwrap_or(0) }
}

/// proc(5), `status`: `VmHWM: 123 kB`.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
