//! Which message a provider means by its reference.
//!
//! References are random, so an index of them on the disk costs a page for each message: more than
//! the rest of its life together. They are kept in memory instead, by hash, for every message that a
//! receipt can still change and for those that were finished last, and are read from the rows of the
//! messages when the store is opened. Only where a message was in doubt, and so may have more
//! references than its row holds, they are in a table, too.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Finished messages whose repeated receipts are still recognised. Beyond that, such a receipt
/// counts as one for no message; it could change nothing either way.
const FINISHED_MAX: usize = 200_000;

#[derive(Default)]
pub(super) struct References {
    hasher: RandomState,
    messages: HashMap<u64, i64>,
    finished: VecDeque<(u64, i64)>,
    /// What this transaction has changed, with what was there before it.
    changed: Vec<(u64, Option<i64>)>,
    /// What this transaction has finished.
    finishing: Vec<(u64, i64)>,
}

impl References {
    /// The message that may have this reference: 64 bits of hash are as good as all, but whoever
    /// asks compares with the message.
    pub(super) fn find(&self, route: i64, reference: &str) -> Option<i64> {
        self.messages.get(&self.hash(route, reference)).copied()
    }

    pub(super) fn insert(&mut self, route: i64, reference: &str, message: i64) {
        let hash = self.hash(route, reference);
        let before = self.messages.insert(hash, message);
        self.changed.push((hash, before));
    }

    pub(super) fn remove(&mut self, route: i64, reference: &str, message: i64) {
        let hash = self.hash(route, reference);
        if self.messages.get(&hash) == Some(&message) {
            self.messages.remove(&hash);
            self.changed.push((hash, Some(message)));
        }
    }

    /// No receipt changes this message any more.
    pub(super) fn finish(&mut self, route: i64, reference: &str, message: i64) {
        self.finishing.push((self.hash(route, reference), message));
    }

    pub(super) fn commit(&mut self) {
        self.changed.clear();
        self.finished.extend(self.finishing.drain(..));
        while self.finished.len() > FINISHED_MAX {
            if let Some((hash, message)) = self.finished.pop_front()
                && self.messages.get(&hash) == Some(&message)
            {
                self.messages.remove(&hash);
            }
        }
    }

    pub(super) fn roll_back(&mut self) {
        self.finishing.clear();
        while let Some((hash, before)) = self.changed.pop() {
            match before {
                Some(message) => self.messages.insert(hash, message),
                None => self.messages.remove(&hash),
            };
        }
    }

    fn hash(&self, route: i64, reference: &str) -> u64 {
        self.hasher.hash_one((route, reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_gives_back_what_was_there() {
        let mut references = References::default();
        references.insert(1, "a", 10);
        references.commit();
        references.insert(1, "a", 11);
        references.insert(1, "b", 12);
        references.remove(1, "a", 11);
        references.roll_back();
        assert_eq!(references.find(1, "a"), Some(10));
        assert_eq!(references.find(1, "b"), None);
        assert_eq!(references.find(2, "a"), None, "references belong to providers");
    }

    #[test]
    fn finished_messages_are_forgotten_in_order() {
        let mut references = References::default();
        for message in 0..FINISHED_MAX as i64 + 5 {
            let reference = message.to_string();
            references.insert(1, &reference, message);
            references.finish(1, &reference, message);
            references.commit();
        }
        references.insert(1, "5", 999);
        assert_eq!(references.find(1, "4"), None);
        assert_eq!(references.find(1, "5"), Some(999), "a reference that was given again");
        assert_eq!(references.messages.len(), FINISHED_MAX);
    }
}
