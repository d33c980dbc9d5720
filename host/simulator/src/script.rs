//! Which behaviour a recipient gets.
//!
//! The last three digits of its number choose a row of [`table`], so that any valid number of any
//! country can be made to behave. Everything here is data and pure functions.

use crate::rows::{DEFAULT, ROWS};
use crate::webhook::{Proof, Status};

/// One behaviour that a recipient's number can ask for.
#[derive(Debug)]
pub struct Row {
    /// The last three digits of the number; `other` for the behaviour of all numbers that have no
    /// row of their own.
    pub suffix: &'static str,
    /// A few words, for lists.
    pub title: &'static str,
    /// What the carrier does, in one or two sentences.
    pub meaning: &'static str,
    pub(crate) script: Script,
}

/// All behaviours by suffix, ascending; the one of all other numbers is the last.
pub fn table() -> &'static [Row] {
    &ROWS
}

/// The behaviour of a recipient. What is not a digit is passed over.
pub fn row_of(recipient: &str) -> &'static Row {
    &ROWS[index_of(recipient)]
}

/// The behaviours as a Markdown table, as it stands in the README.
pub fn markdown() -> String {
    let mut text = String::from("| last digits | behaviour | meaning |\n|---|---|---|\n");
    for row in table() {
        text.push_str(&format!("| `{}` | {} | {} |\n", row.suffix, row.title, row.meaning));
    }
    text
}

/// Where the recipient's row is in [`table`].
pub(crate) fn index_of(recipient: &str) -> usize {
    let mut digits =
        recipient.bytes().rev().filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
    let (Some(ones), Some(tens), Some(hundreds)) = (digits.next(), digits.next(), digits.next()) else {
        return DEFAULT;
    };
    (hundreds * 100 + tens * 10 + ones).min(DEFAULT)
}

/// What the carrier does with a message.
#[derive(Debug)]
pub(crate) struct Script {
    /// Which tries it is for; all others get the script of [`DEFAULT`].
    pub tries: Tries,
    /// Whether the carrier takes the message, whatever it answers.
    pub taken: bool,
    pub reply: Reply,
    /// How long the answer takes, in milliseconds.
    pub answer_after_ms: u64,
    /// The webhooks of a message that was taken.
    pub steps: &'static [Step],
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tries {
    All,
    First,
}

#[derive(Debug)]
pub(crate) enum Reply {
    /// 201 with the reference.
    Reference,
    Refusal(Refusal),
    /// The connection is dropped without an answer.
    Lost,
    Raw {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    },
    /// A well-formed answer behind more white space than a client should read.
    Oversized,
}

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub status: u16,
    pub class: &'static str,
    pub code: &'static str,
    pub reason: &'static str,
    pub retry_after_ms: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub when: When,
    pub what: What,
    pub proof: Proof,
}

/// When a webhook is due.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// So many milliseconds after the message was taken, which may be before the answer.
    Taken(u64),
    /// So many milliseconds after the usual time: the answer and the configured delay.
    Usual(u64),
}

#[derive(Debug)]
pub(crate) enum What {
    Receipt {
        status: Status,
        code: Option<&'static str>,
        reason: Option<&'static str>,
    },
    /// A delivered receipt for a message that nobody submitted.
    StrangeReceipt,
    /// A body that is no event.
    Unreadable,
    /// The recipient answers with this text.
    Reply {
        text: &'static str,
    },
    /// The recipient answers with these octets, in hexadecimal.
    BinaryReply {
        data: &'static str,
    },
    /// The recipient answers with this text, reported twice under one reference.
    DoubledReply {
        text: &'static str,
        again_after_ms: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_the_number_of_their_suffix() {
        for (index, row) in table().iter().enumerate().take(DEFAULT) {
            assert_eq!(row.suffix, format!("{index:03}"));
        }
        assert_eq!(table().len(), DEFAULT + 1);
        assert_eq!(table()[DEFAULT].suffix, "other");
    }

    #[test]
    fn the_last_three_digits_choose() {
        for (recipient, suffix) in [
            ("+420601000000", "000"),
            ("+420601000013", "013"),
            ("420 601 000-020", "020"),
            ("+420601999", "other"),
            ("+420601123456", "other"),
            ("13", "other"),
            ("", "other"),
            ("001", "001"),
            ("no digits", "other"),
        ] {
            assert_eq!(row_of(recipient).suffix, suffix, "{recipient}");
        }
    }

    #[test]
    fn only_a_message_that_was_taken_has_webhooks() {
        for row in table() {
            assert!(row.script.taken || row.script.steps.is_empty(), "{}", row.suffix);
            let refused = matches!(row.script.reply, Reply::Refusal(_));
            assert!(!(refused && row.script.taken) || row.suffix == "018", "{}", row.suffix);
            assert!(row.script.taken || !matches!(row.script.reply, Reply::Reference), "{}", row.suffix);
        }
    }

    #[test]
    fn cells_do_not_break_the_table() {
        for row in table() {
            for cell in [row.suffix, row.title, row.meaning] {
                assert!(!cell.is_empty() && !cell.contains(['|', '\n']), "{}", row.suffix);
            }
            assert!(row.meaning.ends_with('.'), "{}", row.suffix);
        }
    }
}
