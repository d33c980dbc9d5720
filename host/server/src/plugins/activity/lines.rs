//! The last lines that a plugin wrote to its log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use waypost_core::decision::Name;
use waypost_core::id::MessageId;

/// Most lines that are kept; each call writes at most 1 KiB.
const LINES_MAX: usize = 500;
const MINUTE_MS: u64 = 60_000;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Ascending for each plugin and host.
    pub sequence: u64,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The message that the call was about.
    pub message: MessageId,
    /// Which revision wrote it.
    pub revision: Name,
    /// Level and text.
    pub text: String,
}

/// The lines of one plugin: the last ones, and no more in a minute than the plan allows.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    sequence: u64,
    per_minute: u32,
    minute: u64,
    in_minute: u32,
}

impl Lines {
    /// How many lines a minute are kept from now on; one more says that there were others.
    pub fn limit(&self, per_minute: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).per_minute = per_minute;
    }

    /// Adds the lines of a call. Returns how many of them are left out.
    pub fn add(&self, texts: &[String], revision: &Name, message: MessageId, at_ms: u64) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = at_ms / MINUTE_MS;
        if minute != kept.minute {
            (kept.minute, kept.in_minute) = (minute, 0);
        }
        let mut left_out = 0;
        for text in texts {
            if kept.in_minute >= kept.per_minute {
                left_out += 1;
            }
            if kept.in_minute > kept.per_minute {
                continue;
            }
            kept.in_minute += 1;
            let is_last = kept.in_minute > kept.per_minute;
            let text = if is_last {
                let per_minute = kept.per_minute;
                format!(
                    "further lines of this minute are left out: {per_minute} a minute are kept \
                     (`log_lines_per_minute`)"
                )
            } else {
                text.clone()
            };
            kept.sequence += 1;
            let line = Line { sequence: kept.sequence, at_ms, message, revision: revision.clone(), text };
            if kept.lines.len() >= LINES_MAX {
                kept.lines.pop_front();
            }
            kept.lines.push_back(line);
        }
        left_out
    }

    /// Lines after a number, oldest first.
    pub fn after(&self, sequence: u64, rows_max: usize) -> Vec<Line> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lines.iter().filter(|line| line.sequence > sequence).take(rows_max).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_ends_with_a_word_and_begins_again_with_the_minute() {
        let lines = Lines::default();
        lines.limit(3);
        let id = MessageId::from_parts(MessageId::first_key_at(1), 0);
        let mut left_out = Vec::new();
        for at_ms in [0, 1, 60_000] {
            let texts: Vec<String> = (0..10).map(|n| format!("line {n}")).collect();
            left_out.push(lines.add(&texts, &"r".into(), id, at_ms));
        }
        assert_eq!(left_out, [7, 10, 7]);
        let texts: Vec<String> = lines.after(0, 100).into_iter().map(|line| line.text).collect();
        assert_eq!(texts.len(), 8);
        assert_eq!((&*texts[2], &*texts[4]), ("line 2", "line 0"));
        assert!(texts[3].contains("3 a minute") && texts[7].contains("3 a minute"));
        assert_eq!(lines.after(6, 1)[0].sequence, 7);
    }

    #[test]
    fn the_last_ones_stay() {
        let lines = Lines::default();
        lines.limit(10_000);
        let id = MessageId::from_parts(MessageId::first_key_at(1), 0);
        for n in 0..2000 {
            lines.add(&[format!("{n}")], &"r".into(), id, 0);
        }
        let kept = lines.after(0, usize::MAX);
        assert_eq!((kept.len(), &*kept[0].text), (LINES_MAX, "1500"));
    }
}
