//! The wall-clock backstop: a thread that moves the epoch, and a stopwatch for each call. A call that takes
//! long gives way to others at each tick.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::EngineWeak;

/// How often the epoch moves, and so how late the backstop may come.
const TICK: Duration = Duration::from_millis(5);
/// A call with more processor time than this since its first tick is long, and lets others have the processor
/// at each tick. Linux lets a thread finish its slice, 1.4 to 3 ms, before one that wakes up takes the
/// processor, however low the thread's priority is (EEVDF, `RUN_TO_PARITY`); a thread that yields has given its
/// slice away.
const LONG: Duration = Duration::from_millis(1);
/// How often the epoch moves while there are long calls, and so how long each keeps others waiting.
const SHORT_TICK: Duration = Duration::from_micros(250);
/// Short ticks after the last that met a long call.
const SHORT_TICKS: u32 = 400;
/// Ticks until a call first looks at its stopwatch.
pub(crate) const FIRST_TICK: u64 = 1;
/// How much longer than its limit a call may take by the clock on the wall, where other threads
/// keep it from the processor: a thread of niceness 10 gets a tenth of a busy one, and less as it yields.
const WALL_FACTOR: u32 = 50;

/// Of the process, as its processors are.
static PACE: Pace = Pace(AtomicU32::new(0));

/// How fast the epoch moves: how many short ticks are to come.
#[derive(Debug)]
struct Pace(AtomicU32);

impl Pace {
    fn hurry(&self) {
        self.0.store(SHORT_TICKS, Ordering::Relaxed);
    }

    /// The time until the next tick.
    fn next(&self) -> Duration {
        let one_less = |left: u32| left.checked_sub(1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) {
            Ok(_) => SHORT_TICK,
            Err(_) => TICK,
        }
    }
}

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
            while stopped.recv_timeout(PACE.next()) == Err(RecvTimeoutError::Timeout) {
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

    /// Called at each tick. Where the call is long, whoever waits for the processor gets it. True: the call has
    /// had its time.
    pub fn tick(&mut self) -> bool {
        let used = thread_time();
        let Some((wall, cpu)) = self.started else {
            self.started = Some((Instant::now(), used));
            return false;
        };
        let taken = used.saturating_sub(cpu);
        if taken >= LONG {
            PACE.hurry();
            std::thread::yield_now();
        }
        let limit = Duration::from_millis(self.limit_ms.into());
        taken >= limit || wall.elapsed() >= limit * WALL_FACTOR
    }
}

/// Processor time of the calling thread. Time during which the thread waits for a processor does
/// not count, so that a busy machine does not stop innocent calls.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short_for_a_while_after_a_long_call() {
        let pace = Pace(AtomicU32::new(0));
        assert_eq!(pace.next(), TICK);
        pace.hurry();
        for _ in 0..SHORT_TICKS {
            assert_eq!(pace.next(), SHORT_TICK);
        }
        assert_eq!(pace.next(), TICK);
    }

    #[test]
    fn a_call_is_over_after_its_processor_time() {
        let mut stopwatch = Stopwatch::new(10);
        assert!(!stopwatch.tick(), "it begins with the first tick");
        assert!(!stopwatch.tick());
        let began = thread_time();
        while thread_time().saturating_sub(began) < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        assert!(stopwatch.tick());
    }
}
