//! From method and path to a call.

use std::borrow::Cow;

use http::Method;
use http::header::{ALLOW, HeaderValue};
use percent_encoding::percent_decode_str;
use waypost_core::limits::{REQUEST_BYTES_MAX, WEBHOOK_BYTES_MAX};
use waypost_core::store::Scope;

use crate::problem::{Code, Problem};

/// A call of version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Sends a message, or one message to several recipients.
    Send,
    /// Lists messages.
    List,
    /// Says what would become of a message.
    Explain,
    /// Reads one message.
    Read,
    /// Takes a message back.
    Cancel,
    /// Reads the trace of a message.
    Trace,
    /// Reads an inbox.
    Inbox,
    /// Removes messages from an inbox.
    Acknowledge,
    /// Lists dead letters.
    DeadLetters,
    /// Sends dead letters again by a filter.
    RedriveAll,
    /// Sends one dead letter again.
    Redrive,
    /// Deletes a dead letter.
    Discard,
    /// Lists API keys. Of hosts only.
    Keys,
    /// Makes an API key. Of hosts only.
    CreateKey,
    /// Revokes an API key. Of hosts only.
    RevokeKey,
    /// Lists providers with their health. Of hosts only.
    Providers,
    /// Gives a key another text. Of hosts only.
    RotateKey,
    /// Looks after tenants' plugins. Of hosts only.
    Plugins,
    /// Looks after tenants. Of hosts only.
    Tenants,
    /// A provider tells something.
    Hook,
    /// Whether it lives.
    Healthz,
    /// Whether it takes messages.
    Readyz,
    /// Metrics for Prometheus. Of hosts only.
    Metrics,
    /// The OpenAPI document. Of hosts only.
    Document,
}

/// Method, path with its parameters in braces, call, and the scope that the caller's key has to have.
pub type Route = (Method, &'static str, Call, Option<Scope>);

/// Every call. A path without a parameter stands before those that would fit it, too.
pub const ROUTES: &[Route] = &[
    (Method::POST, "/v1/messages", Call::Send, Some(Scope::Send)),
    (Method::GET, "/v1/messages", Call::List, Some(Scope::Read)),
    (Method::POST, "/v1/messages/explain", Call::Explain, Some(Scope::Send)),
    (Method::GET, "/v1/messages/{id}", Call::Read, Some(Scope::Read)),
    (Method::DELETE, "/v1/messages/{id}", Call::Cancel, Some(Scope::Send)),
    (Method::GET, "/v1/messages/{id}/trace", Call::Trace, Some(Scope::Read)),
    (Method::GET, "/v1/inbox", Call::Inbox, Some(Scope::Inbox)),
    (Method::POST, "/v1/inbox/ack", Call::Acknowledge, Some(Scope::Inbox)),
    (Method::GET, "/v1/dead-letters", Call::DeadLetters, Some(Scope::Read)),
    (Method::POST, "/v1/dead-letters/redrive", Call::RedriveAll, Some(Scope::Admin)),
    (Method::POST, "/v1/dead-letters/{id}/redrive", Call::Redrive, Some(Scope::Admin)),
    (Method::DELETE, "/v1/dead-letters/{id}", Call::Discard, Some(Scope::Admin)),
    (Method::GET, "/v1/keys", Call::Keys, Some(Scope::Admin)),
    (Method::POST, "/v1/keys", Call::CreateKey, Some(Scope::Admin)),
    (Method::DELETE, "/v1/keys/{id}", Call::RevokeKey, Some(Scope::Admin)),
    (Method::POST, "/v1/keys/{id}/rotate", Call::RotateKey, Some(Scope::Admin)),
    (Method::GET, "/v1/tenants", Call::Tenants, Some(Scope::Operator)),
    (Method::GET, "/v1/tenants/{name}", Call::Tenants, Some(Scope::Operator)),
    (Method::PUT, "/v1/tenants/{name}", Call::Tenants, Some(Scope::Operator)),
    (Method::DELETE, "/v1/tenants/{name}", Call::Tenants, Some(Scope::Operator)),
    (Method::POST, "/v1/tenants/{name}/keys", Call::Tenants, Some(Scope::Operator)),
    (Method::GET, "/v1/providers", Call::Providers, Some(Scope::Admin)),
    (Method::GET, "/v1/plugins", Call::Plugins, Some(Scope::Read)),
    (Method::GET, "/v1/plugins/{name}", Call::Plugins, Some(Scope::Read)),
    (Method::PUT, "/v1/plugins/{name}", Call::Plugins, Some(Scope::Plugins)),
    (Method::DELETE, "/v1/plugins/{name}", Call::Plugins, Some(Scope::Plugins)),
    (Method::PUT, "/v1/plugins/{name}/settings", Call::Plugins, Some(Scope::Plugins)),
    (Method::PUT, "/v1/plugins/{name}/binding", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/activate", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/deactivate", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/shadow", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/rollback", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/test", Call::Plugins, Some(Scope::Plugins)),
    (Method::POST, "/v1/plugins/{name}/backtest", Call::Plugins, Some(Scope::Plugins)),
    (Method::GET, "/v1/plugins/{name}/diff", Call::Plugins, Some(Scope::Read)),
    (Method::GET, "/v1/plugins/{name}/activity", Call::Plugins, Some(Scope::Read)),
    (Method::GET, "/v1/plugins/{name}/logs", Call::Plugins, Some(Scope::Read)),
    (Method::GET, "/v1/plugins/{name}/revisions/{revision}", Call::Plugins, Some(Scope::Read)),
    (Method::DELETE, "/v1/plugins/{name}/revisions/{revision}", Call::Plugins, Some(Scope::Plugins)),
    (Method::GET, "/v1/plugins/{name}/revisions/{revision}/component", Call::Plugins, Some(Scope::Plugins)),
    (Method::GET, "/hooks/{provider}", Call::Hook, None),
    (Method::POST, "/hooks/{provider}", Call::Hook, None),
    (Method::GET, "/healthz", Call::Healthz, None),
    (Method::GET, "/readyz", Call::Readyz, None),
    (Method::GET, "/metrics", Call::Metrics, None),
    (Method::GET, "/openapi.json", Call::Document, None),
];

/// A call that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed<'p> {
    /// Which.
    pub call: Call,
    /// The scope that the caller's key has to have; None where no key is needed.
    pub scope: Option<Scope>,
    /// The part of the path that stands in place of the first parameter, decoded. Empty without one, and
    /// where it is no text.
    pub parameter: Cow<'p, str>,
}

impl Call {
    /// Most bytes of the body that are read; 0 where there is none.
    #[must_use]
    pub fn body_bytes_max(self) -> usize {
        match self {
            Self::Send | Self::Explain | Self::Acknowledge | Self::RedriveAll | Self::CreateKey => {
                REQUEST_BYTES_MAX
            }
            Self::Hook => WEBHOOK_BYTES_MAX,
            _ => 0,
        }
    }
}

/// Finds the call. `HEAD` is the call of `GET`, whose answer goes without its body.
///
/// # Errors
/// `path_unknown`, `method_not_allowed`.
pub fn route<'p>(method: &Method, path: &'p str) -> Result<Routed<'p>, Problem> {
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    let mut found = ROUTES.iter().filter_map(|route| Some((route, parameter(route.1, path)?)));
    // Method is looked at only among the routes of the first path that fits.
    let Some((first, text)) = found.next() else { return Err(path_unknown(path)) };
    let mut same_path = ROUTES.iter().filter(|route| route.1 == first.1);
    let Some((_, _, call, scope)) = same_path.find(|route| route.0 == *wanted) else {
        return Err(method_not_allowed(method, first.1));
    };
    let parameter = percent_decode_str(text).decode_utf8().unwrap_or_default();
    Ok(Routed { call: *call, scope: *scope, parameter })
}

/// There is no such path.
#[must_use]
pub fn path_unknown(path: &str) -> Problem {
    let shown: String = path.chars().take(100).collect();
    Problem::new(
        Code::PathUnknown,
        format!("There is nothing at `{shown}`. `/openapi.json` lists the paths."),
    )
}

/// The path does not take this method. The server that knows what it takes adds `Allow`.
#[must_use]
pub fn method_unfit(method: &Method) -> Problem {
    let detail = format!("This path does not take `{method}`. The header `Allow` says what it takes.");
    Problem::new(Code::MethodNotAllowed, detail)
}

fn method_not_allowed(method: &Method, path: &str) -> Problem {
    let methods = ROUTES.iter().filter(|route| route.1 == path).map(|route| route.0.as_str());
    let mut allowed: Vec<&str> = methods.collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    match HeaderValue::try_from(allowed.join(",")) {
        Ok(allowed) => method_unfit(method).header(ALLOW, allowed),
        Err(_) => method_unfit(method),
    }
}

/// The text in place of the first parameter; empty where the template has none and is the path.
fn parameter<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    let mut first = None;
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(first.unwrap_or("")),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                first = first.or(Some(given));
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(method: &str, path: &str) -> Result<(Call, String), Code> {
        let routed = route(&method.parse().unwrap(), path);
        routed.map(|routed| (routed.call, routed.parameter.into_owned())).map_err(|problem| problem.code())
    }

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for (method, path, call, scope) in ROUTES {
            let path = path.replace("{id}", "x1").replace("{provider}", "x1").replace("{name}", "x1");
            let path = path.replace("{revision}", "x2");
            let routed = route(method, &path).ok().unwrap();
            assert_eq!((routed.call, routed.scope), (*call, *scope), "{method} {path}");
            assert_eq!(routed.parameter, if path.contains("x1") { "x1" } else { "" });
        }
    }

    #[test]
    fn paths_are_taken_by_the_letter() {
        let unknown = Err(Code::PathUnknown);
        let unfit = Err(Code::MethodNotAllowed);
        let found = |call, text: &str| Ok((call, text.to_owned()));
        for (method, path, expected) in [
            ("GET", "/v1/messages/msg_1", found(Call::Read, "msg_1")),
            ("HEAD", "/v1/messages/msg_1", found(Call::Read, "msg_1")),
            ("GET", "/v1/messages/m%73g%2F1", found(Call::Read, "msg/1")),
            ("GET", "/v1/messages/%ff", found(Call::Read, "")),
            ("GET", "/v1/messages/a+b", found(Call::Read, "a+b")),
            ("POST", "/hooks/sim", found(Call::Hook, "sim")),
            ("POST", "/v1/messages/explain", found(Call::Explain, "")),
            ("GET", "/v1/messages/explain", unfit.clone()),
            ("DELETE", "/v1/dead-letters/redrive", unfit.clone()),
            ("PUT", "/v1/messages", unfit.clone()),
            ("HEAD", "/v1/messages/explain", unfit),
            ("GET", "/", unknown.clone()),
            ("GET", "", unknown.clone()),
            ("GET", "/v1", unknown.clone()),
            ("GET", "/v1/messages/", unknown.clone()),
            ("GET", "/v1//messages", unknown.clone()),
            ("GET", "/V1/messages", unknown.clone()),
            ("GET", "/v1/messages/a/b", unknown.clone()),
            ("GET", "/v1/messages//trace", unknown.clone()),
            ("GET", "/v1/messages/trace/", unknown.clone()),
            ("POST", "/hooks/", unknown.clone()),
            ("POST", "/hooks/a/b", unknown),
        ] {
            assert_eq!(routed(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        for (path, expected) in
            [("/v1/messages", "POST,GET,HEAD"), ("/v1/inbox/ack", "POST"), ("/v1/keys/x", "DELETE")]
        {
            let problem = route(&Method::PATCH, path).err().unwrap();
            assert_eq!(problem.into_answer().headers()[ALLOW], expected);
        }
    }
}
