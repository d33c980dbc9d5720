//! Chooses providers by the time of day where a message goes: by day the one with people on duty, at
//! night the cheap one.
//!
//! Offsets from UTC are fixed: a plugin has no table of time zones, so summer time is for whoever
//! writes the settings.

use std::collections::BTreeMap;

use waypost_plugin::prelude::*;
use waypost_plugin::time::{Local, Offset, TimeOfDay, Weekday};

settings! {
    /// Providers by time of day. The first window that fits decides.
    pub struct TimeOfDayRouting {
        /// Windows of time.
        #[schema("minItems": 1, "maxItems": 50)]
        windows: Vec<Window>,
        /// Offset from UTC by country of the recipient, such as +02:00.
        offsets: BTreeMap<Country, Offset> = BTreeMap::new(),
        /// Offset from UTC for every other country.
        offset: Offset = Offset::UTC,
    }

    /// A window of time, and who carries messages then.
    pub struct Window {
        /// Days on which it begins; every day where there are none.
        days: Vec<Weekday> = Vec::new(),
        /// When it begins.
        from: TimeOfDay,
        /// When it ends. Earlier than `from`: on the next day.
        until: TimeOfDay,
        /// Providers, best first.
        #[schema("minItems": 1, "maxItems": 50)]
        providers: Vec<String>,
        /// Whether no other provider may take over when these are down.
        only: bool = false,
    }
}

impl Routing for TimeOfDayRouting {
    fn rank(&self, message: &Message, candidates: &[Candidate]) -> Ranking {
        let own = message.country().and_then(|country| self.offsets.get(&country));
        let local = own.unwrap_or(&self.offset).local(message.time_ms);
        let Some(window) = self.windows.iter().find(|window| window.holds(local)) else {
            log::info!("no window holds the time where it goes");
            return Ranking::of(sorted(candidates, &[]));
        };
        let mut ranked = sorted(candidates, &window.providers);
        if window.only {
            ranked.retain(|candidate| window.providers.contains(&candidate.id));
        }
        if ranked.is_empty() {
            return refuse("no_provider_now", "no provider of this time of day serves the recipient");
        }
        Ranking::of(ranked)
    }
}

impl Window {
    fn holds(&self, local: Local) -> bool {
        let on_day =
            || self.days.is_empty() || self.days.contains(&local.weekday_of_start(self.from, self.until));
        local.is_between(self.from, self.until) && on_day()
    }
}

/// What is down comes last; then the preferred ones in their order, then the others by weight.
fn sorted<'a>(candidates: &'a [Candidate], preferred: &[String]) -> Vec<&'a Candidate> {
    let mut sorted: Vec<_> = candidates.iter().collect();
    sorted.sort_by_key(|candidate| {
        let place = preferred.iter().position(|id| *id == candidate.id).unwrap_or(usize::MAX);
        (candidate.health == Health::Down, place, std::cmp::Reverse(candidate.weight))
    });
    sorted
}

waypost_plugin::export!(TimeOfDayRouting: Routing);
