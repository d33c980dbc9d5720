//! Answers a keyword, and puts everything into an inbox.

use waypost_plugin::prelude::*;

settings! {
    /// Answers a keyword, and puts everything into an inbox.
    pub struct Policy {
        /// The first word of a message that is answered.
        keyword: String,
        /// The answer.
        answer: String,
        /// Where messages go.
        inbox: String,
    }
}

impl Receiving for Policy {
    fn receive(&self, inbound: &Inbound) -> Vec<Action> {
        // Two machines that answer each other would never stop.
        if inbound.hops == 0 && inbound.keyword() == self.keyword.to_uppercase() {
            if let Err(reason) = reply(inbound, &self.answer) {
                log::warn!("not answered: {reason}");
            }
        }
        vec![Action::Inbox(self.inbox.clone())]
    }
}

waypost_plugin::export!(Policy: Receiving);

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_plugin::testing;

    #[test]
    fn the_keyword_is_answered() {
        let policy: Policy = testing::settings(r#"{"keyword": "help", "answer": "Here.", "inbox": "main"}"#);
        let inbound = testing::inbound("+4915112345678", "+447400123456", "Help!");
        assert_eq!(policy.receive(&inbound), [Action::Inbox("main".to_owned())]);
        assert_eq!(testing::outgoing()[0].text, "Here.");
    }
}
