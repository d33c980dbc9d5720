//! Times as the API writes them.

use time::OffsetDateTime;

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
