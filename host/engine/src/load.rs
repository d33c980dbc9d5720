//! From bytes and settings to a component that is ready to decide, and why that may be refused.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasmtime::component::Component;
use waypost_core::decision::{FaultClass, Name, Role};

use crate::cache::{Cache, Compiled};
use crate::fault::Fault;
use crate::inspect::{self, inspect};
use crate::limits::Limits;
use crate::linked::Linked;
use crate::pool::Reuse;
use crate::runtime::Runtime;
use crate::secrets::Secrets;
use crate::settings::{Revision, Violation, canonical, check_size, validate};
use crate::snapshot::Workpiece;
use crate::version::{self, Version};

/// What is to be loaded, and how it is to run.
pub struct LoadRequest<'a> {
    /// The component's name in the configuration.
    pub name: Name,
    /// The part that it plays. A component may play several; each is a load of its own.
    pub role: Role,
    /// The component, as it was compiled for `wasm32-wasip2`.
    pub component: &'a [u8],
    /// Its settings.
    pub settings: &'a Value,
    /// What it may use.
    pub limits: Limits,
    /// A fresh instance for each call, or instances that serve several calls.
    pub reuse: Reuse,
    /// The secrets that it may sign with, by name.
    pub secrets: Arc<dyn Secrets>,
}

/// What was compiled before is to be loaded: the component itself need not be at hand.
pub struct CompiledRequest<'a> {
    /// SHA-256 of the component, in hexadecimal, lower case.
    pub component_sha256: &'a str,
    /// As in [`LoadRequest`].
    pub name: Name,
    /// As in [`LoadRequest`].
    pub role: Role,
    /// As in [`LoadRequest`].
    pub settings: &'a Value,
    /// As in [`LoadRequest`].
    pub limits: Limits,
    /// As in [`LoadRequest`].
    pub reuse: Reuse,
    /// As in [`LoadRequest`].
    pub secrets: Arc<dyn Secrets>,
}

/// A part of the way from bytes to a component that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It waits until others have been compiled.
    Waiting,
    /// Its form, imports, exports and settings are looked at.
    Checking,
    /// It names its schema, takes its settings, and is snapshotted.
    Configuring,
    /// Machine code is made of it.
    Compiling,
    /// It is asked a neutral question.
    Probing,
}

impl Step {
    /// The name that the API shows. Never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Checking => "checking",
            Self::Configuring => "configuring",
            Self::Compiling => "compiling",
            Self::Probing => "probing",
        }
    }
}

/// A step in which a component runs before it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It names the schema of its settings.
    Schema,
    /// It takes its settings.
    Configure,
    /// It answers a neutral question.
    Probe,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schema => "naming its schema",
            Self::Configure => "taking its settings",
            Self::Probe => "answering a neutral question",
        })
    }
}

/// Why a component is not loaded. Says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// More bytes than the limit.
    #[error(
        "the component has {bytes} bytes, above the limit of {bytes_max}: build it with \
         `opt-level = \"s\"`, `lto = true` and `strip = true`, or ask for a larger limit"
    )]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// Machine code instead of WebAssembly.
    #[error("this is precompiled code, which is never accepted: upload the .wasm component itself")]
    Precompiled,
    /// A WebAssembly module that is no component.
    #[error(
        "this is a core module, not a component: build it with `--target wasm32-wasip2`, or wrap \
         it with `wasm-tools component new`"
    )]
    CoreModule,
    /// Not a whole, valid component.
    #[error("this is not a valid component: {reason}; build it again and upload the whole file")]
    NotValid {
        /// What the validation says.
        reason: String,
    },
    /// An export that the role needs is not there.
    #[error(
        "the component does not export `{export}`: build it for the world of the role that it \
         is bound to"
    )]
    MissingExport {
        /// The name of the interface.
        export: String,
    },
    /// Built for a version of the plugin API that this host does not speak.
    #[error(
        "the component was built for version {version} of waypost:sms; this host speaks {}: \
         build it for one of these, or update the host",
        version::names()
    )]
    UnknownVersion {
        /// The component's version.
        version: String,
    },
    /// An import that the sandbox does not have.
    #[error(
        "the component imports `{import}`, which the sandbox does not have for the role {role}: \
         remove what uses it"
    )]
    ForeignImport {
        /// The name of the import.
        import: String,
        /// The role that was asked for.
        role: Role,
    },
    /// An import or export has the right name and another type.
    #[error(
        "the component does not fit the plugin API: {reason}; build it against the released WIT \
         files"
    )]
    WrongType {
        /// Which item differs, and how.
        reason: String,
    },
    /// What `schema` returned is not a JSON Schema.
    #[error("the component's schema is not a JSON Schema: {reason}; correct `schema`")]
    Schema {
        /// What is wrong with it.
        reason: String,
    },
    /// The settings do not fit the component's schema.
    #[error("the settings do not fit the component's schema: {}", Listed(violations))]
    Settings {
        /// Every place that does not fit, up to eight.
        violations: Vec<Violation>,
    },
    /// `configure` refused the settings.
    #[error("the component refuses its settings: {reason}")]
    Rejected {
        /// What the component said.
        reason: String,
    },
    /// The component failed before it was ready.
    #[error("the component failed while {stage}: {class}: {message}{}", Logged(log))]
    Failed {
        /// What it was doing.
        stage: Stage,
        /// How it failed.
        class: FaultClass,
        /// What happened.
        message: String,
        /// What it wrote to its log, and printed.
        log: Vec<String>,
    },
    /// The code cannot be made.
    #[error("the component cannot be compiled: {reason}")]
    NotCompiled {
        /// What the compiler says.
        reason: String,
    },
}

impl LoadError {
    /// A stable code in snake_case, as the API shows it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "plugin_too_large",
            Self::Precompiled => "plugin_precompiled",
            Self::CoreModule => "plugin_not_component",
            Self::NotValid { .. } => "plugin_not_valid",
            Self::MissingExport { .. } => "plugin_export_missing",
            Self::UnknownVersion { .. } => "plugin_version_unknown",
            Self::ForeignImport { .. } => "plugin_import_refused",
            Self::WrongType { .. } => "plugin_type_mismatch",
            Self::Schema { .. } => "plugin_schema_invalid",
            Self::Settings { .. } => "plugin_settings_invalid",
            Self::Rejected { .. } => "plugin_settings_rejected",
            Self::Failed { .. } => "plugin_failed",
            Self::NotCompiled { .. } => "plugin_not_compiled",
        }
    }

    /// The class under which it is counted.
    #[must_use]
    pub fn class(&self) -> FaultClass {
        match self {
            Self::Failed { class, .. } => *class,
            _ => FaultClass::Refused,
        }
    }

    pub(crate) fn failed(stage: Stage, fault: Fault, log: Vec<String>) -> Self {
        Self::Failed { stage, class: fault.class, message: fault.message, log }
    }
}

/// Places and reasons in one line.
struct Listed<'a>(&'a [Violation]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

/// The log behind a failure, where there is one: it carries the message of a panic.
struct Logged<'a>(&'a [String]);

impl fmt::Display for Logged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; its log: {}", self.0.join(" | ")) }
    }
}

/// How a component runs once it is loaded.
pub(crate) struct Terms {
    pub name: Name,
    pub role: Role,
    pub limits: Limits,
    pub reuse: Reuse,
    pub secrets: Arc<dyn Secrets>,
}

impl From<LoadRequest<'_>> for Terms {
    fn from(request: LoadRequest<'_>) -> Self {
        let LoadRequest { name, role, limits, reuse, secrets, .. } = request;
        Self { name, role, limits, reuse, secrets }
    }
}

impl From<CompiledRequest<'_>> for Terms {
    fn from(request: CompiledRequest<'_>) -> Self {
        let CompiledRequest { name, role, limits, reuse, secrets, .. } = request;
        Self { name, role, limits, reuse, secrets }
    }
}

/// A component that has passed every check but the probe.
pub(crate) struct Prepared {
    pub revision: Revision,
    pub linked: Arc<Linked>,
    /// Canonical settings.
    pub settings: String,
    /// Nothing was compiled for it.
    pub cached: bool,
}

/// Takes a component through the checks to its code.
pub(crate) fn prepare(
    runtime: &Runtime,
    cache: Option<&Cache>,
    request: &LoadRequest<'_>,
    on_step: &mut dyn FnMut(Step),
) -> Result<Prepared, LoadError> {
    on_step(Step::Checking);
    inspect::check_size(request.component, request.limits.component_bytes_max)?;
    let settings = canonical(request.settings);
    check_size(&settings)?;
    let revision = Revision::of_canonical(request.component, &settings);
    // What is known has passed the checks: its name is made of the same bytes.
    if let Some(linked) = known(runtime, cache, &revision, request.role)? {
        return Ok(Prepared { revision, linked, settings, cached: true });
    }
    let compiled = compile(runtime, request, &settings, revision.seed(), on_step)?;
    if let Some(cache) = cache {
        cache.store(&revision, request.role, &compiled);
    }
    let linked = runtime.linked.link(&revision, request.role, compiled)?;
    Ok(Prepared { revision, linked, settings, cached: false })
}

/// The same from the cache alone. None: it is not there.
pub(crate) fn prepare_compiled(
    runtime: &Runtime,
    cache: &Cache,
    request: &CompiledRequest<'_>,
) -> Result<Option<Prepared>, LoadError> {
    let settings = canonical(request.settings);
    check_size(&settings)?;
    let Some(revision) = Revision::of_sha256(request.component_sha256, &settings) else { return Ok(None) };
    let linked = known(runtime, Some(cache), &revision, request.role)?;
    Ok(linked.map(|linked| Prepared { revision, linked, settings, cached: true }))
}

/// What is loaded already, or compiled already.
fn known(
    runtime: &Runtime,
    cache: Option<&Cache>,
    revision: &Revision,
    role: Role,
) -> Result<Option<Arc<Linked>>, LoadError> {
    if let Some(linked) = runtime.linked.find(revision, role) {
        return Ok(Some(linked));
    }
    let compiled = cache.and_then(|it| it.load(&runtime.deciding, revision, role));
    compiled.map(|compiled| runtime.linked.link(revision, role, compiled)).transpose()
}

/// Takes a component through the same checks to its configured form.
pub(crate) fn snapshot(runtime: &Runtime, request: &LoadRequest<'_>) -> Result<Option<Vec<u8>>, LoadError> {
    let version = inspect(request.component, request.role, request.limits.component_bytes_max)?;
    let settings = canonical(request.settings);
    check_size(&settings)?;
    let seed = Revision::of_canonical(request.component, &settings).seed();
    Ok(configure(runtime, version, request, &settings, seed)?.snapshot)
}

fn compile(
    runtime: &Runtime,
    request: &LoadRequest<'_>,
    settings: &str,
    seed: u64,
    on_step: &mut dyn FnMut(Step),
) -> Result<Compiled, LoadError> {
    let version = inspect(request.component, request.role, request.limits.component_bytes_max)?;
    on_step(Step::Configuring);
    let Configured { schema, snapshot } = configure(runtime, version, request, settings, seed)?;
    on_step(Step::Compiling);
    let final_bytes = snapshot.as_deref().unwrap_or(request.component);
    let component = Component::from_binary(&runtime.deciding, final_bytes)
        .map_err(|error| LoadError::NotCompiled { reason: format!("{error:#}") })?;
    Ok(Compiled { component, version, snapshotted: snapshot.is_some(), schema })
}

struct Configured {
    schema: String,
    snapshot: Option<Vec<u8>>,
}

fn configure(
    runtime: &Runtime,
    version: &Version,
    request: &LoadRequest<'_>,
    settings: &str,
    seed: u64,
) -> Result<Configured, LoadError> {
    let LoadRequest { role, component, limits, .. } = request;
    let workpiece = Workpiece::new(runtime, component, version, *role, limits, seed)?;
    let schema = workpiece.schema()?;
    validate(&schema, request.settings)?;
    Ok(Configured { snapshot: workpiece.configured(settings)?, schema })
}
