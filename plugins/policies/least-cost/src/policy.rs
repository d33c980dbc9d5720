//! The order of providers.

use serde::Deserialize;

use crate::bindings::exports::waypost::sms::routing::{Candidate, Health, Ranking, Refusal};

/// The settings, which are the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    prefer: Prefer,
    unpriced: Unpriced,
    down: Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Prefer {
    Price,
    Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unpriced {
    Last,
    First,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Down {
    Last,
    LeaveOut,
}

/// Lower is better; the first difference decides.
type Rank = (u8, (bool, u64), (bool, u64), u32);

impl Policy {
    /// Without settings: cheapest first, nothing left out.
    pub const DEFAULT: Self = Self { prefer: Prefer::Price, unpriced: Unpriced::Last, down: Down::Last };

    pub fn parse(settings_json: &str) -> Result<Self, String> {
        serde_json::from_str(settings_json).map_err(|error| error.to_string())
    }

    pub fn rank(&self, mut candidates: Vec<Candidate>) -> Ranking {
        if candidates.is_empty() {
            return refuse("no provider serves this recipient");
        }
        if self.down == Down::LeaveOut {
            candidates.retain(|candidate| candidate.health != Health::Down);
            if candidates.is_empty() {
                return refuse("every provider that serves this recipient is down");
            }
        }
        // The sort is stable, so equals stay in the order of the configuration.
        candidates.sort_by_key(|candidate| self.key(candidate));
        Ranking::Ranked(candidates.into_iter().map(|candidate| candidate.id).collect())
    }

    fn key(&self, candidate: &Candidate) -> Rank {
        let health = match candidate.health {
            Health::Healthy => 0,
            Health::Recovering => 1,
            Health::Down => 2,
        };
        let price = match candidate.price_micros {
            Some(micros) => (self.unpriced == Unpriced::First, micros),
            None => (self.unpriced == Unpriced::Last, 0),
        };
        let weight = (false, u64::from(u32::MAX - candidate.weight));
        let (first, second) = match self.prefer {
            Prefer::Price => (price, weight),
            Prefer::Weight => (weight, price),
        };
        (health, first, second, candidate.backlog)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn refuse(reason: &str) -> Ranking {
    Ranking::Refuse(Refusal { code: "no_route".to_owned(), reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Health::{Down, Healthy, Recovering};

    fn candidate(
        id: &str,
        health: Health,
        price_micros: Option<u64>,
        weight: u32,
        backlog: u32,
    ) -> Candidate {
        Candidate { id: id.to_owned(), price_micros, health, backlog, weight }
    }

    fn ranked(settings: &str, candidates: &[Candidate]) -> String {
        match Policy::parse(settings).unwrap().rank(candidates.to_vec()) {
            Ranking::Ranked(ids) => ids.join(" "),
            Ranking::Refuse(refusal) => refusal.code,
        }
    }

    #[test]
    fn the_first_difference_decides() {
        let table: [(&str, &[Candidate], &str); 9] = [
            ("{}", &[], "no_route"),
            (
                "{}",
                &[
                    candidate("down", Down, Some(1), 9, 0),
                    candidate("recovering", Recovering, Some(2), 9, 0),
                    candidate("healthy", Healthy, Some(3), 0, 9),
                ],
                "healthy recovering down",
            ),
            (
                "{}",
                &[
                    candidate("unpriced", Healthy, None, 1000, 0),
                    candidate("dear", Healthy, Some(u64::MAX), 1000, 0),
                    candidate("free", Healthy, Some(0), 0, 100),
                ],
                "free dear unpriced",
            ),
            (
                r#"{"unpriced": "first"}"#,
                &[candidate("free", Healthy, Some(0), 0, 0), candidate("unpriced", Healthy, None, 0, 0)],
                "unpriced free",
            ),
            (
                "{}",
                &[candidate("light", Healthy, Some(7), 1, 0), candidate("heavy", Healthy, Some(7), 1000, 5)],
                "heavy light",
            ),
            (
                r#"{"prefer": "weight"}"#,
                &[
                    candidate("cheap", Healthy, Some(1), 1, 0),
                    candidate("heavy", Healthy, Some(9), 2, 0),
                    candidate("heavy_cheap", Healthy, Some(8), 2, 9),
                ],
                "heavy_cheap heavy cheap",
            ),
            (
                "{}",
                &[
                    candidate("c", Healthy, None, 1, 5),
                    candidate("b", Healthy, None, 1, 4),
                    candidate("a", Healthy, None, 1, 4),
                ],
                "b a c",
            ),
            (
                r#"{"down": "leave_out"}"#,
                &[candidate("a", Down, None, 1, 0), candidate("b", Recovering, None, 1, 0)],
                "b",
            ),
            (r#"{"down": "leave_out"}"#, &[candidate("a", Down, None, 1, 0)], "no_route"),
        ];
        for (settings, candidates, expected) in table {
            assert_eq!(ranked(settings, candidates), expected, "{settings}");
        }
    }

    #[test]
    fn wrong_settings_are_refused_by_name() {
        for (settings, named) in
            [(r#"{"prefer": "luck"}"#, "`luck`"), (r#"{"spread": true}"#, "`spread`"), ("", "EOF")]
        {
            let error = Policy::parse(settings).unwrap_err();
            assert!(error.contains(named), "{settings}: {error}");
        }
    }
}
