//! Which URLs may be called.

use crate::config::AllowedHost;

/// True where the URL is `http` or `https`, carries no credentials, and its host and port are
/// listed. An entry without a port stands for the scheme's own port.
///
/// The URL is written by a component or an application, and read a second time by whatever sends
/// the request. So its host has to be spelt in the one way that every reader takes alike: what
/// readers repair each in their own way (spaces, backslashes, percent signs, other notations of
/// IPv4, a port without digits) is not allowed anywhere.
#[must_use]
pub fn is_allowed(url: &str, hosts: &[AllowedHost]) -> bool {
    let Some((host, port)) = host_and_port(url) else { return false };
    hosts.iter().any(|allowed| allowed.allows(&host, port))
}

fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme_port = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => 443,
        _ if scheme.eq_ignore_ascii_case("http") => 80,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    // An entry of the list has the same grammar, except that it may have a wildcard.
    let named = AllowedHost::parse(authority).ok().filter(|named| !named.subdomains)?;
    Some((named.host, named.port.unwrap_or(scheme_port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(entries: &[&str]) -> Vec<AllowedHost> {
        entries.iter().map(|entry| AllowedHost::parse(entry).unwrap()).collect()
    }

    #[test]
    fn what_is_listed_may_be_called() {
        let hosts = listed(&["api.example.com", "*.carrier.net", "127.0.0.1:9000", "[::1]:9000"]);
        for url in [
            "https://api.example.com",
            "https://api.example.com/",
            "http://API.Example.COM/x?y#z",
            "HTTPS://api.example.com:443/a@b:80/",
            "https://api.example.com?u=https://evil.example/",
            "https://api.example.com#@evil.example",
            "https://eu.carrier.net/",
            "http://127.0.0.1:9000/v1",
            "http://127.0.0.1:09000/v1",
            "http://[::1]:9000/",
            "http://[0:0::1]:9000/",
        ] {
            assert!(is_allowed(url, &hosts), "{url}");
        }
    }

    #[test]
    fn what_is_not_listed_or_oddly_spelt_may_not() {
        let hosts = listed(&["api.example.com", "*.carrier.net", "127.0.0.1", "[::1]:9000"]);
        for url in [
            "",
            "https",
            "https:",
            "https://",
            "https:///api.example.com/",
            "https:/api.example.com/",
            "https:api.example.com",
            "//api.example.com/",
            "api.example.com",
            "ftp://api.example.com/",
            "file://api.example.com/etc/passwd",
            " https://api.example.com/",
            "\thttps://api.example.com/",
            "ht\ntps://api.example.com/",
            "https ://api.example.com/",
            "https://evil.example/",
            "https://api.example.com.evil.example/",
            "https://api.example.com:8443/",
            "https://api.example.com:/",
            "https://api.example.com:0/",
            "https://api.example.com:65979/",
            "https://api.example.com:+443/",
            "https://api.example.com:443:443/",
            "https://api.example.com./",
            "https://api%2eexample.com/",
            "https://api.example.com%00.evil.example/",
            "https://api.example.com\\.evil.example/",
            "https://api.example.com\\@evil.example/",
            "https:\\\\api.example.com/",
            "https:/\\api.example.com/",
            "https://evil.example\\api.example.com/",
            "https://api.example.com\t/",
            "https://api.exa\nmple.com/",
            "https://api.example.com /",
            "https://user@api.example.com/",
            "https://user:pass@api.example.com/",
            "https://@api.example.com/",
            "https://api.example.com@evil.example/",
            "https://evil.example/@api.example.com/",
            "https://evil.example?://api.example.com/",
            "https://evil.example#://api.example.com/",
            "https://evil.example;api.example.com/",
            "https://api\u{3002}example.com/",
            "https://ａｐｉ.example.com/",
            "https://api.example\u{ad}.com/",
            "https://*.carrier.net/",
            "https://carrier.net/",
            "https://.carrier.net/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://[::1]/",
            "http://[::1%25lo]:9000/",
            "http://[::1]9000/",
            "http://::1:9000/",
        ] {
            assert!(!is_allowed(url, &hosts), "{url:?}");
        }
    }
}
