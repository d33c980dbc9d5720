//! How long a tenant's own components may run on this host, whatever they are asked: counted after each
//! call, looked at before a request is decided. And where they run: with everybody else's as long as they
//! are quick, else apart.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use waypost_core::decision::Name;
use waypost_core::rate::Rate;
use waypost_core::registry::Plan;

use super::apart::{self, Gate};

/// A tenant that has used nothing lately may run for as much at once as its plan allows in so long.
const BURST_US: u32 = 2_000_000;

/// A clock of the tenant's own time: one unit is a microsecond of waiting.
const CLOCK: Rate = Rate { interval_us: 1, burst: BURST_US };

/// A call with more processor time than this is slow. On a virtual machine any call can be: the time in which
/// the processor is somebody else's may count as the thread's.
const SLOW: Duration = Duration::from_millis(5);
/// So many slow calls make a tenant slow, where each follows the one before within [`NEXT_MS`].
const SLOW_CALLS: u32 = 3;
/// How long a slow call is remembered on the way there, in milliseconds.
const NEXT_MS: u64 = 10_000;
/// How long a tenant stays slow after its last slow call, in milliseconds.
const SLOW_MS: u64 = 10 * 60 * 1000;
/// Most requests of a slow tenant that are decided at the same time; its calls run one by one.
const TURNS: usize = 4;

/// What a tenant has used of its plan's time.
#[derive(Debug, Clone)]
pub struct Budget {
    used: Arc<Used>,
    /// How long the components may run, in milliseconds of each second; equally: how many nanoseconds of
    /// theirs one microsecond of waiting pays for.
    ms_per_second: u32,
}

/// What is the same under every plan.
#[derive(Debug)]
struct Used {
    next_us: AtomicU64,
    /// Until when calls run apart, in Unix milliseconds.
    slow_until_ms: AtomicU64,
    /// Slow calls of late: how many, and until when they are remembered, in Unix milliseconds.
    slow_calls: Mutex<(u32, u64)>,
    /// By which calls run apart one by one.
    apart: Gate,
    turns: Semaphore,
}

impl Default for Used {
    fn default() -> Self {
        Self {
            next_us: AtomicU64::new(0),
            slow_until_ms: AtomicU64::new(0),
            slow_calls: Mutex::default(),
            apart: Gate::default(),
            turns: Semaphore::new(TURNS),
        }
    }
}

impl Budget {
    /// Asks a component and charges the processor time: at once where the tenant's calls are quick, else
    /// apart, one after the other.
    pub fn ask<T: Send>(&self, now_ms: u64, question: impl FnOnce() -> T + Send) -> T {
        if !self.is_slow(now_ms) {
            return self.ask_here(now_ms, question);
        }
        let (answer, time) = apart::call(&self.used.apart, question);
        self.note(time, now_ms);
        answer
    }

    /// Asks a component on this thread and charges the processor time.
    pub fn ask_here<T>(&self, now_ms: u64, question: impl FnOnce() -> T) -> T {
        let (answer, time) = apart::timed(question);
        self.note(time, now_ms);
        answer
    }

    fn note(&self, time: Duration, now_ms: u64) {
        self.charge(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), now_ms);
        if time > SLOW && self.counts_as_slow(now_ms) {
            self.used.slow_until_ms.fetch_max(now_ms + SLOW_MS, Ordering::Relaxed);
        }
    }

    /// Notes one more slow call. True: they are more than chance.
    fn counts_as_slow(&self, now_ms: u64) -> bool {
        let mut calls = self.used.slow_calls.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if calls.1 > now_ms { calls.0 } else { 0 };
        *calls = (before.saturating_add(1), now_ms + NEXT_MS);
        calls.0 >= SLOW_CALLS || self.is_slow(now_ms)
    }

    fn is_slow(&self, now_ms: u64) -> bool {
        self.used.slow_until_ms.load(Ordering::Relaxed) > now_ms
    }

    /// Waits until another request of this tenant may be decided; at once where its calls are quick.
    pub async fn turn(&self, now_ms: u64) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        if self.is_slow(now_ms) { self.used.turns.acquire().await.ok() } else { None }
    }

    /// A call has taken so long.
    fn charge(&self, time_ns: u64, now_ms: u64) {
        let wait_us = u32::try_from(time_ns / u64::from(self.ms_per_second.max(1))).unwrap_or(u32::MAX);
        let charged = |next_us| Some(CLOCK.charge(next_us, now_ms.saturating_mul(1000), wait_us));
        // The closure always has an answer.
        let _ = self.used.next_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charged);
    }

    /// True where both count the same time under the same plan.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.used, &other.used) && self.ms_per_second == other.ms_per_second
    }

    /// From when on there is something left, in Unix milliseconds. None: now.
    pub fn free_at_ms(&self, now_ms: u64) -> Option<u64> {
        let now_us = now_ms.saturating_mul(1000);
        let free_us = CLOCK.free_at_us(self.used.next_us.load(Ordering::Relaxed), now_us);
        (free_us > now_us).then(|| free_us.div_ceil(1000))
    }
}

impl Default for Budget {
    /// One that nobody shares, under the usual plan.
    fn default() -> Self {
        Self { used: Arc::default(), ms_per_second: Plan::default().decision_ms_per_second }
    }
}

/// What every tenant has used, through all changes of its plan and its plugins.
#[derive(Debug, Default)]
pub struct Budgets(Mutex<HashMap<Name, Arc<Used>>>);

impl Budgets {
    /// The budget of a tenant under a plan.
    pub fn of(&self, tenant: &Name, plan: &Plan) -> Budget {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = all.entry(tenant.clone()).or_default().clone();
        Budget { used, ms_per_second: plan.decision_ms_per_second }
    }

    /// Forgets tenants that are gone.
    pub fn keep(&self, is_there: impl Fn(&Name) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|tenant, _| is_there(tenant));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS_NS: u64 = 1_000_000;

    fn budget(ms_per_second: u32) -> Budget {
        Budgets::default()
            .of(&"acme".into(), &Plan { decision_ms_per_second: ms_per_second, ..Plan::default() })
    }

    #[test]
    fn two_seconds_of_the_plan_go_at_once_and_then_its_share_of_each() {
        let budget = budget(250);
        for _ in 0..19 {
            budget.charge(25 * MS_NS, 10_000);
        }
        assert_eq!(budget.free_at_ms(10_000), None);
        budget.charge(25 * MS_NS, 10_000);
        // 500 ms are used: what comes next waits until one microsecond is left.
        assert_eq!(budget.free_at_ms(10_000), Some(10_001));
        budget.charge(25 * MS_NS, 10_000);
        assert_eq!(budget.free_at_ms(10_000), Some(10_101), "25 ms at 250 ms a second are 100 ms of waiting");
        assert_eq!(budget.free_at_ms(10_101), None);
    }

    #[tokio::test]
    async fn who_is_slow_again_and_again_runs_apart_and_takes_turns() {
        let budget = budget(250);
        let here = std::thread::current().id();
        let thread_at = |now_ms| budget.ask(now_ms, || std::thread::current().id());
        for now_ms in [0, 1, NEXT_MS + 1, NEXT_MS + 2] {
            budget.note(SLOW + Duration::from_nanos(1), now_ms);
            assert_eq!(thread_at(now_ms), here, "{now_ms}: twice may be chance");
            assert!(budget.turn(now_ms).await.is_none());
        }
        let slow_ms = NEXT_MS + 3;
        budget.ask(slow_ms, || {
            let mut spent = Duration::ZERO;
            while spent <= SLOW {
                spent += apart::timed(|| (0..100_000_u64).map(std::hint::black_box).sum::<u64>()).1;
            }
        });
        assert_ne!(thread_at(slow_ms), here);
        let turns: Vec<_> =
            [budget.turn(slow_ms).await, budget.turn(slow_ms).await].into_iter().flatten().collect();
        assert_eq!(turns.len(), 2);
        // One more, and it is slow for as long again.
        let later_ms = slow_ms + SLOW_MS - 1;
        budget.note(SLOW + Duration::from_nanos(1), later_ms);
        assert_ne!(thread_at(slow_ms + SLOW_MS), here);
        assert_eq!(thread_at(later_ms + SLOW_MS), here, "it is forgotten");
    }

    #[test]
    fn what_was_used_outlives_another_plan() {
        let budgets = Budgets::default();
        let plan = |ms| Plan { decision_ms_per_second: ms, ..Plan::default() };
        let (name, other) = (Name::from("acme"), Name::from("other"));
        budgets.of(&name, &plan(1)).charge(10 * MS_NS, 0);
        assert!(budgets.of(&name, &plan(1000)).free_at_ms(0).is_some());
        assert!(budgets.of(&other, &plan(1)).free_at_ms(0).is_none(), "each tenant has its own");
        budgets.keep(|kept| *kept == other);
        assert!(budgets.of(&name, &plan(1)).free_at_ms(0).is_none());
    }
}
