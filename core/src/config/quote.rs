//! The quoting of words of the file in messages.

/// Longest text of the file that a message repeats, in characters.
const ECHO_CHARS_MAX: usize = 64;

/// A word of the file in quotes: control characters escaped, long ones cut with `…`.
pub(super) fn quoted(word: &str) -> String {
    let mut out = String::from("\"");
    let mut chars = word.chars();
    for character in chars.by_ref().take(ECHO_CHARS_MAX) {
        // escape_debug would escape an apostrophe too, which is only noise between double quotes.
        if character == '\'' {
            out.push(character);
        } else {
            out.extend(character.escape_debug());
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out.push('"');
    out
}

/// Quoted words with commas between; beyond `shown_max` only `…`.
pub(super) fn quoted_list<'w>(words: impl IntoIterator<Item = &'w str>, shown_max: usize) -> String {
    let mut words = words.into_iter();
    let mut shown: Vec<String> = words.by_ref().take(shown_max).map(quoted).collect();
    if words.next().is_some() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_and_cuts() {
        assert_eq!(quoted("it's\u{1b}[0m\n"), r#""it's\u{1b}[0m\n""#);
        assert_eq!(quoted(&"é".repeat(65)), format!("\"{}…\"", "é".repeat(64)));
        assert_eq!(quoted_list(["a", "b", "c"], 2), r#""a", "b", …"#);
    }
}
