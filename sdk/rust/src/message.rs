//! What plugins ask of a message.

use crate::countries::Country;
use crate::{Body, Inbound, Message};

impl Message {
    /// The text as it goes out; empty for a binary message.
    #[must_use]
    pub fn text(&self) -> &str {
        text(&self.body)
    }

    /// The country of the recipient. None where it cannot be told: satellite, international networks.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.to.country.as_deref().and_then(|code| code.parse().ok())
    }

    /// The recipient's number: E.164 with a leading `+`, or the digits of a short code.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.to.number
    }

    /// Whether the application put this tag on it.
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// The sender as text, where there is one.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.sender.as_ref().map(|sender| sender.value.as_str())
    }
}

impl Inbound {
    /// The text; empty for a binary message.
    #[must_use]
    pub fn text(&self) -> &str {
        text(&self.body)
    }

    /// The first word in capitals and without punctuation around it: `STOP` of ` stop! please`.
    /// Empty where there is none.
    #[must_use]
    pub fn keyword(&self) -> String {
        let words = self.text().split_whitespace();
        let words = words.map(|word| word.trim_matches(|character: char| !character.is_alphanumeric()));
        words.filter(|word| !word.is_empty()).map(str::to_uppercase).next().unwrap_or_default()
    }
}

fn text(body: &Body) -> &str {
    match body {
        Body::Text(text) => text,
        Body::Binary(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_keyword_is_the_first_word() {
        for (text, expected) in
            [(" stop! please", "STOP"), ("Stop.", "STOP"), ("¡ ayuda", "AYUDA"), ("...", ""), ("", "")]
        {
            assert_eq!(
                testing::inbound("+4915112345678", "+447400123456", text).keyword(),
                expected,
                "{text:?}"
            );
        }
    }
}
