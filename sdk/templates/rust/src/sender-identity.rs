//! Gives messages the sender of their country.

use std::collections::BTreeMap;

use waypost_plugin::prelude::*;

settings! {
    /// Gives messages the sender of their country.
    pub struct Policy {
        /// Sender by country of the recipient.
        by_country: BTreeMap<Country, String>,
    }
}

impl SenderIdentity for Policy {
    fn choose(&self, message: &Message) -> Choice {
        match message.country().and_then(|country| self.by_country.get(&country)) {
            Some(sender) => Choice::Replace(sender.clone()),
            None => Choice::Keep,
        }
    }
}

waypost_plugin::export!(Policy: SenderIdentity);

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_plugin::testing;

    #[test]
    fn the_country_decides() {
        let policy: Policy = testing::settings(r#"{"by_country": {"DE": "Shop"}}"#);
        let message = testing::message("+4915112345678");
        assert_eq!(policy.choose(&message.clone().country_code("DE")), Choice::Replace("Shop".to_owned()));
        assert_eq!(policy.choose(&message.country_code("GB")), Choice::Keep);
    }
}
