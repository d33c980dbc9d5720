//! The text of a receipt: `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`
//! (SMPP 3.4 appendix B), which every SMSC writes in a way of its own.

/// The fields of a receipt that matter, as they are written. Each may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptText<'t> {
    /// `id`: as in `submit_sm_resp`, more or less.
    pub id: Option<&'t str>,
    /// `stat`.
    pub stat: Option<&'t str>,
    /// `err`.
    pub err: Option<&'t str>,
    /// `submit date`.
    pub submit_date: Option<&'t str>,
    /// `done date`.
    pub done_date: Option<&'t str>,
}

/// Reads the text. Fields stand in any order and case, with spaces around their colons or with `=`
/// instead; of a doubled one the first counts. `text` is the beginning of the message itself: fields
/// that seem to stand in it only count where nothing before it says the same.
#[must_use]
pub fn parse(text: &str) -> ReceiptText<'_> {
    let labels = labels(text);
    let mut found = ReceiptText::default();
    for (index, label) in labels.iter().enumerate() {
        let end = labels.get(index + 1).map_or(text.len(), |next| next.from);
        let value = text.get(label.to..end).unwrap_or_default();
        let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\0' | ',' | ';' | '|'));
        let field = match label.field {
            Field::Id => &mut found.id,
            Field::Stat => &mut found.stat,
            Field::Err => &mut found.err,
            Field::SubmitDate => &mut found.submit_date,
            Field::DoneDate => &mut found.done_date,
            Field::Other => continue,
        };
        if field.is_none() && !value.is_empty() {
            *field = Some(value);
        }
    }
    found
}

impl ReceiptText<'_> {
    /// True where it says of which message it is and what became of it: hardly anything else does.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.id.is_some() && self.stat.is_some() && (self.done_date.is_some() || self.submit_date.is_some())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Stat,
    Err,
    SubmitDate,
    DoneDate,
    /// A label that ends the value before it.
    Other,
}

/// A label and its colon: bytes from, to.
struct Label {
    field: Field,
    from: usize,
    to: usize,
}

/// Labels in small letters, their spaces, hyphens and underscores left out.
const LABELS: [(&str, Field); 15] = [
    ("id", Field::Id),
    ("messageid", Field::Id),
    ("msgid", Field::Id),
    ("stat", Field::Stat),
    ("status", Field::Stat),
    ("state", Field::Stat),
    ("err", Field::Err),
    ("error", Field::Err),
    ("errorcode", Field::Err),
    ("submitdate", Field::SubmitDate),
    ("donedate", Field::DoneDate),
    ("sub", Field::Other),
    ("dlvrd", Field::Other),
    ("dlvd", Field::Other),
    ("text", Field::Other),
];

/// Words of a label: `submit date`.
const WORDS_MAX: usize = 2;
/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 16;

fn labels(text: &str) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for (colon, _) in text.match_indices([':', '=']) {
        let behind = labels.last().map_or(0, |label| label.to);
        if let Some((field, from)) = label_before(text, behind, colon) {
            labels.push(Label { field, from, to: colon + 1 });
        }
    }
    labels
}

/// The label that ends at the colon, and where it begins, not before `behind`. The longest counts:
/// `submit date`, not `date`.
fn label_before(text: &str, behind: usize, colon: usize) -> Option<(Field, usize)> {
    let before = text.get(behind..colon)?.trim_end_matches(' ');
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    let mut from = before.len();
    let mut found = None;
    for _ in 0..WORDS_MAX {
        let head = before.get(..from)?.trim_end_matches([' ', '_', '-']);
        let word = head.bytes().rev().take(LABEL_BYTES_MAX).take_while(|byte| is_word(*byte)).count();
        if word == 0 {
            break;
        }
        from = head.len() - word;
        let label: String = before.get(from..)?.chars().filter(char::is_ascii_alphanumeric).collect();
        if let Some((_, field)) = LABELS.iter().find(|(name, _)| label.eq_ignore_ascii_case(name)) {
            found = Some((*field, behind + from));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dialects_are_read() {
        let full = "id:0123456789 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 \
                    stat:DELIVRD err:000 text:Hello";
        let some = Some;
        let cases: [(&str, [Option<&str>; 5]); 14] = [
            (
                full,
                [some("0123456789"), some("DELIVRD"), some("000"), some("2601011200"), some("2601011201")],
            ),
            (
                "ID:A1-b2 SUB:1 DLVRD:1 SUBMIT DATE:260101120000 DONE DATE:260101120100 STAT:UNDELIV ERR:34",
                [some("A1-b2"), some("UNDELIV"), some("34"), some("260101120000"), some("260101120100")],
            ),
            (
                "stat:EXPIRED err:1 id:7 donedate:2601011201 submitdate:2601011200",
                [some("7"), some("EXPIRED"), some("1"), some("2601011200"), some("2601011201")],
            ),
            (
                "id: 77, stat: DELIVRD, err: 0, done_date: 2026-01-01 12:01:00",
                [some("77"), some("DELIVRD"), some("0"), None, some("2026-01-01 12:01:00")],
            ),
            ("stat:DELIVRD", [None, some("DELIVRD"), None, None, None]),
            ("id:9", [some("9"), None, None, None, None]),
            ("id=9;status=REJECTED;error=12", [some("9"), some("REJECTED"), some("12"), None, None]),
            ("message_id:9 state:DELIVRD", [some("9"), some("DELIVRD"), None, None, None]),
            // The text of the message imitates fields.
            ("id:1 stat:UNDELIV text:id:2 stat:DELIVRD", [some("1"), some("UNDELIV"), None, None, None]),
            ("text:hi id:5 stat:DELIVRD", [some("5"), some("DELIVRD"), None, None, None]),
            ("id: stat: err:", [None; 5]),
            ("id:1\0", [some("1"), None, None, None, None]),
            ("I said: valid:2 mid:3", [None; 5]),
            ("", [None; 5]),
        ];
        for (text, [id, stat, err, submit_date, done_date]) in cases {
            assert_eq!(parse(text), ReceiptText { id, stat, err, submit_date, done_date }, "{text}");
        }
        assert!(parse(full).is_certain());
        assert!(!parse("id:5 stat:DELIVRD").is_certain());
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn text_of_pieces_is_taken(pieces in prop::collection::vec(
            prop::sample::select(vec!["id", ":", " ", "stat", "err", "=", "é", "submit", "date", "-", "done", "\0", "text"]),
            0..40,
        )) {
            let _ = parse(&pieces.concat());
        }

        #[test]
        fn fields_are_found_in_any_order(order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(), upper in any::<bool>()) {
            let fields = ["id:4711", "stat:EXPIRED", "err:07", "done date:2601011201"];
            let mut text: Vec<String> = order.iter().map(|at| fields[*at].to_owned()).collect();
            if upper {
                text = text.iter().map(|field| field.to_uppercase()).collect();
            }
            let text = text.join(" ");
            let found = parse(&text);
            prop_assert_eq!((found.id, found.stat, found.err), (Some("4711"), Some("EXPIRED"), Some("07")));
            prop_assert_eq!(found.done_date, Some("2601011201"));
        }
    }
}
