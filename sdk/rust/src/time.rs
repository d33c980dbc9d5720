//! Times of day in settings, and what a message's own time is where it goes.
//!
//! There is no table of time zones in a plugin: an offset is fixed, and whoever sets it decides about
//! summer time.

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::schema::Schema;

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;

/// A time of day: `"08:30"` in settings, `"24:00"` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: i64,
}

/// A fixed offset from UTC: `"+02:00"` or `"-05:30"` in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset {
    minutes: i64,
}

/// A day of the week: `"mon"` to `"sun"` in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// `mon`
    Monday,
    /// `tue`
    Tuesday,
    /// `wed`
    Wednesday,
    /// `thu`
    Thursday,
    /// `fri`
    Friday,
    /// `sat`
    Saturday,
    /// `sun`
    Sunday,
}

/// A moment on the clock of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Minutes since 1970 on that clock.
    minutes: i64,
    offset: Offset,
}

impl Offset {
    /// UTC.
    pub const UTC: Self = Self { minutes: 0 };

    /// The moment on the clock of a place with this offset. `time_ms` are Unix milliseconds.
    #[must_use]
    pub fn local(self, time_ms: u64) -> Local {
        let minutes = i64::try_from(time_ms).unwrap_or(i64::MAX).div_euclid(MINUTE_MS);
        Local { minutes: minutes.saturating_add(self.minutes), offset: self }
    }
}

impl Local {
    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 1970 began on a Thursday.
        match (self.minutes.div_euclid(DAY_MINUTES) + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// The day of the week on which the window began that this moment lies in: after midnight, a
    /// window that goes over midnight began the day before.
    #[must_use]
    pub fn weekday_of_start(self, from: TimeOfDay, until: TimeOfDay) -> Weekday {
        let over_midnight = from > until && self.minute_of_day() < until.minutes;
        let minutes = if over_midnight { self.minutes - DAY_MINUTES } else { self.minutes };
        Self { minutes, ..self }.weekday()
    }

    /// Whether the time of day lies in a window, its end not included. A window that ends before it
    /// begins goes over midnight; one that ends when it begins is the whole day.
    #[must_use]
    pub fn is_between(self, from: TimeOfDay, until: TimeOfDay) -> bool {
        let now = self.minute_of_day();
        if from < until {
            (from.minutes..until.minutes).contains(&now)
        } else {
            now >= from.minutes || now < until.minutes
        }
    }

    /// When the clock shows this time of day next, later than now, in Unix milliseconds.
    #[must_use]
    pub fn next_ms(self, time: TimeOfDay) -> u64 {
        let wait = (time.minutes - self.minute_of_day()).rem_euclid(DAY_MINUTES);
        let wait = if wait == 0 { DAY_MINUTES } else { wait };
        let utc_minutes = self.minutes.saturating_add(wait).saturating_sub(self.offset.minutes);
        u64::try_from(utc_minutes.saturating_mul(MINUTE_MS)).unwrap_or(0)
    }

    fn minute_of_day(self) -> i64 {
        self.minutes.rem_euclid(DAY_MINUTES)
    }
}

impl TimeOfDay {
    fn parse(text: &str) -> Option<Self> {
        let minutes = clock(text)?;
        (minutes <= DAY_MINUTES).then_some(Self { minutes })
    }
}

impl Offset {
    fn parse(text: &str) -> Option<Self> {
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let minutes = clock(text.get(1..)?)?;
        (minutes <= 14 * 60).then_some(Self { minutes: sign * minutes })
    }
}

impl Weekday {
    const NAMES: [(&str, Self); 7] = [
        ("mon", Self::Monday),
        ("tue", Self::Tuesday),
        ("wed", Self::Wednesday),
        ("thu", Self::Thursday),
        ("fri", Self::Friday),
        ("sat", Self::Saturday),
        ("sun", Self::Sunday),
    ];

    fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, weekday)| *weekday)
    }
}

/// Minutes of `hh:mm`.
fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

macro_rules! setting {
    ($type:ident, $what:literal, $members:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom(concat!("not ", $what)))
            }
        }

        impl Schema for $type {
            fn members() -> String {
                $members.to_owned()
            }
        }
    };
}

setting!(
    TimeOfDay,
    "a time of day, such as 08:30",
    r#""type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$""#
);
setting!(
    Offset,
    "an offset from UTC, such as +02:00",
    r#""type":"string","pattern":"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$""#
);
setting!(Weekday, "a day of the week, such as mon", r#""enum":["mon","tue","wed","thu","fri","sat","sun"]"#);

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01 09:00 UTC, a Thursday.
    const NINE_MS: u64 = 1_767_258_000_000;

    fn at(text: &str) -> TimeOfDay {
        TimeOfDay::parse(text).unwrap()
    }

    fn offset(text: &str) -> Offset {
        Offset::parse(text).unwrap()
    }

    #[test]
    fn windows_go_over_midnight() {
        for (zone, from, until, inside) in [
            ("+00:00", "08:00", "20:00", true),
            ("+00:00", "09:00", "09:01", true),
            ("+00:00", "08:00", "09:00", false),
            ("+00:00", "21:00", "09:01", true),
            ("+00:00", "21:00", "09:00", false),
            ("+00:00", "05:00", "05:00", true),
            ("+12:00", "20:00", "24:00", true),
            ("-10:00", "22:00", "06:00", true),
            ("+05:30", "14:30", "14:31", true),
        ] {
            assert_eq!(
                offset(zone).local(NINE_MS).is_between(at(from), at(until)),
                inside,
                "{zone} {from} {until}"
            );
        }
    }

    #[test]
    fn the_next_time_is_later() {
        for (zone, time, hours) in [
            ("+00:00", "10:00", 1),
            ("+00:00", "09:00", 24),
            ("+00:00", "08:00", 23),
            ("+02:00", "12:00", 1),
            ("-10:00", "00:00", 1),
        ] {
            let next_ms = offset(zone).local(NINE_MS).next_ms(at(time));
            assert_eq!(next_ms, NINE_MS + hours * 3_600_000, "{zone} {time}");
        }
    }

    #[test]
    fn days_of_the_week_follow_the_clock_of_the_place() {
        assert_eq!(Offset::UTC.local(NINE_MS).weekday(), Weekday::Thursday);
        assert_eq!(offset("-10:00").local(NINE_MS).weekday(), Weekday::Wednesday);
        assert_eq!(offset("+14:00").local(NINE_MS + 3_600_000).weekday(), Weekday::Friday);
        let night = Offset::UTC.local(NINE_MS - 8 * 3_600_000);
        assert_eq!(night.weekday_of_start(at("22:00"), at("06:00")), Weekday::Wednesday);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "8:30", "08:60", "24:01", "25:00", "08:30:00", "ab:cd", "+8:30"] {
            assert!(TimeOfDay::parse(text).is_none(), "{text}");
        }
        for text in ["", "02:00", "+2:00", "+15:00", "+02:60", "Z", "−02:00"] {
            assert!(Offset::parse(text).is_none(), "{text}");
        }
    }
}
