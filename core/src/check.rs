//! Rules for what comes out of a component, whatever ran it. Anything else is invalid output.

use std::fmt;

use crate::config::is_inbox_name;
use crate::limits::{CODE_CHARS_MAX, REASON_CHARS_MAX, REFERENCE_BYTES_MAX};

/// Longest URL of a request, in bytes.
const URL_BYTES_MAX: usize = 4096;
/// Longest address that a component names, in bytes.
const ADDRESS_BYTES_MAX: usize = 64;
/// Longest name that a component gives to something, in bytes.
const NAME_BYTES_MAX: usize = 128;
/// Most headers of a request or answer.
const HEADERS_MAX: usize = 64;

/// An answer of a component that breaks a rule; says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOutput(pub String);

/// Checks one answer, and counts its bytes against the limit.
#[derive(Debug)]
pub struct Checker {
    bytes_left: usize,
    bytes_max: usize,
    http_body_bytes_max: usize,
}

impl Checker {
    /// For an answer of at most so many bytes, bodies of HTTP not counted, which have a limit of
    /// their own.
    #[must_use]
    pub fn new(bytes_max: usize, http_body_bytes_max: usize) -> Self {
        Self { bytes_left: bytes_max, bytes_max, http_body_bytes_max }
    }

    /// A stable code in snake_case, of the component's own.
    pub fn snake_code(&mut self, code: String) -> Result<String, InvalidOutput> {
        let code = self.code(code)?;
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !code.chars().all(snake) {
            return invalid("`code` is not snake_case: use a-z, 0-9 and _");
        }
        Ok(code)
    }

    /// A code that somebody else made: 1 to 64 printable characters.
    pub fn code(&mut self, code: String) -> Result<String, InvalidOutput> {
        if code.is_empty() {
            return invalid("`code` is empty");
        }
        self.text("code", code, CODE_CHARS_MAX)
    }

    /// A reason for people.
    pub fn reason(&mut self, reason: String) -> Result<String, InvalidOutput> {
        self.text("reason", reason, REASON_CHARS_MAX)
    }

    /// A reason that came from outside, through a provider's component: whatever the provider
    /// wrote must not turn a known outcome into a fault, so it is put into one line and shortened,
    /// with `…` where something is missing.
    pub fn foreign_reason(&mut self, reason: &str) -> Result<String, InvalidOutput> {
        let spaced = |c: char| if c.is_control() { ' ' } else { c };
        let mut line: String = reason.chars().map(spaced).take(REASON_CHARS_MAX).collect();
        if reason.chars().nth(REASON_CHARS_MAX).is_some() {
            line.pop();
            line.push('…');
        }
        self.count(line.len())?;
        Ok(line)
    }

    /// The provider's id of a message.
    pub fn reference(&mut self, reference: String) -> Result<String, InvalidOutput> {
        if reference.is_empty() {
            return invalid("`reference` is empty");
        }
        self.text("reference", reference, REFERENCE_BYTES_MAX)
    }

    /// A telephone number or sender; the host parses it.
    pub fn address(&mut self, address: String) -> Result<String, InvalidOutput> {
        self.text("address", address, ADDRESS_BYTES_MAX)
    }

    /// A name: of a host, a secret.
    pub fn name(&mut self, what: &str, name: String) -> Result<String, InvalidOutput> {
        if name.is_empty() {
            return invalid(format_args!("`{what}` is empty"));
        }
        self.text(what, name, NAME_BYTES_MAX)
    }

    /// The name of an inbox, by the rule of the configuration.
    pub fn inbox(&mut self, name: String) -> Result<String, InvalidOutput> {
        if !is_inbox_name(&name) {
            return invalid("`inbox` does not name one: use 1 to 32 of a-z, 0-9 and -, no - at the start");
        }
        self.count(name.len())?;
        Ok(name)
    }

    /// The text or bytes of a message: any characters.
    pub fn body_bytes(&mut self, bytes: usize) -> Result<(), InvalidOutput> {
        self.count(bytes)
    }

    /// `http` or `https`, printable ASCII.
    pub fn url(&mut self, url: String) -> Result<String, InvalidOutput> {
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return invalid("`url` begins with neither https:// nor http://");
        }
        if url.len() > URL_BYTES_MAX {
            return invalid(format_args!("`url` has more than {URL_BYTES_MAX} bytes"));
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return invalid("`url` has a character that must be percent-encoded");
        }
        self.count(url.len())?;
        Ok(url)
    }

    /// The headers of one request or answer.
    pub fn header_count(&mut self, count: usize) -> Result<(), InvalidOutput> {
        if count > HEADERS_MAX {
            return invalid(format_args!("there are more than {HEADERS_MAX} headers"));
        }
        Ok(())
    }

    /// A token of RFC 9110, 5.6.2.
    pub fn header_name(&mut self, name: String) -> Result<String, InvalidOutput> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(token) {
            return invalid("the name of a header is not a token of RFC 9110");
        }
        self.count(name.len())?;
        Ok(name)
    }

    /// A part of a header's value: no control characters, so that nothing can be smuggled in.
    pub fn header_value(&mut self, value: String) -> Result<String, InvalidOutput> {
        if value.chars().any(char::is_control) {
            return invalid("the value of a header has a control character");
        }
        self.count(value.len())?;
        Ok(value)
    }

    /// The status of an answer (RFC 9110, 15), without the informational ones.
    pub fn status(&mut self, status: u16) -> Result<u16, InvalidOutput> {
        if !(200..=599).contains(&status) {
            return invalid("`status` is not between 200 and 599");
        }
        Ok(status)
    }

    /// The body of a request or answer.
    pub fn http_body(&mut self, body: Vec<u8>) -> Result<Vec<u8>, InvalidOutput> {
        if body.len() > self.http_body_bytes_max {
            return invalid(format_args!(
                "the HTTP body has {} bytes, above the limit of {}",
                body.len(),
                self.http_body_bytes_max
            ));
        }
        Ok(body)
    }

    /// A number of items.
    pub fn items(&mut self, what: &str, count: usize, count_max: usize) -> Result<(), InvalidOutput> {
        if count > count_max {
            return invalid(format_args!("there are {count} {what}, above the limit of {count_max}"));
        }
        self.count(count)
    }

    /// Text in one line.
    pub fn text(&mut self, what: &str, text: String, chars_max: usize) -> Result<String, InvalidOutput> {
        if text.len() > chars_max && text.chars().count() > chars_max {
            return invalid(format_args!("`{what}` has more than {chars_max} characters"));
        }
        if text.chars().any(char::is_control) {
            return invalid(format_args!("`{what}` has a control character"));
        }
        self.count(text.len())?;
        Ok(text)
    }

    fn count(&mut self, bytes: usize) -> Result<(), InvalidOutput> {
        let Some(left) = self.bytes_left.checked_sub(bytes) else {
            return invalid(format_args!("the output is larger than {} bytes", self.bytes_max));
        };
        self.bytes_left = left;
        Ok(())
    }
}

/// An answer that breaks a rule.
///
/// # Errors
/// Always.
pub fn invalid<T>(message: impl fmt::Display) -> Result<T, InvalidOutput> {
    Err(InvalidOutput(message.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_is_named_as_the_configuration_names_it() {
        let named = |name: &str| Checker::new(100, 0).inbox(name.to_owned()).ok();
        assert_eq!(named("support-2").as_deref(), Some("support-2"));
        for bad in ["", "-a", "Support", "two words", "a\u{7}b", &"x".repeat(33)] {
            assert_eq!(named(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_foreign_reason_becomes_one_line_of_bounded_length() {
        let mut checker = Checker::new(16 * 1024, 0);
        assert_eq!(checker.foreign_reason("bad\r\nnumber").ok().as_deref(), Some("bad  number"));
        let long = checker.foreign_reason(&"é".repeat(REASON_CHARS_MAX + 1)).unwrap_or_default();
        assert_eq!(long.chars().count(), REASON_CHARS_MAX);
        assert!(long.ends_with('…'));
        let whole = "é".repeat(REASON_CHARS_MAX);
        assert_eq!(checker.foreign_reason(&whole).ok(), Some(whole));
        assert!(Checker::new(10, 0).foreign_reason("more than ten").is_err());
    }
}
