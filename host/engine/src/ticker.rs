//! The wall-clock backstop: a thread that moves the epoch, and a stopwatch for each call.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::EngineWeak;

/// How often the epoch moves, and so how late the backstop may come.
const TICK: Duration = Duration::from_millis(5);
/// Ticks until a call first looks at its stopwatch.
pub(crate) const FIRST_TICK: u64 = 1;
/// How much longer than its limit a call may take by the clock on the wall, where other threads
/// keep it from the processor.
const WALL_FACTOR: u32 = 20;

/// Moves the epoch of engines until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub fn start(engines: Vec<EngineWeak>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("waypost-epoch".to_owned()).spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                for engine in &engines {
                    let Some(engine) = engine.upgrade() else { return };
                    engine.increment_epoch();
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It ends at once, and cannot have panicked.
            let _ = thread.join();
        }
    }
}

/// Measures the processor time of one call, from the first tick that falls into it: most calls
/// are over before, and then it costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    limit_ms: u32,
    started: Option<(Instant, Duration)>,
}

impl Stopwatch {
    pub fn new(limit_ms: u32) -> Self {
        Self { limit_ms, started: None }
    }

    /// Called at each tick.
    pub fn is_over(&mut self) -> bool {
        let used = thread_time();
        let Some((wall, cpu)) = self.started else {
            self.started = Some((Instant::now(), used));
            return false;
        };
        let limit = Duration::from_millis(self.limit_ms.into());
        used.saturating_sub(cpu) >= limit || wall.elapsed() >= limit * WALL_FACTOR
    }
}

/// Processor time of the calling thread. Time during which the thread waits for a processor does
/// not count, so that a busy machine does not stop innocent calls.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}
