//! Hosts that outgoing requests may go to.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// Longest host name and longest label of it, in bytes (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Ports of http and https, which an entry without a port stands for.
const WEB_PORTS: [u16; 2] = [80, 443];

/// An entry of a list of allowed hosts: `api.example.com`, `127.0.0.1:9000`, `[::1]:9000` or
/// `*.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost {
    /// Host name in small letters or IP address (IPv6 without brackets); for `*.example.com`
    /// what follows the `*.`.
    pub host: String,
    /// Written with `*.`: stands for every host below `host`, at any depth, not for `host` itself.
    pub subdomains: bool,
    /// The only allowed port; without it 80 and 443.
    pub port: Option<u16>,
}

/// Why a text is not an [`AllowedHost`]; displayed as the rest of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Nothing there, or nothing before the port.
    Empty,
    /// A whole URL.
    Scheme,
    /// `user@host`.
    User,
    /// Something after the host.
    Path,
    /// Letters outside ASCII.
    NotAscii,
    /// An IPv6 address without brackets, or wrong inside them.
    Ipv6,
    /// The port is not 1 to 65535.
    Port,
    /// `*` elsewhere than as `*.` before at least two labels.
    Wildcard,
    /// Looks like an IPv4 address, but is not one in the usual form of four numbers.
    Ipv4,
    /// Not a host name.
    Name,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Scheme => "must be without a scheme (://)",
            Self::User => "must be without a user or password (@)",
            Self::Path => "must be without a path, query or fragment",
            Self::NotAscii => "must be ASCII; write an international name in its xn-- form",
            Self::Ipv6 => "is not an IPv6 address in brackets such as [::1] or [::1]:9000",
            Self::Port => "has a port that is not 1 to 65535",
            Self::Wildcard => "may have * only first and before two or more parts: *.example.com",
            Self::Ipv4 => "is not an IPv4 address of four decimal numbers",
            Self::Name => "is not a host name",
        })
    }
}

impl std::error::Error for HostError {}

impl AllowedHost {
    /// Reads one entry.
    ///
    /// # Errors
    /// Where the text is anything else than a host with or without a port. Other notations of IPv4
    /// (`127.1`, `0x7f.0.0.1`) are refused, so that no entry means another host than it shows.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.contains("://") {
            return Err(HostError::Scheme);
        }
        if text.contains('@') {
            return Err(HostError::User);
        }
        if text.contains(['/', '?', '#', '\\']) {
            return Err(HostError::Path);
        }
        if !text.is_ascii() {
            return Err(HostError::NotAscii);
        }
        let text = text.to_ascii_lowercase();
        if text.starts_with('[') {
            return parse_ipv6(&text);
        }
        let (host, port) = match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => return Err(HostError::Ipv6),
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (text.as_str(), None),
        };
        let (host, subdomains) = match host.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (host, false),
        };
        if host.contains('*') || (subdomains && !host.contains('.')) {
            return Err(HostError::Wildcard);
        }
        check_name(host, subdomains)?;
        Ok(Self { host: host.to_owned(), subdomains, port })
    }

    /// Whether a request to this host (as in a URL; IPv6 with or without brackets) and port is
    /// allowed by this entry.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let host_fits = if self.subdomains {
            let below = host.strip_suffix(self.host.as_str());
            below.is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        } else {
            host == self.host
        };
        host_fits && self.port.map_or(WEB_PORTS.contains(&port), |only| only == port)
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        Self::parse(&text)
    }
}

impl From<AllowedHost> for String {
    fn from(host: AllowedHost) -> Self {
        host.to_string()
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.subdomains {
            f.write_str("*.")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn parse_ipv6(text: &str) -> Result<AllowedHost, HostError> {
    let inside = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (address, after) = inside.ok_or(HostError::Ipv6)?;
    let address: Ipv6Addr = address.parse().map_err(|_| HostError::Ipv6)?;
    let port = match after.strip_prefix(':') {
        Some(port) => Some(parse_port(port)?),
        None if after.is_empty() => None,
        None => return Err(HostError::Ipv6),
    };
    Ok(AllowedHost { host: address.to_string(), subdomains: false, port })
}

fn parse_port(text: &str) -> Result<u16, HostError> {
    // parse alone would take a + sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or(HostError::Port)
}

fn check_name(host: &str, subdomains: bool) -> Result<(), HostError> {
    if host.is_empty() {
        return Err(HostError::Empty);
    }
    // URL parsers read a host whose last part is a number as IPv4 (WHATWG URL, "ends in a number").
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits || last.starts_with("0x") {
        let address = host.parse::<Ipv4Addr>().map_err(|_| HostError::Ipv4);
        return if subdomains { Err(HostError::Wildcard) } else { address.map(|_| ()) };
    }
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label);
    if fits { Ok(()) } else { Err(HostError::Name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_and_refuses_anything_else() {
        let good = [
            ("api.twilio.com", "api.twilio.com"),
            ("API.Twilio.com:8443", "api.twilio.com:8443"),
            ("*.example.com", "*.example.com"),
            ("127.0.0.1:9000", "127.0.0.1:9000"),
            ("[0:0::1]:9000", "[::1]:9000"),
            ("[::1]", "[::1]"),
            ("localhost", "localhost"),
        ];
        for (text, shown) in good {
            let host = AllowedHost::parse(text);
            assert_eq!(host.map(|host| host.to_string()), Ok(shown.to_owned()), "{text}");
        }
        let bad = [
            ("", HostError::Empty),
            (":80", HostError::Empty),
            ("https://a.com", HostError::Scheme),
            ("u:p@a.com", HostError::User),
            ("a.com/x", HostError::Path),
            ("bücher.de", HostError::NotAscii),
            ("::1", HostError::Ipv6),
            ("[::1", HostError::Ipv6),
            ("[::1]x", HostError::Ipv6),
            ("a.com:0", HostError::Port),
            ("a.com:+80", HostError::Port),
            ("a.com:", HostError::Port),
            ("*", HostError::Wildcard),
            ("*.com", HostError::Wildcard),
            ("a.*.com", HostError::Wildcard),
            ("*.0.0.1", HostError::Wildcard),
            ("127.1", HostError::Ipv4),
            ("0x7f.0.0.0x1", HostError::Ipv4),
            ("2130706433", HostError::Ipv4),
            ("a..com", HostError::Name),
            ("a.com.", HostError::Name),
            ("-a.com", HostError::Name),
            ("a b", HostError::Name),
        ];
        for (text, error) in bad {
            assert_eq!(AllowedHost::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn allows_only_what_the_entry_says() {
        let cases = [
            ("a.com", "a.com", 443, true),
            ("a.com", "A.COM", 80, true),
            ("a.com", "a.com", 8080, false),
            ("a.com", "b.a.com", 443, false),
            ("a.com:8080", "a.com", 8080, true),
            ("a.com:8080", "a.com", 443, false),
            ("*.a.com", "b.a.com", 443, true),
            ("*.a.com", "c.b.a.com", 443, true),
            ("*.a.com", "a.com", 443, false),
            ("*.a.com", ".a.com", 443, false),
            ("*.a.com", "ba.com", 443, false),
            ("[::1]:9000", "[::1]", 9000, true),
        ];
        for (entry, host, port, allowed) in cases {
            let entry = AllowedHost::parse(entry).expect("a good entry");
            assert_eq!(entry.allows(host, port), allowed, "{entry} {host}:{port}");
        }
    }
}
