//! Who asks: `Authorization: Bearer wp_…` (RFC 6750), checked against the store.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use waypost_core::flow::{Caller, Shell};
use waypost_core::store::{ApiKey, Scope, Store as _};

use crate::key;
use crate::problem::{Code, Problem};

/// Asks the store who calls. One round trip.
///
/// # Errors
/// `key_missing`, `key_invalid`, `key_expired`, `scope_missing`; `store_unavailable` where nobody can say.
pub async fn caller<S: Shell>(
    shell: &S,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<Caller<S::Tenant>, Problem> {
    let text = bearer(headers)?;
    let id = key::id_of(text).ok_or_else(Problem::key_invalid)?;
    let found = shell.store().key(id).await?;
    permitted(shell, &key::check(found, &key::hash(text), shell.now_ms())?, scope)
}

/// The caller of a good key, if the key has the scope. A tenant that is gone from the configuration
/// takes its keys with it.
///
/// # Errors
/// `key_invalid`, `scope_missing`.
pub fn permitted<S: Shell>(shell: &S, key: &ApiKey, scope: Scope) -> Result<Caller<S::Tenant>, Problem> {
    let Some(tenant) = shell.tenants().get(&key.tenant) else { return Err(Problem::key_invalid()) };
    if !key.scopes.contains(&scope) {
        return Err(scope_missing(scope));
    }
    Ok(Caller { tenant: tenant.clone(), key: key.id.clone() })
}

/// The text of the key that a request brings.
///
/// # Errors
/// `key_missing`: none, or more than one.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (given.next(), given.next()) else { return Err(Problem::key_missing()) };
    token(header).ok_or_else(Problem::key_missing)
}

fn token(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn scope_missing(scope: Scope) -> Problem {
    let scope = scope.as_str();
    let detail = format!("The API key does not have the scope `{scope}`. Use a key that has it.");
    Problem::new(Code::ScopeMissing, detail).with("scope", scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_as_rfc_6750_has_it() {
        for (header, expected) in [
            ("Bearer wp_x", Some("wp_x")),
            ("bearer wp_x", Some("wp_x")),
            ("BEARER   wp_x ", Some("wp_x")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearerwp_x", None),
            ("Basic d3A6eA==", None),
            ("wp_x", None),
            ("", None),
        ] {
            let value = HeaderValue::from_str(header).unwrap();
            assert_eq!(token(&value), expected, "{header}");
        }
        assert_eq!(token(&HeaderValue::from_bytes(b"Bearer \xff").unwrap()), None);
    }

    #[test]
    fn no_header_and_two_headers_are_no_key() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer(&headers).unwrap_err().code(), Code::KeyMissing);
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer wp_x"));
        assert_eq!(bearer(&headers).ok(), Some("wp_x"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer wp_y"));
        assert_eq!(bearer(&headers).unwrap_err().code(), Code::KeyMissing);
    }
}
