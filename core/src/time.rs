//! Times as people and the API write them (RFC 3339).

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339 in UTC with milliseconds, from Unix milliseconds.
#[must_use]
pub fn rfc3339(at_ms: u64) -> String {
    let nanos = i128::from(at_ms) * 1_000_000;
    // A time beyond the year 9999 was never a time.
    let Ok(time) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else { return at_ms.to_string() };
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, millisecond) = time.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Unix milliseconds of a time as RFC 3339 writes it. None: it is no such time, or before 1970.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    u64::try_from(nanos / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, at_ms) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2026-01-31T10:00:00.5+01:00", Some(1_769_850_000_500)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-02-30T00:00:00Z", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse_rfc3339(text), at_ms, "{text}");
        }
        assert_eq!(parse_rfc3339(&rfc3339(1_769_850_000_123)), Some(1_769_850_000_123));
    }
}
