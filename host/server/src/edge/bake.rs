//! Plugins as the edge runs them: checked like everywhere, with their settings already taken, and
//! with nothing left to import but what a plugin may have there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use waypost_builtins::edge::Parts;
use waypost_core::config::{Binding, Config};
use waypost_core::decision::{Name, Role};
use waypost_core::provider::Description;
use waypost_engine::{CallContext, Engine, Limits, LoadRequest, Loaded, NoSecrets, Reuse};

use super::compose::{ComposeError, Plug, compose};
use super::finding::{EdgeCode, Finding};
use super::hash::sha256;

/// The version of the plugin API that the parts of the edge speak.
const API: &str = "0.1.0";
/// What the signing part imports.
const VARIABLES: &str = "fermyon:spin/variables@2.0.0";
/// Parts of WASI that reach outside. A plugin has no business with them; Spin refuses them to it.
const REACHING_OUT: [&str; 2] = ["wasi:sockets/", "wasi:http/"];

/// One plugin with its settings, which a composed component is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingredient {
    /// Its name in the configuration.
    pub component: String,
    /// Of the plugin as it was compiled.
    pub sha256: String,
    /// Of its settings in canonical form.
    pub settings_sha256: String,
}

/// A component that satisfies one import of a gateway or of a provider part.
#[derive(Debug, Clone)]
pub(super) struct Baked {
    /// What it is called after: the plugin, or `screening` for a chain.
    pub label: String,
    pub component: Vec<u8>,
    /// For traces.
    pub revision: String,
    pub made_of: Vec<Ingredient>,
    /// What the adapter of a provider says of itself.
    pub description: Option<Description>,
}

pub(super) type Result<T> = std::result::Result<T, Box<Finding>>;

/// `waypost:sms/screening@0.1.0`.
pub(super) fn interface(name: &str) -> String {
    format!("waypost:sms/{name}@{API}")
}

/// Bakes plugins, each with the same settings once.
pub(super) struct Baker<'a> {
    config: &'a Config,
    base: &'a Path,
    engine: &'a Engine,
    parts: Parts<'a>,
    files: BTreeMap<&'a str, Arc<Vec<u8>>>,
    done: BTreeMap<(&'a str, Role, String), Arc<Baked>>,
}

impl<'a> Baker<'a> {
    pub fn new(config: &'a Config, base: &'a Path, engine: &'a Engine, parts: Parts<'a>) -> Self {
        Self { config, base, engine, parts, files: BTreeMap::new(), done: BTreeMap::new() }
    }

    /// A policy of one binding.
    pub fn policy(&mut self, place: &str, binding: &'a Binding, role: Role) -> Result<Arc<Baked>> {
        self.plugin(place, &binding.component, role, &binding.settings)
    }

    /// All screening bindings of a tenant as one component. None where there is none.
    pub fn screening(&mut self, tenant: &str, bindings: &'a [Binding]) -> Vec<Result<Arc<Baked>>> {
        let baked = bindings.iter().enumerate().map(|(index, binding)| {
            self.policy(&format!("tenants.{tenant}.screening[{index}]"), binding, Role::Screening)
        });
        baked.collect()
    }

    /// Makes one of several, asked in their order.
    pub fn chain(&self, place: &str, policies: &[Arc<Baked>]) -> Result<Option<Arc<Baked>>> {
        let Some((first, rest)) = policies.split_first() else { return Ok(None) };
        if rest.is_empty() {
            return Ok(Some(first.clone()));
        }
        let screening = interface(Role::Screening.as_str());
        let mut component = first.component.clone();
        for next in rest {
            let plug = |name, component, import: &str| Plug {
                name,
                component,
                joints: vec![(import.to_owned(), screening.clone())],
            };
            let plugs = [
                plug("the first screening", &component, "waypost:edge/first@0.1.0"),
                plug(&next.label, &next.component, "waypost:edge/second@0.1.0"),
            ];
            component = compose("the pair of screenings", self.parts.screening_pair, &plugs, &screening)
                .map_err(|error| composition(place, &error))?;
        }
        Ok(Some(Arc::new(Baked {
            label: "screening".to_owned(),
            revision: sha256(&component)[..16].to_owned(),
            component,
            made_of: policies.iter().flat_map(|policy| policy.made_of.clone()).collect(),
            description: None,
        })))
    }

    /// A plugin in its role, with its settings taken.
    pub fn plugin(
        &mut self,
        place: &str,
        name: &'a str,
        role: Role,
        settings: &'a Value,
    ) -> Result<Arc<Baked>> {
        let key = (name, role, settings.to_string());
        if let Some(baked) = self.done.get(&key) {
            return Ok(baked.clone());
        }
        let (component, limits) = self.source(place, name)?;
        let request = || LoadRequest {
            name: Name::from(name),
            role,
            component: &component,
            settings,
            limits: limits.clone(),
            reuse: Reuse::Fresh,
            // Whatever a plugin does with a secret, it does at the edge: none is read here.
            secrets: Arc::new(NoSecrets),
        };
        let refused = |error: waypost_engine::LoadError| {
            let what = format!("{error} ({})", error.code());
            Box::new(Finding::new(EdgeCode::ComponentRefused, place, what, ""))
        };
        let loaded = self.engine.load(request()).map_err(refused)?;
        let revision = loaded.info().revision.short().to_string();
        let description = describe(place, loaded)?;
        let snapshot = self.engine.snapshot(&request()).map_err(refused)?.ok_or_else(|| {
            let what = format!("{name} cannot be stored with its settings taken");
            let help = "it must not open files, streams or threads before or in `configure`";
            Box::new(Finding::new(EdgeCode::NoSnapshot, place, what, help))
        })?;
        let baked = Arc::new(Baked {
            label: name.to_owned(),
            component: self.close(place, name, role, &snapshot)?,
            revision,
            made_of: vec![Ingredient {
                component: name.to_owned(),
                sha256: sha256(&component),
                settings_sha256: sha256(canonical(settings).as_bytes()),
            }],
            description,
        });
        self.done.insert(key, baked.clone());
        Ok(baked)
    }

    /// Gives a plugin its log and its signing, and checks what else it wants.
    fn close(&self, place: &str, name: &str, role: Role, plugin: &[u8]) -> Result<Vec<u8>> {
        let wanted = imports(place, name, plugin)?;
        let given = [("log", self.parts.log), ("signing", self.parts.signing)];
        let plugs: Vec<Plug<'_>> = given
            .into_iter()
            .map(|(part, component)| (part, component, interface(part)))
            .filter(|(part, _, import)| wanted.contains(import) && (*part == "log" || role == Role::Provider))
            .map(|(part, component, import)| Plug {
                name: part,
                component,
                joints: vec![(import.clone(), import)],
            })
            .collect();
        let closed = compose(name, plugin, &plugs, &interface(role.as_str()))
            .map_err(|error| composition(place, &error))?;
        let left = imports(place, name, &closed)?;
        match left.iter().find(|import| !may_import(role, import)) {
            None => Ok(closed),
            Some(import) => {
                let what = format!("{name} imports {import}, which a plugin has not at the edge");
                let help = "remove what uses it";
                Err(Box::new(Finding::new(EdgeCode::ImportUnavailable, place, what, help)))
            }
        }
    }

    /// The bytes of a plugin and its limits.
    fn source(&mut self, place: &str, name: &'a str) -> Result<(Arc<Vec<u8>>, Limits)> {
        let unreadable = |what: String, help: &str| {
            Box::new(Finding::new(EdgeCode::ComponentUnreadable, place, what, help))
        };
        if let Some(built_in) = waypost_builtins::find(name) {
            return Ok((Arc::new(built_in.component.to_vec()), Limits::default()));
        }
        let Some(file) = self.config.components.get(name) else {
            return Err(unreadable(format!("no component is called {name}"), ""));
        };
        let limits = Limits {
            component_bytes_max: mebibytes(file.size_mib_max),
            memory_bytes_max: mebibytes(file.memory_mib_max),
            ..Limits::default()
        };
        if let Some(bytes) = self.files.get(name) {
            return Ok((bytes.clone(), limits));
        }
        let path = self.base.join(&file.path);
        let read = std::fs::metadata(&path).and_then(|metadata| {
            // One that is too large is not read to find out; the engine says it of what is read.
            let too_large = metadata.len() > limits.component_bytes_max as u64;
            if too_large { Ok(None) } else { std::fs::read(&path).map(Some) }
        });
        match read {
            Ok(Some(bytes)) => {
                let bytes = Arc::new(bytes);
                self.files.insert(name, bytes.clone());
                Ok((bytes, limits))
            }
            Ok(None) => {
                let what = format!("{} is larger than {} MiB", path.display(), file.size_mib_max);
                Err(unreadable(what, "make it smaller, or raise its size_mib_max"))
            }
            Err(error) => Err(unreadable(format!("{} cannot be read: {error}", path.display()), "")),
        }
    }
}

fn describe(place: &str, loaded: Loaded) -> Result<Option<Description>> {
    let Some(adapter) = loaded.provider() else { return Ok(None) };
    let answer = adapter.describe(&CallContext { time_ms: 0, seed: 0 }).answer;
    answer.map(Some).map_err(|fault| {
        let what = format!("`describe` failed: {fault}");
        Box::new(Finding::new(EdgeCode::ComponentRefused, place, what, ""))
    })
}

fn imports(place: &str, name: &str, component: &[u8]) -> Result<Vec<String>> {
    waypost_engine::imports(component).map_err(|error| {
        let what = format!("{name} cannot be read: {error}");
        Box::new(Finding::new(EdgeCode::Composition, place, what, ""))
    })
}

/// The types of the plugin API are an import without functions.
fn may_import(role: Role, import: &str) -> bool {
    let inert = import.starts_with("wasi:") && !REACHING_OUT.iter().any(|part| import.starts_with(part));
    inert || import == interface("types") || (role == Role::Provider && import == VARIABLES)
}

fn composition(place: &str, error: &ComposeError) -> Box<Finding> {
    let help = "build the component against the released WIT files";
    Box::new(Finding::new(EdgeCode::Composition, place, error.to_string(), help))
}

fn canonical(settings: &Value) -> String {
    let mut sorted = settings.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

fn mebibytes(mebibytes: u32) -> usize {
    mebibytes as usize * 1024 * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_reach_nothing() {
        for (role, import, permitted) in [
            (Role::Screening, "wasi:io/streams@0.2.6", true),
            (Role::Screening, "waypost:sms/types@0.1.0", true),
            (Role::Screening, "waypost:sms/messaging@0.1.0", false),
            (Role::Screening, "wasi:sockets/tcp@0.2.6", false),
            (Role::Provider, "wasi:http/outgoing-handler@0.2.6", false),
            (Role::Provider, "fermyon:spin/variables@2.0.0", true),
            (Role::Routing, "fermyon:spin/variables@2.0.0", false),
            (Role::Provider, "fermyon:spin/redis@2.0.0", false),
        ] {
            assert_eq!(may_import(role, import), permitted, "{role} {import}");
        }
    }
}
