//! What provider adapters share. Nothing here knows a provider, and nothing does I/O.

pub mod address;
pub mod endpoint;
pub mod form;
pub mod hex;
pub mod loose;
pub mod secret;

/// The first header of that name; names of headers have no case (RFC 9110, 5.1).
#[must_use]
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let of_name = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
    of_name.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn headers_are_found_in_any_case() {
        let headers = [
            ("A".to_owned(), "1".to_owned()),
            ("b-C".to_owned(), "2".to_owned()),
            ("a".to_owned(), "3".to_owned()),
        ];
        assert_eq!(super::header(&headers, "a"), Some("1"));
        assert_eq!(super::header(&headers, "B-c"), Some("2"));
        assert_eq!(super::header(&headers, "c"), None);
    }
}
