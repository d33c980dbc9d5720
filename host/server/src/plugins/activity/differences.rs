//! Where two revisions decide differently: by kind and country, with some of the messages.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The message.
    pub message: String,
    /// Where it goes: ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What one said.
    pub was: String,
    /// What the other says.
    pub would_be: String,
}

/// How many differ, and how.
#[derive(Debug, Default)]
pub struct Differences(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    compared: u64,
    differing: u64,
    left_out: u64,
    groups: Groups,
    samples: Vec<Difference>,
}

/// [`Differences`] at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
            group = rest();
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
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Compared {
            compared: kept.compared,
            differing: kept.differing,
            left_out: kept.left_out,
            by_kind: by_frequency(kept.groups.clone()),
            messages_differing: kept.samples.iter().take(samples_max).cloned().collect(),
        }
    }
}

impl Compared {
    /// Both together, with at most so many groups and messages.
    pub fn add(&mut self, other: &Self, groups_max: usize, samples_max: usize) {
        self.compared = self.compared.saturating_add(other.compared);
        self.differing = self.differing.saturating_add(other.differing);
        self.left_out = self.left_out.saturating_add(other.left_out);
        let mut groups = self.groups();
        for (group, messages) in other.groups() {
            let group = if groups.len() < groups_max || groups.contains_key(&group) { group } else { rest() };
            let sum = groups.entry(group).or_default();
            *sum = sum.saturating_add(messages);
        }
        self.by_kind = by_frequency(groups);
        self.messages_differing.extend(other.messages_differing.iter().cloned());
        self.messages_differing.truncate(samples_max);
    }

    /// What has come since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.groups();
        let mut groups = self.groups();
        for (group, messages) in &mut groups {
            *messages = messages.saturating_sub(before.get(group).copied().unwrap_or(0));
        }
        groups.retain(|_, messages| *messages > 0);
        let known = earlier.messages_differing.len();
        Self {
            compared: self.compared.saturating_sub(earlier.compared),
            differing: self.differing.saturating_sub(earlier.differing),
            left_out: self.left_out.saturating_sub(earlier.left_out),
            by_kind: by_frequency(groups),
            messages_differing: self.messages_differing.iter().skip(known).cloned().collect(),
        }
    }

    fn groups(&self) -> Groups {
        let groups = self.by_kind.iter();
        groups.map(|it| ((it.was.clone(), it.would_be.clone(), it.country.clone()), it.messages)).collect()
    }
}

/// Messages by what was said, what would be, and the country.
type Groups = BTreeMap<(String, String, String), u64>;

fn by_frequency(groups: Groups) -> Vec<Group> {
    let groups = groups.into_iter();
    let mut by_kind: Vec<Group> = groups
        .map(|((was, would_be, country), messages)| Group { was, would_be, country, messages })
        .collect();
    by_kind.sort_by_key(|group| std::cmp::Reverse(group.messages));
    by_kind
}

/// What is not counted apart.
fn rest() -> (String, String, String) {
    ("other".to_owned(), "other".to_owned(), "-".to_owned())
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
    fn what_was_told_and_what_came_since_add_up() {
        let differences = Differences::default();
        let id = MessageId::from_parts(MessageId::first_key_at(1), 0);
        let about = About { id, country: Country::from_bytes(*b"DE") };
        differences.compare(about, "allow", "refuse no: x");
        differences.leave_out();
        let told = differences.compared(usize::MAX);
        differences.compare(about, "allow", "refuse other: y");
        differences.compare(about, "allow", "refuse no: z");
        let now = differences.compared(usize::MAX);
        let since = now.since(&told);
        assert_eq!(
            (since.compared, since.differing, since.left_out, since.messages_differing.len()),
            (2, 2, 0, 2)
        );
        let mut sum = told.clone();
        sum.add(&since, GROUPS_MAX, SAMPLES_MAX);
        assert_eq!(sum, now);
        let mut bounded = told;
        bounded.add(&since, 1, 1);
        let kinds: Vec<_> = bounded.by_kind.iter().map(|it| (it.would_be.as_str(), it.messages)).collect();
        assert_eq!(kinds, [("refuse no", 2), ("other", 1)]);
        assert_eq!(bounded.messages_differing.len(), 1);
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
