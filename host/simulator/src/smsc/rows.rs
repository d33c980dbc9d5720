//! What a recipient's number does: the last three digits choose a row, so that any valid number of
//! any country can be made to behave. Where the HTTP carrier has a row for the same thing, the digits are
//! the same.

use super::receipt::{Carrier, Dialect, IdInReceipt, State};
use super::script::{Drop, Parts};
use super::status::Status;
use super::write::Malformation;

/// One behaviour that a recipient's number can ask for.
#[derive(Debug)]
pub struct Row {
    /// The last three digits; `other` for all numbers without a row of their own.
    pub suffix: &'static str,
    /// A few words, for lists.
    pub title: &'static str,
    /// What the SMSC does, in one or two sentences.
    pub meaning: &'static str,
    pub(crate) behaviour: Behaviour,
}

/// What the SMSC does with a message.
#[derive(Debug)]
pub(crate) struct Behaviour {
    /// Receipts are as the script says, instead of by `steps`.
    pub by_script: bool,
    /// It is for the first submit to a recipient only; the next ones get the row `other`.
    pub once: bool,
    /// The message is taken, whatever is answered.
    pub taken: bool,
    pub answer: Answer,
    /// How much later than usual the answer leaves, in milliseconds.
    pub answer_after_ms: u64,
    pub steps: &'static [Step],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    /// This status; with an id where it is `ESME_ROK`.
    Status(Status),
    /// None.
    Nothing,
    /// The link breaks.
    Drop(Drop),
    /// `submit_sm_resp` without a body and with status 0.
    NoId,
    /// `generic_nack` with this status.
    Nack(Status),
    /// The id is not ended.
    Unended,
    /// The answer bears another sequence number.
    WrongSequence,
    /// Two times the same answer.
    Twice,
    /// With optional parameters: `congestion_state`, a text, and some that no specification has.
    Tlvs,
    /// An empty id.
    EmptyId,
    /// An answer that is fine, and this before it.
    After(Malformation),
}

#[derive(Debug)]
pub(crate) struct Step {
    pub when: When,
    pub what: What,
}

/// When something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// So many milliseconds after the message was taken, which may be before the answer.
    Taken(u64),
    /// So many milliseconds after the usual time: the answer and the delay of the script.
    Usual(u64),
}

#[derive(Debug)]
pub(crate) enum What {
    Receipt {
        state: State,
        style: Style,
    },
    /// The recipient answers with this text, cut so.
    Reply {
        text: &'static str,
        parts: Parts,
    },
    /// The recipient answers with these octets.
    BinaryReply {
        data: &'static [u8],
    },
}

/// How a receipt differs from what the script says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Style {
    pub by: Option<Carrier>,
    pub id: Option<IdInReceipt>,
    pub dialect: Option<Dialect>,
    /// The id is of no message.
    pub unknown_id: bool,
    pub strange_tlvs: bool,
}

/// All rows, ascending; `other` is the last.
pub fn table() -> &'static [Row] {
    &ROWS
}

/// The rows as a Markdown table, as it stands in the manual.
pub fn markdown() -> String {
    let mut text = String::from("| last digits | behaviour | meaning |\n|---|---|---|\n");
    for row in table() {
        text.push_str(&format!("| `{}` | {} | {} |\n", row.suffix, row.title, row.meaning));
    }
    text
}

/// Where the recipient's row is in [`table`]. What is not a digit is passed over.
pub(crate) fn index_of(recipient: &[u8]) -> usize {
    let mut digits = recipient.iter().rev().filter(|octet| octet.is_ascii_digit()).map(|octet| octet - b'0');
    let (Some(ones), Some(tens), Some(hundreds)) = (digits.next(), digits.next(), digits.next()) else {
        return OTHER;
    };
    (usize::from(hundreds) * 100 + usize::from(tens) * 10 + usize::from(ones)).min(OTHER)
}

/// Index of the row of all other numbers.
pub(crate) const OTHER: usize = 53;

static ROWS: [Row; OTHER + 1] = [
    row("000", "delivered at once", "Taken; the `DELIVRD` receipt leaves with the answer.", taken(AT_ONCE)),
    row("001", "refused: message", "`ESME_RINVDSTADR`.", refused(Status::RINVDSTADR)),
    row("002", "refused: sender", "`ESME_RINVSRCADR`, whatever the sender is.", refused(Status::RINVSRCADR)),
    row(
        "003",
        "throttled once",
        "`ESME_RTHROTTLED` to the first submit; later ones are taken and delivered.",
        once(refused(Status::RTHROTTLED)),
    ),
    row(
        "004",
        "queue full once",
        "`ESME_RMSGQFUL` to the first submit; later ones are taken and delivered.",
        once(refused(Status::RMSGQFUL)),
    ),
    row(
        "005",
        "refused: system",
        "`ESME_RPROHIBITED`: it concerns the account, not the message.",
        refused(Status::RPROHIBITED),
    ),
    row(
        "006",
        "answer lost, receipt follows",
        "Taken, then the link is closed without an answer; a `DELIVRD` receipt follows on the next.",
        answered(Answer::Drop(Drop::Close), DELIVERED),
    ),
    row(
        "007",
        "answer lost, no receipt",
        "Taken, then the link is closed without an answer; nothing is ever heard of it.",
        answered(Answer::Drop(Drop::Close), &[]),
    ),
    row("008", "always a system error", "`ESME_RSYSERR` to every submit.", refused(Status::RSYSERR)),
    row("009", "undelivered", "Taken; an `UNDELIV` receipt.", taken(&[ended(State::Undeliv)])),
    row("010", "expired", "Taken; an `EXPIRED` receipt.", taken(&[ended(State::Expired)])),
    row(
        "011",
        "receipt twice",
        "Taken; the same `DELIVRD` receipt two times, 200 ms apart.",
        taken(&[ended(State::Delivrd), receipt(When::Usual(200), State::Delivrd)]),
    ),
    row(
        "012",
        "late receipt",
        "Taken; the `DELIVRD` receipt comes 10 s later than usual.",
        taken(&[receipt(When::Usual(10_000), State::Delivrd)]),
    ),
    row(
        "013",
        "receipts out of order",
        "Taken; `DELIVRD`, then 200 ms later `ENROUTE`.",
        taken(&[ended(State::Delivrd), receipt(When::Usual(200), State::Enroute)]),
    ),
    row("014", "no receipt", "Taken; nothing more is heard of it.", taken(&[])),
    row(
        "015",
        "slow answer",
        "Taken; the answer comes after 2 s, the `DELIVRD` receipt after it.",
        Behaviour { answer_after_ms: 2_000, ..taken(DELIVERED) },
    ),
    row(
        "016",
        "answer without an id",
        "Taken; the `submit_sm_resp` has status 0 and no body. A `DELIVRD` receipt follows.",
        answered(Answer::NoId, DELIVERED),
    ),
    row(
        "017",
        "answer with an empty id",
        "Taken; the id in the `submit_sm_resp` is empty. A `DELIVRD` receipt follows.",
        answered(Answer::EmptyId, DELIVERED),
    ),
    row(
        "018",
        "taken, but answers with an error",
        "Taken, then answered with `ESME_RSYSERR`; a `DELIVRD` receipt follows.",
        answered(Answer::Status(Status::RSYSERR), DELIVERED),
    ),
    row("019", "rejected", "Taken; a `REJECTD` receipt.", taken(&[ended(State::Rejectd)])),
    row(
        "020",
        "replies STOP",
        "Taken and delivered; 200 ms after the receipt the recipient sends `STOP` to the sender.",
        taken(&[ended(State::Delivrd), reply("STOP", Parts::Udh)]),
    ),
    row(
        "021",
        "link closed before taking, once",
        "The link is closed without an answer and the first submit is not taken; later ones are taken and delivered.",
        once(Behaviour { taken: false, ..answered(Answer::Drop(Drop::Close), &[]) }),
    ),
    row(
        "022",
        "receipts of each step",
        "Taken; `ACCEPTD`, `ENROUTE` and `DELIVRD`, 200 ms apart.",
        taken(&[
            ended(State::Acceptd),
            receipt(When::Usual(200), State::Enroute),
            receipt(When::Usual(400), State::Delivrd),
        ]),
    ),
    row(
        "023",
        "receipt before the answer",
        "Taken; the `DELIVRD` receipt leaves at once, the answer comes after 1 s.",
        Behaviour { answer_after_ms: 1_000, ..taken(AT_ONCE) },
    ),
    row(
        "024",
        "receipts contradict",
        "Taken; `DELIVRD`, then 200 ms later `UNDELIV`.",
        taken(&[ended(State::Delivrd), receipt(When::Usual(200), State::Undeliv)]),
    ),
    row("025", "unknown", "Taken; an `UNKNOWN` receipt.", taken(&[ended(State::Unknown)])),
    row("026", "deleted", "Taken; a `DELETED` receipt.", taken(&[ended(State::Deleted)])),
    row(
        "027",
        "no answer",
        "Taken; it is never answered, and the link stays. A `DELIVRD` receipt follows.",
        answered(Answer::Nothing, DELIVERED),
    ),
    row(
        "028",
        "unknown command",
        "Taken; a PDU of an unknown command, then the answer; a `DELIVRD` receipt follows.",
        answered(Answer::After(Malformation::UnknownCommand), DELIVERED),
    ),
    row(
        "029",
        "half an answer",
        "Taken; the answer stops after its head, and the link is closed. A `DELIVRD` receipt follows on the next.",
        answered(Answer::Drop(Drop::HalfAnswer), DELIVERED),
    ),
    row("030", "always throttled", "`ESME_RTHROTTLED` to every submit.", refused(Status::RTHROTTLED)),
    row(
        "031",
        "generic_nack once",
        "`generic_nack` with `ESME_RINVCMDID` to the first submit, which is not taken; later ones are taken and delivered.",
        once(Behaviour { taken: false, ..answered(Answer::Nack(Status::RINVCMDID), &[]) }),
    ),
    row(
        "032",
        "receipt of a strange message",
        "Taken; first a receipt for a message that nobody submitted, 200 ms later the right one.",
        taken(&[styled(Style { unknown_id: true, ..PLAIN }), receipt(When::Usual(200), State::Delivrd)]),
    ),
    row(
        "033",
        "reply twice",
        "Taken and delivered; the recipient sends `Hello`, delivered two times.",
        taken(&[ended(State::Delivrd), reply("Hello", Parts::Udh), reply("Hello", Parts::Udh)]),
    ),
    row(
        "034",
        "reply outside the GSM alphabet",
        "Taken and delivered; the recipient sends `Děkuji 👍`.",
        taken(&[ended(State::Delivrd), reply("Děkuji 👍", Parts::Udh)]),
    ),
    row(
        "035",
        "binary reply",
        "Taken and delivered; the recipient sends the octets `00ff10fe`.",
        taken(&[
            ended(State::Delivrd),
            Step { when: When::Usual(200), what: What::BinaryReply { data: &[0x00, 0xFF, 0x10, 0xFE] } },
        ]),
    ),
    row(
        "036",
        "PDU of 1 MiB",
        "Taken; a well-formed PDU of 1 MiB, then the answer. A `DELIVRD` receipt follows.",
        answered(Answer::After(Malformation::Oversized), DELIVERED),
    ),
    row(
        "037",
        "on its way, and nothing after it",
        "Taken; an `ENROUTE` receipt, which is not final, and no other.",
        taken(&[ended(State::Enroute)]),
    ),
    row(
        "038",
        "long reply, user data header",
        "Taken and delivered; a reply of 400 characters in parts with a concatenation header.",
        taken(&[ended(State::Delivrd), reply(LONG, Parts::Udh)]),
    ),
    row(
        "039",
        "long reply, SAR",
        "Taken and delivered; a reply of 400 characters in parts with `sar_` parameters.",
        taken(&[ended(State::Delivrd), reply(LONG, Parts::Sar)]),
    ),
    row(
        "040",
        "long reply, payload",
        "Taken and delivered; a reply of 400 characters in one `message_payload`.",
        taken(&[ended(State::Delivrd), reply(LONG, Parts::Payload)]),
    ),
    row(
        "041",
        "answer to another submit",
        "Taken; the answer bears a sequence number that nobody used. A `DELIVRD` receipt follows.",
        answered(Answer::WrongSequence, DELIVERED),
    ),
    row(
        "042",
        "receipt by TLVs alone",
        "Taken; the `DELIVRD` receipt has no text.",
        taken(&[styled(Style { by: Some(Carrier::Tlvs), ..PLAIN })]),
    ),
    row(
        "043",
        "receipt by text alone",
        "Taken; the `DELIVRD` receipt has no optional parameters.",
        taken(&[styled(Style { by: Some(Carrier::Text), ..PLAIN })]),
    ),
    row(
        "044",
        "id in hexadecimal",
        "Taken; the receipt, by text alone, has the id in hexadecimal.",
        taken(&[styled(Style { by: Some(Carrier::Text), id: Some(IdInReceipt::HexUpper), ..PLAIN })]),
    ),
    row(
        "045",
        "id with leading zeros",
        "Taken; the receipt, by text alone, has the id with zeros before it, in 20 characters.",
        taken(&[styled(Style { by: Some(Carrier::Text), id: Some(IdInReceipt::Padded), ..PLAIN })]),
    ),
    row(
        "046",
        "receipt with two fields",
        "Taken; the receipt, by text alone, has `id` and `stat` and nothing else.",
        taken(&[styled(Style { by: Some(Carrier::Text), dialect: Some(Dialect::Bare), ..PLAIN })]),
    ),
    row(
        "047",
        "optional parameters in the answer",
        "Taken; the answer has `congestion_state`, a text, and parameters that no specification has; so has the receipt.",
        answered(Answer::Tlvs, &[styled(Style { strange_tlvs: true, ..PLAIN })]),
    ),
    row(
        "048",
        "wrong length",
        "Taken; a PDU whose length is 8 stands before the answer: what follows cannot be read. A `DELIVRD` receipt follows.",
        answered(Answer::After(Malformation::ShortLength), DELIVERED),
    ),
    row(
        "049",
        "id without an end",
        "Taken; the id in the answer is not ended. A `DELIVRD` receipt follows.",
        answered(Answer::Unended, DELIVERED),
    ),
    row("050", "queue always full", "`ESME_RMSGQFUL` to every submit.", refused(Status::RMSGQFUL)),
    row(
        "051",
        "answered twice",
        "Taken; the same answer two times. A `DELIVRD` receipt follows.",
        answered(Answer::Twice, DELIVERED),
    ),
    row("052", "a vendor's own error", "Status 0x0400, which no specification has.", refused(Status(0x0400))),
    row(
        "other",
        "as the script says",
        "Taken, with a receipt where the submit asks for one: delay, state and form are those of the script.",
        Behaviour { by_script: true, ..taken(&[]) },
    ),
];

const LONG: &str = "The first part of this reply is followed by others, so that it has to be put together from all of \
them: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 \
0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 \
0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 \
0123456789 0123456789 0123 {end}";
const PLAIN: Style = Style { by: None, id: None, dialect: None, unknown_id: false, strange_tlvs: false };
const AT_ONCE: &[Step] = &[receipt(When::Taken(0), State::Delivrd)];
const DELIVERED: &[Step] = &[ended(State::Delivrd)];

const fn row(suffix: &'static str, title: &'static str, meaning: &'static str, behaviour: Behaviour) -> Row {
    Row { suffix, title, meaning, behaviour }
}

const fn taken(steps: &'static [Step]) -> Behaviour {
    answered(Answer::Status(Status::ROK), steps)
}

const fn answered(answer: Answer, steps: &'static [Step]) -> Behaviour {
    Behaviour { by_script: false, once: false, taken: true, answer, answer_after_ms: 0, steps }
}

const fn refused(status: Status) -> Behaviour {
    Behaviour { taken: false, ..answered(Answer::Status(status), &[]) }
}

const fn once(behaviour: Behaviour) -> Behaviour {
    Behaviour { once: true, ..behaviour }
}

const fn ended(state: State) -> Step {
    receipt(When::Usual(0), state)
}

const fn receipt(when: When, state: State) -> Step {
    Step { when, what: What::Receipt { state, style: PLAIN } }
}

const fn styled(style: Style) -> Step {
    Step { when: When::Usual(0), what: What::Receipt { state: State::Delivrd, style } }
}

const fn reply(text: &'static str, parts: Parts) -> Step {
    Step { when: When::Usual(200), what: What::Reply { text, parts } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_the_number_of_their_suffix() {
        for (index, row) in table().iter().enumerate().take(OTHER) {
            assert_eq!(row.suffix, format!("{index:03}"));
            assert_eq!(index_of(format!("420601000{index:03}").as_bytes()), index);
        }
        assert_eq!(table()[OTHER].suffix, "other");
        for recipient in ["", "13", "420601000999", "Shop"] {
            assert_eq!(index_of(recipient.as_bytes()), OTHER, "{recipient}");
        }
    }

    #[test]
    fn only_a_message_that_was_taken_has_steps() {
        for row in table() {
            assert!(row.behaviour.taken || row.behaviour.steps.is_empty(), "{}", row.suffix);
        }
        assert_eq!(LONG.len(), 400);
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
