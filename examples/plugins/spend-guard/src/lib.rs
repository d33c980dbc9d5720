//! Bounds what one message may cost, against pumping: texts that somebody has sent, by a form of
//! yours, to numbers that share the revenue with them.
//!
//! What it can do: refuse ranges that are known for it, premium and satellite numbers, messages that
//! are too long for their country or too dear as a whole. What it cannot do is count: a component
//! keeps nothing from one call to the next. How many messages go to a country in an hour or a day is
//! a limit of the host: `destination_per_hour` and `destination_per_day` of the tenant.

use std::collections::BTreeMap;

use waypost_plugin::NumberKind;
use waypost_plugin::prefixes::Prefixes;
use waypost_plugin::prelude::*;

settings! {
    /// What one message may be.
    pub struct SpendGuard {
        /// Ranges that nothing goes to, each with a note for yourself.
        deny: Prefixes<String> = Prefixes::default(),
        /// The only countries that messages go to; every one where there are none.
        countries: Vec<Country> = Vec::new(),
        /// Most segments of a message by country.
        segments_by_country: BTreeMap<Country, u8> = BTreeMap::new(),
        /// Most segments of a message to every other country.
        #[schema("minimum": 1)]
        segments_max: u8 = 3,
        /// Price of a segment by prefix, in millionths of your currency. The longest wins.
        prices_micros: Prefixes<u64> = Prefixes::default(),
        /// Price of a segment that no prefix names; none: such a message is refused where
        /// `price_micros_max` is given.
        price_micros: Option<u64>,
        /// Most that a whole message may cost.
        price_micros_max: Option<u64>,
        /// Whether messages go to premium and shared-cost numbers.
        premium: bool = false,
        /// Whether messages go to numbers of no country: satellite and international networks.
        satellite: bool = false,
    }
}

impl Screening for SpendGuard {
    fn screen(&self, message: &Message) -> Verdict {
        if let Some(note) = self.deny.get(message.number()) {
            log::info!("the range is denied: {note}");
            return refuse("range_denied", "messages to this range of numbers are not sent");
        }
        if !self.premium && matches!(message.to.kind, NumberKind::Premium | NumberKind::SharedCost) {
            return refuse("premium_number", "messages to premium and shared-cost numbers are not sent");
        }
        let Some(country) = message.country() else {
            return match self.satellite {
                true => self.check_price(message),
                false => {
                    refuse("no_country", "messages to satellite and international networks are not sent")
                }
            };
        };
        if !self.countries.is_empty() && !self.countries.contains(&country) {
            return refuse("country_not_allowed", format!("messages to {country} are not sent"));
        }
        let segments_max = *self.segments_by_country.get(&country).unwrap_or(&self.segments_max);
        if message.segments > segments_max {
            let reason =
                format!("{} segments; messages to {country} have at most {segments_max}", message.segments);
            return refuse("too_many_segments_for_country", reason);
        }
        self.check_price(message)
    }
}

impl SpendGuard {
    fn check_price(&self, message: &Message) -> Verdict {
        let Some(price_micros_max) = self.price_micros_max else { return Verdict::Allow };
        let Some(segment_micros) = self.prices_micros.get(message.number()).copied().or(self.price_micros)
        else {
            return refuse("price_unknown", "there is no price for this range of numbers");
        };
        if segment_micros.saturating_mul(message.segments.into()) > price_micros_max {
            return refuse("too_dear", "the message costs more than one message may");
        }
        Verdict::Allow
    }
}

waypost_plugin::export!(SpendGuard: Screening);
