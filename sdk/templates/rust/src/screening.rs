//! Lets only messages pass that carry a certain tag.

use waypost_plugin::prelude::*;

settings! {
    /// Lets only messages pass that carry a certain tag.
    pub struct Policy {
        /// The tag.
        #[schema("minLength": 1)]
        tag: String,
    }
}

impl Screening for Policy {
    fn screen(&self, message: &Message) -> Verdict {
        if message.has_tag(&self.tag) {
            return Verdict::Allow;
        }
        log::info!("{} tags, none of them the one", message.tags.len());
        refuse("tag_missing", format!("the message does not carry the tag {}", self.tag))
    }
}

waypost_plugin::export!(Policy: Screening);

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_plugin::testing;

    #[test]
    fn the_tag_decides() {
        let policy: Policy = testing::settings(r#"{"tag": "consent"}"#);
        let message = testing::message("+447400123456");
        assert_eq!(policy.screen(&message.clone().tag("consent")), Verdict::Allow);
        assert!(matches!(policy.screen(&message), Verdict::Refuse(_)));
    }
}
