//! The part of a path that names the tenant.

use http::Uri;
use http::request::Parts;
use http::uri::PathAndQuery;

/// Takes the base path of the component off a request. A path that does not begin with it is left
/// as it is: `/hooks` and `/healthz` are at the root, too.
pub(crate) fn strip(head: &mut Parts, base_path: &str) {
    if let Some(shorter) = shortened(&head.uri, base_path) {
        head.uri = shorter;
    }
}

fn shortened(uri: &Uri, base_path: &str) -> Option<Uri> {
    if base_path.is_empty() {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(base_path)?;
    if !rest.starts_with('/') {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_goes_and_the_rest_stays() {
        for (base, given, expected) in [
            ("", "/v1/messages?x=1", None),
            ("/t/acme", "/t/acme/v1/messages?x=%2F", Some("/v1/messages?x=%2F")),
            ("/t/acme", "http://h:1/t/acme/v1", Some("http://h:1/v1")),
            ("/t/acme", "/t/acme", None),
            ("/t/acme", "/t/acme2/v1", None),
            ("/t/acme", "/hooks/sim", None),
        ] {
            let uri: Uri = given.parse().unwrap();
            let expected: Option<Uri> = expected.map(|text| text.parse().unwrap());
            assert_eq!(shortened(&uri, base), expected, "{base} {given}");
        }
    }
}
