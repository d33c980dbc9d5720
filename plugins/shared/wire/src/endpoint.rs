//! Where a provider's API is.

/// A base URL without a slash at its end, and the host in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `https://api.example.com`, maybe with a path.
    pub base: String,
    /// `api.example.com`, maybe with a port: as `describe` names it.
    pub host: String,
}

impl Endpoint {
    /// Reads a base URL from settings.
    ///
    /// # Errors
    /// It is not `http://` or `https://` with a host, or it has user information, a query or a
    /// fragment.
    pub fn parse(url: &str) -> Result<Self, String> {
        let refused = |lack: &str| Err(format!("endpoint: {lack}, such as `https://api.example.com`"));
        let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
            return refused("it has to begin with `https://` or `http://`");
        };
        let unfit = |byte: u8| !byte.is_ascii_graphic() || b"?#@\\\"<>".contains(&byte);
        if rest.bytes().any(unfit) {
            return refused("it has to be a plain address without user, query, fragment or spaces");
        }
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty() || host.starts_with(':') {
            return refused("it has no host");
        }
        Ok(Self { base: url.trim_end_matches('/').to_owned(), host: host.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_base_urls() {
        for (url, base, host) in [
            ("https://api.example.com", "https://api.example.com", "api.example.com"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://a.example/x/y/", "https://a.example/x/y", "a.example"),
            ("http://[::1]:80", "http://[::1]:80", "[::1]:80"),
        ] {
            let expected = Endpoint { base: base.to_owned(), host: host.to_owned() };
            assert_eq!(Endpoint::parse(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn refuses_what_is_no_base_url() {
        for url in [
            "",
            "api.example.com",
            "ftp://a",
            "https://",
            "https:///x",
            "https://:80",
            "https://u:p@a",
            "https://a?b",
            "https://a#b",
            "https://a b",
            "https://a\\b",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }
}
