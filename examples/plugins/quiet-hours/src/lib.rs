//! Holds messages back at night, where they go, until the morning.
//!
//! Offsets from UTC are fixed: a plugin has no table of time zones, so summer time is for whoever
//! writes the settings.

use std::collections::BTreeMap;

use waypost_plugin::prelude::*;
use waypost_plugin::time::{Offset, TimeOfDay};

settings! {
    /// Quiet hours.
    pub struct QuietHours {
        /// When the night begins.
        from: TimeOfDay,
        /// When it ends: messages go from then on.
        until: TimeOfDay,
        /// Offset from UTC by country of the recipient, such as +02:00.
        offsets: BTreeMap<Country, Offset> = BTreeMap::new(),
        /// Offset from UTC for every other country.
        offset: Offset = Offset::UTC,
        /// Messages with one of these tags go at any time.
        #[schema("maxItems": 50)]
        urgent_tags: Vec<String> = vec!["otp".to_owned()],
        /// So do messages of this priority and above.
        #[schema("minimum": 0, "maximum": 4)]
        urgent_priority: u8 = 3,
    }
}

impl Screening for QuietHours {
    fn screen(&self, message: &Message) -> Verdict {
        let urgent = message.priority >= self.urgent_priority
            || self.urgent_tags.iter().any(|tag| message.has_tag(tag));
        let own = message.country().and_then(|country| self.offsets.get(&country));
        let local = own.unwrap_or(&self.offset).local(message.time_ms);
        if urgent || !local.is_between(self.from, self.until) {
            return Verdict::Allow;
        }
        Verdict::HoldUntil(local.next_ms(self.until))
    }

    fn check(&self) -> Result<(), String> {
        if self.from == self.until {
            return Err("`from` and `until` are the same: no message would ever go".to_owned());
        }
        Ok(())
    }
}

waypost_plugin::export!(QuietHours: Screening);
