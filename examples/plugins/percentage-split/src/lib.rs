//! Splits recipients between providers by percentages: the same recipient goes the same way each
//! time, because a hash of the number decides and not chance.

use std::collections::BTreeMap;

use waypost_plugin::hash::place;
use waypost_plugin::prelude::*;

settings! {
    /// Shares of providers.
    pub struct PercentageSplit {
        /// Percent by provider; 100 together.
        shares: BTreeMap<String, u32>,
        /// Another text makes another split: change it to move recipients about.
        #[schema("maxLength": 64)]
        salt: String = String::new(),
    }
}

impl Routing for PercentageSplit {
    fn rank(&self, message: &Message, candidates: &[Candidate]) -> Ranking {
        let own = self.provider_at(place(message.number(), &self.salt, 100));
        let mut ranked: Vec<_> = candidates.iter().collect();
        // The others are there for when the recipient's own is down or has failed.
        ranked.sort_by_key(|candidate| {
            let share = self.shares.get(&candidate.id).copied().unwrap_or(0);
            (candidate.health == Health::Down, own != Some(&candidate.id), std::cmp::Reverse(share))
        });
        Ranking::of(ranked)
    }

    fn check(&self) -> Result<(), String> {
        let sum: u64 = self.shares.values().copied().map(u64::from).sum();
        if sum == 100 { Ok(()) } else { Err(format!("`shares` are {sum} percent together, not 100")) }
    }
}

impl PercentageSplit {
    /// Whose share holds this percent, 0 to 99.
    fn provider_at(&self, percent: u64) -> Option<&String> {
        let mut end = 0;
        let within = |(_, share): &(&String, &u32)| {
            end += u64::from(**share);
            percent < end
        };
        self.shares.iter().find(within).map(|(provider, _)| provider)
    }
}

waypost_plugin::export!(PercentageSplit: Routing);
