//! `allowed_outbound_hosts`: where a component may connect to.

use crate::EdgeHostError;

/// The patterns of one component, `scheme://host[:port]`.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts(Vec<Pattern>);

#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    /// None: every scheme.
    scheme: Option<String>,
    host: Host,
    /// None: every port.
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Any,
    Exactly(String),
    /// Anything before this suffix, which begins with a dot.
    Under(String),
}

impl AllowedHosts {
    /// Reads rendered patterns. `place` is for the error.
    pub(crate) fn parse(patterns: &[String], place: &str) -> Result<Self, EdgeHostError> {
        patterns
            .iter()
            .map(|pattern| {
                parse(pattern).ok_or_else(|| {
                    EdgeHostError::value(place, format!("`{pattern}` is no `scheme://host:port`"))
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a connection may be made. Without a port it is the scheme's own.
    pub(crate) fn allows(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let Some(port) = port.or_else(|| default_port(scheme)) else { return false };
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|pattern| {
            pattern.scheme.as_deref().is_none_or(|allowed| allowed.eq_ignore_ascii_case(scheme))
                && pattern.port.is_none_or(|allowed| allowed == port)
                && match &pattern.host {
                    Host::Any => true,
                    Host::Exactly(allowed) => *allowed == host,
                    Host::Under(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                }
        })
    }
}

fn parse(pattern: &str) -> Option<Pattern> {
    let (scheme, rest) = pattern.split_once("://")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if scheme.is_empty() || rest.is_empty() || rest.contains(['/', '?', '#', '@', '{']) {
        return None;
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let scheme = (scheme != "*").then(|| scheme.to_ascii_lowercase());
    let port = match port {
        Some("*") => None,
        Some(port) => Some(port.parse().ok()?),
        // A pattern for every scheme has no default: it needs its port written out.
        None => Some(default_port(scheme.as_deref()?)?),
    };
    let host = host.to_ascii_lowercase();
    let host = match host.strip_prefix('*') {
        Some("") => Host::Any,
        Some(suffix) if suffix.starts_with('.') && !suffix.contains('*') => Host::Under(suffix.to_owned()),
        Some(_) => return None,
        None if host.is_empty() || host.contains('*') => return None,
        None => Host::Exactly(host),
    };
    Some(Pattern { scheme, host, port })
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "redis" | "rediss" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::AllowedHosts;

    #[test]
    fn a_pattern_allows_what_it_says() {
        for (pattern, scheme, host, port, allowed) in [
            ("http://127.0.0.1:8080", "http", "127.0.0.1", Some(8080), true),
            ("http://127.0.0.1:8080", "http", "127.0.0.1", Some(8081), false),
            ("http://127.0.0.1:8080", "https", "127.0.0.1", Some(8080), false),
            ("http://127.0.0.1:*", "http", "127.0.0.1", Some(1), true),
            ("https://api.example.com", "https", "API.example.com", None, true),
            ("https://api.example.com", "https", "api.example.com", Some(444), false),
            ("http://*.spin.internal", "http", "empty.spin.internal", None, true),
            ("http://*.spin.internal", "http", "spin.internal", None, false),
            ("http://*.spin.internal", "http", "spin.internal.example.com", None, false),
            ("redis://127.0.0.1:7000", "redis", "127.0.0.1", Some(7000), true),
            ("redis://cache", "redis", "cache", Some(6379), true),
            ("*://*:*", "http", "anything", Some(9), true),
            ("http://[::1]:80", "http", "[::1]", None, true),
        ] {
            let hosts = AllowedHosts::parse(&[pattern.to_owned()], "here").unwrap();
            assert_eq!(hosts.allows(scheme, host, port), allowed, "{pattern} {scheme} {host} {port:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in [
            "",
            "example.com",
            "http://",
            "http://a/b",
            "http://a*:80",
            "http://*a:80",
            "ftp://a",
            "*://a",
            "http://a:x",
        ] {
            let error = AllowedHosts::parse(&[pattern.to_owned()], "here").unwrap_err().to_string();
            assert!(error.starts_with("here: "), "{error}");
        }
    }
}
