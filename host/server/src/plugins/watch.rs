//! Who looks on while a plugin decides: its activity, and the shadow that is asked the same.

use std::sync::Arc;

use waypost_core::decision::DecisionRecord;
use waypost_core::id::MessageId;

use super::activity::{About, Activity};
use super::budget::Budget;
use super::shadow::Shadows;
use crate::clock;

/// Who looks on at one place.
#[derive(Clone)]
pub struct Watch<C> {
    /// Of the revision that decides.
    pub active: Option<Arc<Activity>>,
    /// Asked beside it.
    pub shadow: Option<Shadow<C>>,
    /// The tenant's, of which each call takes its time.
    pub budget: Budget,
}

/// A revision that is asked and decides nothing.
#[derive(Clone)]
pub struct Shadow<C> {
    /// Who is asked.
    pub component: C,
    /// What was seen of it.
    pub activity: Arc<Activity>,
    /// Asks it.
    pub shadows: Shadows,
}

impl<C> Watch<C> {
    /// The one that decides has answered.
    pub fn decided(&self, record: &DecisionRecord, id: MessageId) {
        if let Some(activity) = &self.active {
            activity.record(record, id, clock::now_ms());
        }
    }
}

impl<C: Clone + Send + 'static> Watch<C> {
    /// Asks the shadow the same, later. `was` is what was decided, in words; None where that cannot be
    /// compared. `question` is only made where there is a shadow. Where the tenant has used its time, the
    /// message is left out and counted.
    pub fn ask_shadow<Q>(&self, about: About, was: Option<&str>, question: impl FnOnce() -> Q)
    where
        Q: FnOnce(&C) -> DecisionRecord + Send + 'static,
    {
        let Some(Shadow { component, activity, shadows }) = &self.shadow else { return };
        if self.budget.free_at_ms(clock::now_ms()).is_some() {
            activity.differences().leave_out();
            return;
        }
        let (component, seen, was, question) =
            (component.clone(), activity.clone(), was.map(str::to_owned), question());
        let budget = self.budget.clone();
        let asked = shadows.ask(Box::new(move || {
            let now_ms = clock::now_ms();
            // Those before it may have used the rest.
            if budget.free_at_ms(now_ms).is_some() {
                seen.differences().leave_out();
                return;
            }
            let record = budget.ask_beside(now_ms, || question(&component));
            seen.record(&record, about.id, now_ms);
            if let Some(was) = was {
                seen.differences().compare(about, &was, &in_words(&record));
            }
        }));
        if !asked {
            activity.differences().leave_out();
        }
    }
}

/// What was said, or how it failed: without the text of a fault, which may differ between calls.
pub fn in_words(record: &DecisionRecord) -> String {
    match record.fault {
        Some(class) => format!("fault {class}"),
        None => record.result.clone(),
    }
}
