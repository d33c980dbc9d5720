//! Where two revisions decide differently: by kind and country, with some of the messages.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use waypost_core::id::MessageId;
use waypost_core::number::Country;

/// Most combinations of kinds and country that are counted apart.
const GROUPS_MAX: usize = 500;
/// Most messages that are named.
const SAMPLES_MAX: usize = 1000;

/// The message that a decision was about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its id.
    pub id: MessageId,
    /// Where it goes.
    pub country: Option<Country>,
}

/// A message about which two revisions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The message.
    pub message: String,
    /// Where it goes: ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What one said.
    pub was: String,
    /// What the other says.
    pub would_be: String,
}

/// How many differ, and how.
#[derive(Debug, Default)]
pub struct Differences(Mutex<Kept>);

#[derive(Debug, Default, Clone)]
struct Kept {
    compared: u64,
    differing: u64,
    left_out: u64,
    groups: BTreeMap<(String, String, String), u64>,
    samples: Vec<Difference>,
}

/// [`Differences`] at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// Messages about which both were asked.
    pub compared: u64,
    /// Those about which they differ.
    pub differing: u64,
    /// Messages about which the shadow was not asked, because it could not keep up.
    pub left_out: u64,
    /// By kind of answer and country, most frequent first.
    pub by_kind: Vec<Group>,
    /// Some of the messages that differ: the first ones.
    pub messages_differing: Vec<Difference>,
}

/// Messages that differ in the same way.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// What one said: its kind.
    pub was: String,
    /// What the other says: its kind.
    pub would_be: String,
    /// Where they go: ISO 3166-1 alpha-2, `-` where the number does not say.
    pub country: String,
    /// How many.
    pub messages: u64,
}

impl Differences {
    /// Compares two answers in words.
    pub fn compare(&self, about: About, was: &str, would_be: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.compared += 1;
        if was == would_be {
            return;
        }
        kept.differing += 1;
        let country = about.country.map(|country| country.as_str().to_owned());
        let mut group = (kind_of(was), kind_of(would_be), country.clone().unwrap_or_else(|| "-".to_owned()));
        if kept.groups.len() >= GROUPS_MAX && !kept.groups.contains_key(&group) {
            group = ("other".to_owned(), "other".to_owned(), "-".to_owned());
        }
        *kept.groups.entry(group).or_default() += 1;
        if kept.samples.len() < SAMPLES_MAX {
            let (was, would_be) = (was.to_owned(), would_be.to_owned());
            kept.samples.push(Difference { message: about.id.to_string(), country, was, would_be });
        }
    }

    /// A message about which nothing could be compared.
    pub fn leave_out(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).left_out += 1;
    }

    /// What differs so far, with at most so many messages.
    pub fn compared(&self, samples_max: usize) -> Compared {
        let Kept { compared, differing, left_out, groups, mut samples } =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        samples.truncate(samples_max);
        let groups = groups.into_iter().map(|((was, would_be, country), messages)| Group {
            was,
            would_be,
            country,
            messages,
        });
        let mut by_kind: Vec<Group> = groups.collect();
        by_kind.sort_by_key(|group| std::cmp::Reverse(group.messages));
        Compared { compared, differing, left_out, by_kind, messages_differing: samples }
    }
}

/// The kind of an answer: what it says without its reason, and the first of what it ranks.
pub fn kind_of(result: &str) -> String {
    let kind = result.split_once(':').map_or(result, |(kind, _)| kind);
    let kind = kind.split_once(',').map_or(kind, |(first, _)| first);
    match kind.split_once(" until ") {
        Some((hold, _)) => hold.to_owned(),
        None => kind.chars().take(100).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_leave_out_what_every_message_has_of_its_own() {
        for (result, kind) in [
            ("allow", "allow"),
            ("refuse country_denied: CU is not served", "refuse country_denied"),
            ("hold until 1577836800000", "hold"),
            ("ranked twilio, simulator", "ranked twilio"),
            ("replace Shop", "replace Shop"),
        ] {
            assert_eq!(kind_of(result), kind);
        }
    }

    #[test]
    fn differences_are_counted_by_kind_and_country() {
        let differences = Differences::default();
        let id = MessageId::from_parts(MessageId::first_key_at(1), 0);
        let (de, fr) = (Country::from_bytes(*b"DE"), Country::from_bytes(*b"FR"));
        for (country, was, would_be) in [
            (de, "allow", "refuse no: x"),
            (de, "allow", "refuse no: y"),
            (fr, "allow", "allow"),
            (fr, "allow", "refuse no: z"),
        ] {
            differences.compare(About { id, country }, was, would_be);
        }
        let compared = differences.compared(2);
        assert_eq!((compared.compared, compared.differing, compared.messages_differing.len()), (4, 3, 2));
        let groups: Vec<_> = compared.by_kind.iter().map(|it| (it.country.clone(), it.messages)).collect();
        assert_eq!(groups, [("DE".to_owned(), 2), ("FR".to_owned(), 1)]);
    }
}
