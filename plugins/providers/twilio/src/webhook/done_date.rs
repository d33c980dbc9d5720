//! `RawDlrDoneDate`: when the network was done with a message, `YYMMDDhhmm` in UTC, the form of
//! the done date in a receipt of SMPP 3.4 (appendix B).

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const HOUR_MS: u64 = 60 * 60 * 1000;
const MINUTE_MS: u64 = 60 * 1000;
/// Days before each month in a year that is no leap year.
const DAYS_BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// In milliseconds since 1970-01-01 UTC. None: it is not such a date.
pub fn ms(text: &str) -> Option<u64> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let &[year, month, day, hour, minute] = pairs else { return None };
    let (year, month, day) = (2000 + number(year)?, number(month)?, number(day)?);
    let (hour, minute) = (number(hour)?, number(minute)?);
    let leap = year.is_multiple_of(4);
    let month_index = usize::try_from(month).ok()?.checked_sub(1)?;
    let days_before = *DAYS_BEFORE.get(month_index)?;
    let month_end = DAYS_BEFORE.get(month_index + 1).copied().unwrap_or(365);
    let month_days = month_end - days_before + u64::from(leap && month == 2);
    if !(1..=month_days).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    // From 2000 to 2099 every fourth year is a leap year; so it was from 1972 on.
    let leap_days_before = (year - 1969) / 4 + u64::from(leap && month > 2);
    let days = (year - 1970) * 365 + leap_days_before + days_before + day - 1;
    Some(days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS)
}

fn number(pair: [u8; 2]) -> Option<u64> {
    let [tens, ones] = pair;
    let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
    is_number.then(|| u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::ms;

    #[test]
    fn dates() {
        for (text, seconds) in [
            ("2306151204", 1_686_830_640),
            ("0001010000", 946_684_800),
            ("2402290000", 1_709_164_800),
            ("2403010000", 1_709_251_200),
            ("2512312359", 1_767_225_540),
            ("9912312359", 4_102_444_740),
        ] {
            assert_eq!(ms(text), Some(seconds * 1000), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "230615120",
            "23061512041",
            "2300151204",
            "2313151204",
            "2306001204",
            "2306311204",
            "2302291204",
            "2306152404",
            "2306151260",
            "23061512 4",
            "+306151204",
            "éééééé",
        ] {
            assert_eq!(ms(text), None, "{text:?}");
        }
    }
}
