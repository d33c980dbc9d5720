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
use super::hindrance::Hindrance;
use crate::clock;

/// A tenant that has used nothing lately may run for as much at once as its plan allows in so long.
const BURST_US: u32 = 2_000_000;

/// A clock of the tenant's own time: one unit is a microsecond of waiting.
const CLOCK: Rate = Rate { interval_us: 1, burst: BURST_US };

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
    /// Where it is too much, calls run apart.
    hindrance: Hindrance,
    /// By which calls run apart one by one.
    apart: Gate,
    turns: Semaphore,
}

impl Default for Used {
    fn default() -> Self {
        Self {
            next_us: AtomicU64::new(0),
            hindrance: Hindrance::default(),
            apart: Gate::default(),
            turns: Semaphore::new(TURNS),
        }
    }
}

impl Budget {
    /// Asks a component and charges the processor time: at once where the tenant's calls are quick, else
    /// apart, one after the other.
    pub fn ask<T: Send>(&self, now_ms: u64, question: impl FnOnce() -> T + Send) -> T {
        let (answer, time) =
            if self.is_slow() { apart::call(&self.used.apart, question) } else { apart::timed(question) };
        self.used.hindrance.note(time, clock::local_us());
        self.charge(time, now_ms);
        answer
    }

    /// Asks a component on this thread, which holds up nobody, and charges the processor time.
    pub fn ask_beside<T>(&self, now_ms: u64, question: impl FnOnce() -> T) -> T {
        let (answer, time) = apart::timed(question);
        self.charge(time, now_ms);
        answer
    }

    fn is_slow(&self) -> bool {
        self.used.hindrance.is_slow(clock::local_us())
    }

    /// Waits until another request of this tenant may be decided; at once where its calls are quick.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        if self.is_slow() { self.used.turns.acquire().await.ok() } else { None }
    }

    /// A call has taken so long.
    fn charge(&self, time: Duration, now_ms: u64) {
        let wait = time.as_nanos() / u128::from(self.ms_per_second.max(1));
        let wait_us = u32::try_from(wait).unwrap_or(u32::MAX);
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

    const CALL: Duration = Duration::from_millis(25);

    fn budget(ms_per_second: u32) -> Budget {
        Budgets::default()
            .of(&"acme".into(), &Plan { decision_ms_per_second: ms_per_second, ..Plan::default() })
    }

    #[test]
    fn two_seconds_of_the_plan_go_at_once_and_then_its_share_of_each() {
        let budget = budget(250);
        for _ in 0..19 {
            budget.charge(CALL, 10_000);
        }
        assert_eq!(budget.free_at_ms(10_000), None);
        budget.charge(CALL, 10_000);
        // 500 ms are used: what comes next waits until one microsecond is left.
        assert_eq!(budget.free_at_ms(10_000), Some(10_001));
        budget.charge(CALL, 10_000);
        assert_eq!(budget.free_at_ms(10_000), Some(10_101), "25 ms at 250 ms a second are 100 ms of waiting");
        assert_eq!(budget.free_at_ms(10_101), None);
    }

    #[tokio::test]
    async fn who_holds_up_others_runs_apart_and_takes_turns() {
        let budget = budget(250);
        let long = || {
            let mut spent = Duration::ZERO;
            while spent < Duration::from_millis(20) {
                spent += apart::timed(|| (0..100_000_u64).map(std::hint::black_box).sum::<u64>()).1;
            }
        };
        let here = std::thread::current().id();
        let thread = || budget.ask(0, || std::thread::current().id());
        budget.ask_beside(0, long);
        assert_eq!(thread(), here, "a shadow holds up nobody");
        assert!(budget.turn().await.is_none());
        budget.ask(0, long);
        assert_ne!(thread(), here);
        let turns: Vec<_> = [budget.turn().await, budget.turn().await].into_iter().flatten().collect();
        assert_eq!(turns.len(), 2);
    }

    #[test]
    fn what_was_used_outlives_another_plan() {
        let budgets = Budgets::default();
        let plan = |ms| Plan { decision_ms_per_second: ms, ..Plan::default() };
        let (name, other) = (Name::from("acme"), Name::from("other"));
        budgets.of(&name, &plan(1)).charge(CALL, 0);
        assert!(budgets.of(&name, &plan(1000)).free_at_ms(0).is_some());
        assert!(budgets.of(&other, &plan(1)).free_at_ms(0).is_none(), "each tenant has its own");
        budgets.keep(|kept| *kept == other);
        assert!(budgets.of(&name, &plan(1)).free_at_ms(0).is_none());
    }
}
