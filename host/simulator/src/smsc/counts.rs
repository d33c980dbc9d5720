//! Counts of one SMSC. Each is a counter since the start, but for those that say otherwise.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::rows::table;
use super::status::Status;

/// Recipients whose first submit is remembered, for rows that do something once.
const SEEN_MAX: usize = 100_000;

macro_rules! counters {
    ($($name:ident $meaning:literal;)*) => {
        /// Counts as they are now.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Report {
            $(#[doc = $meaning] pub $name: u64,)*
            /// Answers to submits other than `ESME_ROK`, by status.
            pub errors: BTreeMap<Status, u64>,
            /// Submits by the row that their recipient chose; rows that were not used are left out.
            pub rows: BTreeMap<String, u64>,
        }

        #[derive(Default)]
        pub(crate) struct Counts {
            $(pub(crate) $name: AtomicU64,)*
            errors: Mutex<BTreeMap<Status, u64>>,
            rows: Rows,
            recipients: Mutex<HashMap<Box<[u8]>, u64>>,
            recipients_max: usize,
            seen: Mutex<[HashSet<Box<[u8]>>; 2]>,
        }

        impl Counts {
            pub(crate) fn report(&self) -> Report {
                Report {
                    $($name: self.$name.load(Relaxed),)*
                    errors: lock(&self.errors).clone(),
                    rows: self.rows.report(),
                }
            }
        }
    };
}

counters! {
    links_open "Connections now.";
    links_opened "Connections made.";
    links_refused "Connections closed at once, because there were too many.";
    binds "Binds taken.";
    binds_refused "Binds refused.";
    bound_transmitters "Transmitters bound now.";
    bound_receivers "Receivers bound now.";
    bound_transceivers "Transceivers bound now.";
    submits "`submit_sm` and `data_sm` that came.";
    taken "Submits taken, whatever was answered.";
    answers "Answers to submits put on their way.";
    receipts "Receipts planned.";
    receipts_lost "Receipts that the script loses.";
    delivers "`deliver_sm` and `data_sm` put on their way, each time counted.";
    delivers_confirmed "Those answered with `ESME_ROK`.";
    delivers_refused "Those answered with an error.";
    delivers_given_up "Those given up after their last try.";
    delivers_dropped "Those dropped because too many were waiting.";
    delivers_waiting "Those that wait now for a receiver or for their time.";
    enquire_links "`enquire_link` that came.";
    enquire_links_sent "`enquire_link` put on their way.";
    nacks "`generic_nack` that came.";
    malformed "PDUs that could not be read, or that must not come.";
    malformed_sent "PDUs that were wrong on purpose.";
    drops "Links broken on purpose.";
}

#[derive(Default)]
struct Rows(Vec<AtomicU64>);

impl Rows {
    fn report(&self) -> BTreeMap<String, u64> {
        let rows = table().iter().zip(&self.0);
        rows.map(|(row, count)| (row.suffix.to_owned(), count.load(Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

impl Counts {
    pub(crate) fn new(recipients_max: usize) -> Self {
        let rows = Rows(table().iter().map(|_| AtomicU64::new(0)).collect());
        Self { rows, recipients_max, ..Self::default() }
    }

    /// A submit came whose recipient chose that row.
    pub(crate) fn submit(&self, row: usize, recipient: &[u8]) {
        add(&self.submits);
        if let Some(count) = self.rows.0.get(row) {
            add(count);
        }
        if self.recipients_max == 0 {
            return;
        }
        let mut recipients = lock(&self.recipients);
        if let Some(count) = recipients.get_mut(recipient) {
            *count += 1;
        } else if recipients.len() < self.recipients_max {
            recipients.insert(recipient.into(), 1);
        }
    }

    /// Submits to that recipient; only the first recipients are counted.
    pub(crate) fn of(&self, recipient: &str) -> u64 {
        lock(&self.recipients).get(recipient.as_bytes()).copied().unwrap_or(0)
    }

    pub(crate) fn error(&self, status: Status) {
        let mut errors = lock(&self.errors);
        // A script can name any status: as many as it likes, but not without end.
        if errors.len() < 1_000 || errors.contains_key(&status) {
            *errors.entry(status).or_default() += 1;
        }
    }

    /// Whether this is the first submit to that recipient, as far as remembered.
    pub(crate) fn is_first(&self, recipient: &[u8]) -> bool {
        let mut seen = lock(&self.seen);
        if seen.iter().any(|generation| generation.contains(recipient)) {
            return false;
        }
        if seen[0].len() >= SEEN_MAX / 2 {
            seen.swap(0, 1);
            seen[0].clear();
        }
        seen[0].insert(recipient.into());
        true
    }
}

pub(crate) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

pub(crate) fn subtract(counter: &AtomicU64) {
    counter.fetch_sub(1, Relaxed);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
