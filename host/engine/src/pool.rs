//! Instances that wait for their next call.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use wasmtime::Store;

use crate::question::Bound;
use crate::random::Random;
use crate::state::CallState;

/// Whether an instance serves one call or several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Each call runs in a fresh instance: no state, and the same fuel for the same input.
    #[default]
    Fresh,
    /// An instance serves 1 to `max` calls, drawn at random so that leaks of state show up. Its
    /// memory goes on from call to call, so that fuel may differ a little with what the
    /// component's allocator did before.
    Calls {
        /// Most calls, at least 1.
        max: u32,
    },
}

/// Room for idle instances of all components together: what they hold, calls that need a fresh instance do
/// not get.
pub(crate) struct Room {
    taken: AtomicU32,
    max: u32,
}

/// Idle instances of one component, in shards, so that threads do not wait for each other.
pub(crate) struct Pool {
    room: Arc<Room>,
    shards: [Mutex<Vec<Idle>>; SHARDS],
    /// Draws lifetimes.
    draws: AtomicU64,
    calls_max: u32,
}

/// An instance that has ended a call well.
pub(crate) struct Idle {
    pub store: Store<CallState>,
    pub instance: Box<dyn Bound>,
    pub calls_left: u32,
}

const SHARDS: usize = 4;
/// Most idle instances in a shard.
const IDLE_MAX: usize = 4;

impl Room {
    /// Half of so many instances: as many calls can run in fresh ones, whoever is idle.
    pub fn of(instances_max: u32) -> Self {
        Self { taken: AtomicU32::new(0), max: instances_max / 2 }
    }

    fn enter(&self) -> bool {
        let one_more = |taken| (taken < self.max).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    fn leave(&self, instances: usize) {
        // Never more than came in, which a `u32` counts.
        self.taken.fetch_sub(instances as u32, Ordering::Relaxed);
    }
}

impl Pool {
    pub fn new(reuse: Reuse, room: Arc<Room>) -> Self {
        let calls_max = match reuse {
            Reuse::Fresh => 1,
            Reuse::Calls { max } => max.max(1),
        };
        Self { room, shards: Default::default(), draws: AtomicU64::new(0), calls_max }
    }

    /// An idle instance, if there is one that no other thread holds.
    pub fn take(&self) -> Option<Idle> {
        if self.calls_max == 1 {
            return None;
        }
        let first = shard_of_thread();
        let idle = (0..SHARDS).find_map(|step| match self.shards[(first + step) % SHARDS].try_lock() {
            Ok(mut shard) => shard.pop(),
            Err(TryLockError::Poisoned(shard)) => shard.into_inner().pop(),
            Err(TryLockError::WouldBlock) => None,
        });
        self.room.leave(usize::from(idle.is_some()));
        idle
    }

    /// Takes an instance back, as long as it has calls left and there is room.
    pub fn put(&self, idle: Idle) {
        if idle.calls_left == 0 {
            return;
        }
        let shard = &self.shards[shard_of_thread()];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() < IDLE_MAX && self.room.enter() {
            shard.push(idle);
        }
    }

    /// How many calls a new instance serves after its first.
    pub fn draw_calls_left(&self) -> u32 {
        if self.calls_max == 1 {
            return 0;
        }
        let draw = Random::from_seed(self.draws.fetch_add(1, Ordering::Relaxed)).next_u64();
        (draw % u64::from(self.calls_max)) as u32
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for shard in &mut self.shards {
            let idle = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            self.room.leave(idle.len());
        }
    }
}

/// Threads are spread over the shards in the order in which they first come.
fn shard_of_thread() -> usize {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) as usize % SHARDS;
    }
    SHARD.with(|shard| *shard)
}
