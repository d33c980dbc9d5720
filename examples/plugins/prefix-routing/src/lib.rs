//! Chooses providers by the network that a number belongs to, as a table of MCC and MNC says.
//!
//! A message carries no network code: plugins see the number and its country. So the network is told
//! by the number's prefix, by the table `ranges`. A number that was ported to another network keeps
//! its prefix: for those the table is wrong, and only a lookup by a provider would know.

use std::collections::BTreeMap;

use waypost_plugin::prefixes::Prefixes;
use waypost_plugin::prelude::*;

settings! {
    /// Providers by network.
    pub struct PrefixRouting {
        /// The network (MCC and MNC, five or six digits) by prefix of the number. The longest wins.
        ranges: Prefixes<String>,
        /// Providers, best first, by network, or by MCC alone (three digits) for the rest of a country.
        networks: BTreeMap<String, Vec<String>>,
        /// Whether providers that the table does not name may take over.
        others_take_over: bool = true,
    }
}

impl Routing for PrefixRouting {
    fn rank(&self, message: &Message, candidates: &[Candidate]) -> Ranking {
        let preferred = self.providers(message.number());
        let place = |candidate: &&Candidate| preferred.iter().position(|id| *id == candidate.id);
        let mut ranked: Vec<_> = candidates.iter().collect();
        if !self.others_take_over && !preferred.is_empty() {
            ranked.retain(|candidate| place(candidate).is_some());
        }
        ranked.sort_by_key(|candidate| {
            let down = candidate.health == Health::Down;
            (down, place(candidate).unwrap_or(usize::MAX), std::cmp::Reverse(candidate.weight))
        });
        Ranking::of(ranked)
    }

    fn check(&self) -> Result<(), String> {
        let is_digits = |text: &str, lengths: &[usize]| {
            lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some((prefix, network)) = self.ranges.iter().find(|(_, network)| !is_digits(network, &[5, 6]))
        {
            return Err(format!("`ranges`: `{network}` of +{prefix} is not MCC and MNC, five or six digits"));
        }
        match self.networks.keys().find(|network| !is_digits(network, &[3, 5, 6])) {
            Some(network) => Err(format!("`networks`: `{network}` is neither an MCC nor MCC and MNC")),
            None => Ok(()),
        }
    }
}

impl PrefixRouting {
    fn providers(&self, number: &str) -> &[String] {
        let Some(network) = self.ranges.get(number) else { return &[] };
        let of_country = || network.get(..3).and_then(|mcc| self.networks.get(mcc));
        self.networks.get(network).or_else(of_country).map_or(&[], Vec::as_slice)
    }
}

waypost_plugin::export!(PrefixRouting: Routing);
