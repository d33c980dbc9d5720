//! How long a tenant's own components may run on this host, whatever they are asked: counted after each
//! call, looked at before a request is decided.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use waypost_core::decision::Name;
use waypost_core::rate::Rate;
use waypost_core::registry::Plan;

/// A tenant that has used nothing lately may run for as much at once as its plan allows in so long.
const BURST_US: u32 = 2_000_000;

/// A clock of the tenant's own time: one unit is a microsecond of waiting.
const CLOCK: Rate = Rate { interval_us: 1, burst: BURST_US };

/// What a tenant has used of its plan's time.
#[derive(Debug, Clone)]
pub struct Budget {
    next_us: Arc<AtomicU64>,
    /// How long the components may run, in milliseconds of each second; equally: how many nanoseconds of
    /// theirs one microsecond of waiting pays for.
    ms_per_second: u32,
}

impl Budget {
    /// A call has taken so long.
    pub fn charge(&self, time_ns: u64, now_ms: u64) {
        let wait_us = u32::try_from(time_ns / u64::from(self.ms_per_second.max(1))).unwrap_or(u32::MAX);
        let charged = |next_us| Some(CLOCK.charge(next_us, now_ms.saturating_mul(1000), wait_us));
        // The closure always has an answer.
        let _ = self.next_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charged);
    }

    /// True where both count the same time under the same plan.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.next_us, &other.next_us) && self.ms_per_second == other.ms_per_second
    }

    /// From when on there is something left, in Unix milliseconds. None: now.
    pub fn free_at_ms(&self, now_ms: u64) -> Option<u64> {
        let now_us = now_ms.saturating_mul(1000);
        let free_us = CLOCK.free_at_us(self.next_us.load(Ordering::Relaxed), now_us);
        (free_us > now_us).then(|| free_us.div_ceil(1000))
    }
}

impl Default for Budget {
    /// One that nobody shares, under the usual plan.
    fn default() -> Self {
        Self { next_us: Arc::default(), ms_per_second: Plan::default().decision_ms_per_second }
    }
}

/// What every tenant has used, through all changes of its plan and its plugins.
#[derive(Debug, Default)]
pub struct Budgets(Mutex<HashMap<Name, Arc<AtomicU64>>>);

impl Budgets {
    /// The budget of a tenant under a plan.
    pub fn of(&self, tenant: &Name, plan: &Plan) -> Budget {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next_us = all.entry(tenant.clone()).or_default().clone();
        Budget { next_us, ms_per_second: plan.decision_ms_per_second }
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
