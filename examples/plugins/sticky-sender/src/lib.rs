//! Gives each recipient the same sender each time, so that a conversation stays one conversation.
//!
//! The sender is found by a hash of the number, not by memory: every host finds the same one. When a
//! sender is added or taken out, only the recipients that it gains or loses see another one.

use std::collections::BTreeMap;

use waypost_plugin::hash::affinity;
use waypost_plugin::prelude::*;

settings! {
    /// Pools of senders.
    pub struct StickySender {
        /// Senders by country of the recipient: numbers, short codes or names.
        by_country: BTreeMap<Country, Vec<String>> = BTreeMap::new(),
        /// Senders for every other country; none: the message is refused.
        #[schema("maxItems": 200)]
        senders: Vec<String> = Vec::new(),
        /// Whether a sender that the application asked for stays.
        keep_requested: bool = true,
    }
}

impl SenderIdentity for StickySender {
    fn choose(&self, message: &Message) -> Choice {
        if self.keep_requested && message.sender.is_some() {
            return Choice::Keep;
        }
        let own = message.country().and_then(|country| self.by_country.get(&country));
        let pool = own.unwrap_or(&self.senders);
        match pool.iter().max_by_key(|sender| affinity(message.number(), sender)) {
            Some(sender) => Choice::Replace(sender.clone()),
            None => refuse("no_sender", "there is no sender for the country of the recipient"),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self.by_country.iter().find(|(_, senders)| senders.is_empty()) {
            Some((country, _)) => {
                Err(format!("`by_country` has no sender for {country}: name one, or leave it out"))
            }
            None => Ok(()),
        }
    }
}

waypost_plugin::export!(StickySender: SenderIdentity);
