//! Who asks: `Authorization: Bearer wp_…` (RFC 6750), checked against the store.

mod keys;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use waypost_core::store::Scope;

use super::Api;
use super::problem::{Code, Problem};
use crate::intake::Caller;

pub use keys::KeyCache;

/// What a call needs its key for.
pub trait Permission: Send + Sync {
    /// The scope that the key has to have.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:ident,)*) => {
        $(
            $(#[$doc])*
            pub enum $name {}

            impl Permission for $name {
                const SCOPE: Scope = Scope::$scope;
            }
        )*
    };
}

permissions! {
    /// To send, explain and cancel.
    Sending = Send,
    /// To read messages, traces and dead letters.
    Reading = Read,
    /// To read and acknowledge inboxes.
    Inboxes = Inbox,
    /// To administer.
    Administration = Admin,
}

/// A caller whose key has the scope that the call needs.
pub struct Authorised<P> {
    /// Who it is.
    pub caller: Caller,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Arc<Api>> for Authorised<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let text = bearer(&parts.headers)?;
        let store = &api.gateway.store;
        let key = api.keys.check(text, |id| async move { store.key(&id).await }).await?;
        // A tenant that is gone from the configuration takes its keys with it.
        let Some(tenant) = api.gateway.tenants.get(&key.tenant) else { return Err(Problem::key_invalid()) };
        if !key.scopes.contains(&P::SCOPE) {
            return Err(scope_missing(P::SCOPE));
        }
        let caller = Caller { tenant: tenant.clone(), key: key.id.clone() };
        Ok(Self { caller, permission: PhantomData })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
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
