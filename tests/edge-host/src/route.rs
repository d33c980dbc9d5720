//! Which component answers a path: Spin's rules.

use crate::EdgeHostError;
use crate::manifest::{Route, Trigger};

/// The public routes of an application.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    /// As in the manifest.
    raw: String,
    /// Without a slash at its end, and without `/...`.
    path: String,
    prefix: bool,
    component: String,
}

/// A path and the route that it took.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match<'a> {
    pub(crate) component: &'a str,
    /// The route as in the manifest.
    pub(crate) route: &'a str,
    /// What `...` stands for, with its slash.
    pub(crate) path_info: &'a str,
}

impl Routes {
    /// Takes the public triggers. Of two with the same route the later counts, as in Spin, so here it
    /// is an error.
    pub(crate) fn new(triggers: &[Trigger]) -> Result<Self, EdgeHostError> {
        let mut entries: Vec<Entry> = Vec::new();
        for trigger in triggers {
            let Route::Public(raw) = &trigger.route else { continue };
            let place = || format!("trigger.http, route `{raw}`");
            if !raw.starts_with('/') {
                return Err(EdgeHostError::value(place(), "a route begins with `/`"));
            }
            let (path, prefix) = raw.strip_suffix("/...").map_or((raw.as_str(), false), |path| (path, true));
            if path.contains(['*', ':']) || path.contains("...") {
                return Err(EdgeHostError::value(
                    place(),
                    "this host knows no wildcard but `/...` at the end",
                ));
            }
            let path = path.trim_end_matches('/').to_owned();
            if entries.iter().any(|entry| entry.path == path && entry.prefix == prefix) {
                return Err(EdgeHostError::value(place(), "is there twice"));
            }
            entries.push(Entry { raw: raw.clone(), path, prefix, component: trigger.component.clone() });
        }
        // An exact route before a prefix, the longer prefix before the shorter.
        entries.sort_by_key(|entry| (entry.prefix, std::cmp::Reverse(entry.path.len())));
        Ok(Self(entries))
    }

    /// A slash at the end makes no difference to an exact route.
    pub(crate) fn find<'a>(&'a self, path: &'a str) -> Option<Match<'a>> {
        self.0.iter().find_map(|entry| {
            let rest = path.strip_prefix(entry.path.as_str())?;
            let fits = if entry.prefix {
                rest.is_empty() || rest.starts_with('/')
            } else {
                matches!(rest, "" | "/")
            };
            let path_info = if entry.prefix { rest } else { "" };
            fits.then_some(Match { component: &entry.component, route: &entry.raw, path_info })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Routes;
    use crate::manifest::Trigger;

    fn routes(lines: &[&str]) -> Result<Routes, String> {
        let triggers: Vec<Trigger> = lines
            .iter()
            .map(|route| {
                toml::from_str(&format!("route = {route}\ncomponent = '{}'", route.replace('\'', "")))
                    .unwrap()
            })
            .collect();
        Routes::new(&triggers).map_err(|error| error.to_string())
    }

    #[test]
    fn exact_before_prefix_and_the_longest_prefix() {
        let routes =
            routes(&["'/...'", "'/v1/...'", "'/v1/health'", "'/v1/deep/...'", "{ private = true }"]).unwrap();
        for (path, component, path_info) in [
            ("/", "/...", "/"),
            ("/x/y", "/...", "/x/y"),
            ("/v1", "/v1/...", ""),
            ("/v1/", "/v1/...", "/"),
            ("/v1/a", "/v1/...", "/a"),
            ("/v10", "/...", "/v10"),
            ("/v1/health", "/v1/health", ""),
            ("/v1/health/", "/v1/health", ""),
            ("/v1/health/x", "/v1/...", "/health/x"),
            ("/v1/deep/x", "/v1/deep/...", "/x"),
        ] {
            let found = routes.find(path).unwrap();
            assert_eq!((found.component, found.path_info), (component, path_info), "{path}");
        }
    }

    #[test]
    fn a_path_without_a_route_has_none() {
        let routes = routes(&["'/v1/...'", "{ private = true }"]).unwrap();
        assert_eq!(routes.find("/v2"), None);
        assert_eq!(routes.find("/"), None);
    }

    #[test]
    fn what_is_no_route_is_refused() {
        for lines in [&["'v1'"][..], &["'/a/:id'"], &["'/a/*'"], &["'/.../a'"], &["'/a'", "'/a/'"]] {
            let error = routes(lines).unwrap_err();
            assert!(error.contains("trigger.http, route"), "{error}");
        }
    }
}
