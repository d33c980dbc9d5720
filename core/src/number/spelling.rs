//! From what people write to `+` and ASCII digits.

use super::INPUT_BYTES_MAX;
use super::error::NumberError;

/// A number reduced to its digits.
pub(super) struct Spelled {
    /// ASCII digits, at least one, after an optional `+`.
    pub text: String,
    /// Whether the input was digits and nothing else, as short codes are written.
    pub bare: bool,
}

impl Spelled {
    /// Reads digits of any common script, a leading `+` and the punctuation that people put into
    /// numbers.
    pub(super) fn read(input: &str) -> Result<Self, NumberError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(NumberError::InputTooLong);
        }
        if is_plain(input.as_bytes()) {
            return Ok(Self { text: input.to_owned(), bare: !input.starts_with('+') });
        }
        let trimmed = input.trim_matches(is_blank);
        if trimmed.is_empty() {
            return Err(NumberError::Empty);
        }
        let mut text = String::with_capacity(trimmed.len());
        let mut bare = true;
        for character in trimmed.chars() {
            if let Some(digit) = digit(character) {
                text.push(digit);
                continue;
            }
            bare = false;
            if matches!(character, '+' | '＋') && text.is_empty() {
                text.push('+');
            } else if !is_punctuation(character) {
                return Err(refusal(input, character));
            }
        }
        if !text.ends_with(|last: char| last.is_ascii_digit()) {
            return Err(NumberError::TooShort);
        }
        Ok(Self { text, bare })
    }
}

/// Space, and the invisible marks that come along when a number is copied from a contact list.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The ASCII digit for a decimal digit in ASCII, full-width or either Arabic form.
pub(super) fn digit(character: char) -> Option<char> {
    let zero = match character {
        '0'..='9' => return Some(character),
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        '\u{0660}'..='\u{0669}' => 0x0660,
        '\u{06f0}'..='\u{06f9}' => 0x06f0,
        _ => return None,
    };
    char::from_digit(u32::from(character) - zero, 10)
}

/// What people put between the digits of a number.
pub(super) fn is_punctuation(character: char) -> bool {
    is_blank(character)
        || matches!(character,
            '-' | '(' | ')' | '.' | '/' | '[' | ']' | '~'
            | '\u{00ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
            | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}' | '\u{ff3b}' | '\u{ff3d}')
}

/// The spelling that the gateway itself puts out: nothing to change in it.
fn is_plain(input: &[u8]) -> bool {
    let digits = input.strip_prefix(b"+").unwrap_or(input);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn refusal(input: &str, character: char) -> NumberError {
    if has_extension(input) {
        return NumberError::Extension;
    }
    if input.chars().any(char::is_alphabetic) {
        return NumberError::Letters;
    }
    let before = input.chars().take_while(|other| *other != character).count();
    // The second `+` is the one that is out of place.
    let position = if matches!(character, '+' | '＋') { last_plus_position(input) } else { before + 1 };
    NumberError::Character { character, position }
}

fn last_plus_position(input: &str) -> usize {
    let after = input.chars().rev().take_while(|other| !matches!(other, '+' | '＋')).count();
    input.chars().count() - after
}

/// Three digits or more, a mark as people write it before an extension, and digits to the end.
fn has_extension(input: &str) -> bool {
    let is_mark = |c: char| c.is_alphabetic() || matches!(c, '#' | ';' | ',');
    let Some((number, rest)) = input.find(is_mark).map(|at| input.split_at(at)) else {
        return false;
    };
    if number.chars().filter(|c| digit(*c).is_some()).count() < 3 {
        return false;
    }
    let is_tail = |c: char| digit(c).is_some() || is_punctuation(c) || matches!(c, '=' | ':' | '#');
    let mark = rest.trim_end_matches(is_tail).to_lowercase();
    let has_digits = rest.chars().any(|c| digit(c).is_some());
    has_digits && EXTENSION_MARKS.contains(&mark.trim_matches(is_blank))
}

/// In lower case, without the `:`, `=` or `.` that may follow. The empty one stands for a lone `#`.
const EXTENSION_MARKS: [&str; 12] =
    ["", ";ext", "ext", "extn", "extension", "x", "xt", "xtn", "int", "anexo", "доб", ","];
