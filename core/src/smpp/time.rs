//! Times as SMPP and receipts write them.

use time::{Date, Month, OffsetDateTime, UtcOffset};

const SECONDS_PER_DAY: u64 = 24 * 3600;
/// Longest relative time, in seconds: what two digits of days can say without months.
const RELATIVE_S_MAX: u64 = 30 * SECONDS_PER_DAY;
/// Digits of `YYMMDDhhmmsstnn`.
const ABSOLUTE_DIGITS: usize = 15;

/// A time in UTC as `YYMMDDhhmmsstnnp` (SMPP 3.4 section 7.1.1), to the second.
#[must_use]
pub fn absolute(time_ms: u64) -> String {
    let seconds = i64::try_from(time_ms / 1000).unwrap_or_default();
    // A time beyond the year 9999 was never a time.
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    format!("{:02}{:02}{day:02}{hour:02}{minute:02}{second:02}000+", year % 100, u8::from(month))
}

/// A time from now as `YYMMDDhhmmss000R` (SMPP 3.4 section 7.1.1), at most 30 days.
#[must_use]
pub fn relative(seconds: u32) -> String {
    let seconds = u64::from(seconds).min(RELATIVE_S_MAX);
    let of_day = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("0000{:02}{hour:02}{minute:02}{second:02}000R", seconds / SECONDS_PER_DAY)
}

/// Reads a date of a receipt, in Unix milliseconds: `YYMMDDhhmm` with or without seconds, with a
/// century, with anything between the numbers, or as SMPP writes absolute times. The last says its
/// own offset from UTC; the others are that much ahead of it. `None` for anything else.
#[must_use]
pub fn parse(text: &str, utc_offset_minutes: i16) -> Option<u64> {
    let text = text.trim();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == ABSOLUTE_DIGITS && text.len() == ABSOLUTE_DIGITS + 1 {
        let quarters: i16 = digits.get(13..)?.parse().ok()?;
        let offset = match text.chars().next_back()? {
            '+' => quarters * 15,
            '-' => -quarters * 15,
            _ => return None,
        };
        return moment(digits.get(..12)?, 2, offset);
    }
    match digits.len() {
        10 => moment(&digits, 2, utc_offset_minutes),
        12 => moment(&digits, 2, utc_offset_minutes).or_else(|| moment(&digits, 4, utc_offset_minutes)),
        14 => moment(&digits, 4, utc_offset_minutes),
        _ => None,
    }
}

/// Year of so many digits, month, day, hour, minute and, where there are more, second.
fn moment(digits: &str, year_digits: usize, offset_minutes: i16) -> Option<u64> {
    let number = |from: usize| digits.get(from..from + 2)?.parse::<u8>().ok();
    let year: i32 = digits.get(..year_digits)?.parse().ok()?;
    let year = if year_digits == 2 { 2000 + year } else { year };
    let at = |field: usize| number(year_digits + 2 * field);
    let (month, day, hour, minute) = (Month::try_from(at(0)?).ok()?, at(1)?, at(2)?, at(3)?);
    // A leap second is the one before it.
    let second = if digits.len() > year_digits + 8 { at(4)? } else { 0 };
    let second = if second == 60 { 59 } else { second };
    let offset = UtcOffset::from_whole_seconds(i32::from(offset_minutes) * 60).ok()?;
    let local = Date::from_calendar_date(year, month, day).ok()?.with_hms(hour, minute, second).ok()?;
    u64::try_from(local.assume_offset(offset).unix_timestamp() * 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_submit() {
        let cases = [
            (0, "700101000000000+"),
            // 29 February 2028, 23:59:59.999 UTC.
            (1_835_481_599_999, "280229235959000+"),
            (1_893_456_000_000, "300101000000000+"),
        ];
        for (time_ms, expected) in cases {
            assert_eq!(absolute(time_ms), expected);
        }
        let cases = [
            (5, "000000000005000R"),
            (48 * 3600, "000002000000000R"),
            (90_061, "000001010101000R"),
            (u32::MAX, "000030000000000R"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(relative(seconds), expected);
        }
    }

    #[test]
    fn dates_of_receipts() {
        // 1 March 2026, 12:34:56 UTC, and to the minute.
        let (second, minute) = (1_772_368_496_000, 1_772_368_440_000);
        let cases = [
            ("2603011234", 0, Some(minute)),
            ("260301123456", 0, Some(second)),
            ("20260301123456", 0, Some(second)),
            ("202603011234", 0, Some(minute)),
            ("2026-03-01 12:34:56", 0, Some(second)),
            ("26/03/01 12:34", 0, Some(minute)),
            ("2603011434", 120, Some(minute)),
            ("2603010704", -330, Some(minute)),
            ("260301123456000+", 120, Some(second)),
            ("260301143456008+", 0, Some(second)),
            ("260301083456016-", 0, Some(second)),
            ("260301123456000R", 0, None),
            ("2613011234", 0, None),
            ("2602301234", 0, None),
            ("2603012434", 0, None),
            ("2603011260", 0, None),
            ("", 0, None),
            ("yesterday", 0, None),
            ("19691231235959", 0, None),
            ("19700101000000", 60, None),
        ];
        for (text, offset, expected) in cases {
            assert_eq!(parse(text, offset), expected, "{text}");
        }
    }

    #[test]
    fn every_day_of_the_century_comes_back() {
        for day in 10_957..47_482 {
            let time_ms = day * SECONDS_PER_DAY * 1000 + 3_723_000;
            assert_eq!(parse(&absolute(time_ms), 0), Some(time_ms));
        }
    }
}
