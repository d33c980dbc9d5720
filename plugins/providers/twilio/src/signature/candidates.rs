//! The forms of a URL that Twilio may have signed.

use std::fmt::Write as _;

use wire::form::fields;

/// Each other form of the URL once, the likeliest first: with the default port or without any port,
/// without user information; then, if wanted, with the query in other percent-encodings.
pub fn others(url: &str, legacy_query: bool) -> Vec<String> {
    let Some(parts) = Parts::of(url) else { return Vec::new() };
    let mut rests = vec![parts.rest.to_owned()];
    if legacy_query && let Some((path, query)) = parts.rest.split_once('?') {
        rests.extend([escaped(query), reencoded(query)].map(|query| format!("{path}?{query}")));
    }
    let mut forms = Vec::new();
    for rest in &rests {
        for userinfo in [parts.userinfo, ""] {
            for port in [parts.port, other_port(&parts)] {
                let form = Parts { userinfo, port, rest, ..parts }.join();
                if form != url && !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
    }
    forms
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    /// With its `://`.
    scheme: &'a str,
    /// With its `@`, or empty.
    userinfo: &'a str,
    host: &'a str,
    /// With its `:`, or empty.
    port: &'a str,
    /// From the path on.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, after_scheme) = url.split_at(url.find("://")? + 3);
        let authority_end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
        let (authority, rest) = after_scheme.split_at(authority_end);
        let (userinfo, host_port) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let port_at = host_port.rfind(':').filter(|at| !host_port[*at..].contains(']'));
        let (host, port) = host_port.split_at(port_at.unwrap_or(host_port.len()));
        Some(Self { scheme, userinfo, host, port, rest })
    }

    fn join(&self) -> String {
        [self.scheme, self.userinfo, self.host, self.port, self.rest].concat()
    }
}

/// No port where there is one, and the default port of the scheme where there is none.
fn other_port(parts: &Parts<'_>) -> &'static str {
    match (parts.port, parts.scheme) {
        ("", "https://") => ":443",
        ("", "http://") => ":80",
        _ => "",
    }
}

/// As a URL parser of WHATWG leaves a query: what is not to be in one is percent-encoded.
fn escaped(query: &str) -> String {
    encoded(query, |byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\''))
}

/// Decoded, and encoded again as `encodeURIComponent` of ECMAScript does.
fn reencoded(query: &str) -> String {
    let component =
        |text: &str| encoded(text, |byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte));
    let pairs =
        fields(query.as_bytes()).map(|(name, value)| format!("{}={}", component(&name), component(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::others;

    #[test]
    fn forms_of_a_url() {
        let table: [(&str, &[&str]); 8] = [
            ("https://a/b?c=d", &["https://a:443/b?c=d"]),
            ("http://a/b", &["http://a:80/b"]),
            ("https://a:8443/b", &["https://a/b"]),
            ("https://u:p@a/b", &["https://u:p@a:443/b", "https://a/b", "https://a:443/b"]),
            ("https://[::1]/b", &["https://[::1]:443/b"]),
            ("https://[::1]:80?b", &["https://[::1]?b"]),
            ("https://a", &["https://a:443"]),
            ("no url", &[]),
        ];
        for (url, expected) in table {
            assert_eq!(others(url, false), expected, "{url}");
        }
    }

    #[test]
    fn other_encodings_of_the_query() {
        let forms = others("https://a/b?c=it's&d=%27+(x)%20é", true);
        for expected in
            ["https://a/b?c=it%27s&d=%27+(x)%20%C3%A9", "https://a:443/b?c=it's&d='%20(x)%20%C3%A9"]
        {
            assert!(forms.iter().any(|form| form == expected), "{forms:?}");
        }
        assert_eq!(others("https://a/b?c=d&e=f", true).len(), 1);
        assert!(others("https://u@a:1/b?c='&d=%27", true).len() < 12);
    }
}
