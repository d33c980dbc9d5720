//! `core` decides by its own strict reading of a URL which host is called; reqwest reads the URL a
//! second time. The two must never see different hosts.

use reqwest::Url;
use waypost_core::config::AllowedHost;
use waypost_core::provider::is_allowed;

/// Pieces that URL parsers are known to disagree about.
const PIECES: [&str; 30] = [
    "http",
    "https",
    "HTTP",
    ":",
    "/",
    "//",
    "://",
    "\\",
    "@",
    "?",
    "#",
    "good.example",
    "evil.example",
    ".",
    "..",
    "%2e",
    "%40",
    "\t",
    "\n",
    " ",
    ":80",
    ":443",
    ":8080",
    "[::1]",
    "127.0.0.1",
    "0x7f.1",
    "*.",
    "ß",
    "。",
    "a",
];

#[test]
fn what_is_allowed_goes_where_reqwest_sends_it() {
    let hosts: Vec<_> = ["good.example", "*.good.example", "127.0.0.1", "[::1]:8080"]
        .map(|host| AllowedHost::parse(host).unwrap())
        .into();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut allowed = 0;
    for round in 0..200_000 {
        // Half of them begin well, so that many are allowed.
        let mut url = if round % 2 == 0 { "http://".to_owned() } else { String::new() };
        for _ in 0..1 + round % 7 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            url.push_str(PIECES[(seed % PIECES.len() as u64) as usize]);
        }
        if !is_allowed(&url, &hosts) {
            continue;
        }
        allowed += 1;
        let read = Url::parse(&url).unwrap();
        let (host, port) = (read.host_str().unwrap(), read.port_or_known_default().unwrap());
        assert!(hosts.iter().any(|entry| entry.allows(host, port)), "{url:?} goes to {host}:{port}");
        assert!(read.username().is_empty() && read.password().is_none(), "{url:?}");
    }
    assert!(allowed > 1_000, "only {allowed} were allowed");
}
