//! Which hosts may be called.

use reqwest::Url;
use waypost_core::config::AllowedHost;

/// True where the URL is `http` or `https`, carries no credentials, and its host and port are
/// listed. An entry without a port stands for the scheme's own port.
pub fn is_allowed(url: &str, hosts: &[AllowedHost]) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    plain && hosts.iter().any(|allowed| allowed.allows(host, port))
}
