//! `application/x-www-form-urlencoded`, as the URL standard of WHATWG writes and reads it.

use std::borrow::Cow;

const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// A form that is being written.
#[derive(Debug, Default)]
pub struct Form(String);

impl Form {
    /// A form without a field.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Adds a field. The name has to need no encoding.
    pub fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        encode(&mut self.0, value);
    }

    /// What goes into the body.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// The fields of a form or of a query, in their order, names and values decoded. What is not UTF-8
/// is replaced by U+FFFD; a percent sign without two digits stands for itself.
pub fn fields(form: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form.split(|byte| *byte == b'&').filter(|field| !field.is_empty()).map(|field| {
        let (name, value) = match field.iter().position(|byte| *byte == b'=') {
            Some(at) => (field.get(..at), field.get(at + 1..)),
            None => (Some(field), None),
        };
        (decode(name.unwrap_or_default()), decode(value.unwrap_or_default()))
    })
}

/// The query of a URL, without its question mark.
#[must_use]
pub fn query(url: &str) -> &str {
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment.split_once('?').map_or("", |(_, query)| query)
}

fn encode(out: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(HEX_UPPER[usize::from(digit)]));
                }
            }
        }
    }
}

fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return String::from_utf8_lossy(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, escaped(tail)) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => bytes.push(first),
        }
    }
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

fn escaped(tail: &[u8]) -> Option<u8> {
    let &[high, low, ..] = tail else { return None };
    Some(crate::hex::digit(high)? << 4 | crate::hex::digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Vec<(String, String)> {
        fields(form.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn reads_fields() {
        let table: [(&str, &[(&str, &str)]); 10] = [
            ("", &[]),
            ("a=1", &[("a", "1")]),
            ("a=1&&b=2&", &[("a", "1"), ("b", "2")]),
            ("a", &[("a", "")]),
            ("=v", &[("", "v")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a+b=c+d%2B", &[("a b", "c d+")]),
            ("a=%E2%82%ac", &[("a", "€")]),
            ("a=100%&b=%4&c=%zz", &[("a", "100%"), ("b", "%4"), ("c", "%zz")]),
            ("a=%FF", &[("a", "\u{fffd}")]),
        ];
        for (form, expected) in table {
            let expected: Vec<_> =
                expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(read(form), expected, "{form:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text: String = (0..0x2_0000).filter_map(char::from_u32).collect();
        let mut form = Form::default();
        form.push("To", "+15558675310");
        form.push("Body", &text);
        let bytes = form.into_bytes();
        assert!(bytes.is_ascii());
        assert!(bytes.starts_with(b"To=%2B15558675310&Body=%00%01"));
        let fields: Vec<_> = fields(&bytes).collect();
        assert_eq!(fields.len(), 2);
        assert!(fields[1].1 == text);
    }

    #[test]
    fn finds_the_query() {
        for (url, expected) in [
            ("https://a/b", ""),
            ("https://a/b?", ""),
            ("https://a/b?c=d?e", "c=d?e"),
            ("https://a/b?c=d#e?f", "c=d"),
            ("https://a/b#?c", ""),
        ] {
            assert_eq!(query(url), expected, "{url}");
        }
    }
}
