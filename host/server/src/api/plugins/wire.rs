//! Plugins and revisions in JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use waypost_api::wire::Timestamp;
use waypost_core::config::OnFailure;
use waypost_core::decision::Role;
use waypost_core::registry::{Binding, CheckFailure, PluginRecord, RevisionRecord, RevisionState};

use crate::plugins::Progress;

/// What a plugin decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PluginRole)]
pub enum RoleName {
    /// May this message go?
    Screening,
    /// Under which sender?
    SenderIdentity,
    /// By which providers, in which order?
    Routing,
    /// How a provider is spoken to: of the operator only.
    Provider,
    /// What an inbound message leads to.
    Receiving,
}

/// What a failure of a plugin leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PluginOnFailure)]
pub enum OnFailureName {
    /// The message is refused.
    Refuse,
    /// As if the plugin were not there.
    Skip,
    /// Routing only: the providers are ordered by weight.
    Default,
}

/// How a plugin takes its place.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginBinding)]
pub struct BindingObject {
    /// Plugins of the same stage are asked in this order; 0 to 1000, 500 at first.
    #[schema(maximum = 1000)]
    pub order: u16,
    /// What a failure leads to.
    pub on_failure: OnFailureName,
    /// Calls that one instance serves, 1 to 1000000; 1, as at first, is a fresh instance for each call.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub reuse_calls: u32,
}

/// A plugin.
#[derive(Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginObject {
    /// Its name.
    name: String,
    /// What it decides.
    role: RoleName,
    /// How it takes its place.
    binding: BindingObject,
    /// The revision that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<String>,
    /// The revision that is asked beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<String>,
    /// What was active before, newest first.
    previous: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// The id of the key that changed it last.
    changed_by: String,
    /// Its revisions, newest first; only where one plugin is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revisions: Vec<RevisionObject>,
}

/// A revision: a component with its settings.
#[derive(Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionObject {
    /// The plugin that it is one of.
    plugin: String,
    /// Its name: a hash of component and settings.
    revision: String,
    /// Where it is: `waiting`, `checking`, `ready`, `failed`.
    state: &'static str,
    /// What is being done with it, while it is checked by the host that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// SHA-256 of the component.
    component: String,
    /// Its size in bytes.
    component_bytes: u64,
    /// Its settings.
    settings: Value,
    /// What its author says of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The id of the key that uploaded it.
    created_by: String,
    /// How long its check took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u32>,
    /// The version of the plugin API that it was built for.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    /// Whether its configured instance is part of the compiled code.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshotted: Option<bool>,
    /// The JSON Schema of its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<Value>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<CheckProblem>,
}

/// Why a revision cannot be used.
#[derive(Serialize, ToSchema)]
#[schema(as = RevisionProblem)]
pub struct CheckProblem {
    /// Stable: `plugin_import_refused`.
    code: String,
    /// What is wrong and what to do.
    reason: String,
    /// How it failed, where it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    /// What it wrote to its log meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
}

impl PluginObject {
    /// Without revisions.
    pub fn new(name: &str, record: &PluginRecord) -> Self {
        Self {
            name: name.to_owned(),
            role: record.role.into(),
            binding: record.binding.into(),
            active: record.active.clone(),
            shadow: record.shadow.clone(),
            previous: record.previous.clone(),
            created_at: Timestamp(record.created_ms),
            changed_at: Timestamp(record.changed_ms),
            changed_by: record.changed_by.to_string(),
            revisions: Vec::new(),
        }
    }

    /// With these.
    pub fn with(self, revisions: Vec<RevisionObject>) -> Self {
        Self { revisions, ..self }
    }
}

impl RevisionObject {
    /// `progress` is known to the host that checks it.
    pub fn new(plugin: &str, revision: &str, record: &RevisionRecord, progress: Option<Progress>) -> Self {
        let mut object = Self {
            plugin: plugin.to_owned(),
            revision: revision.to_owned(),
            state: "waiting",
            step: progress.map(|progress| progress.step),
            component: record.component.clone(),
            component_bytes: record.component_bytes,
            settings: record.settings.clone(),
            note: record.source.note.clone(),
            created_at: Timestamp(record.created_ms),
            created_by: record.source.key.to_string(),
            took_ms: None,
            api: None,
            snapshotted: None,
            schema: None,
            problem: None,
        };
        match &record.state {
            RevisionState::Waiting => {}
            RevisionState::Checking { .. } => object.state = "checking",
            RevisionState::Ready { took_ms, api, schema, snapshotted } => {
                object.state = "ready";
                object.took_ms = Some(*took_ms);
                object.api = Some(api.clone());
                object.snapshotted = Some(*snapshotted);
                object.schema = serde_json::from_str(schema).ok();
            }
            RevisionState::Failed(failure) => {
                object.state = "failed";
                object.problem = Some(failure.into());
            }
        }
        object
    }
}

impl From<&CheckFailure> for CheckProblem {
    fn from(failure: &CheckFailure) -> Self {
        Self {
            code: failure.code.clone(),
            reason: failure.reason.clone(),
            class: failure.class.map(|class| class.as_str()),
            log: failure.log.clone(),
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Screening => Self::Screening,
            Role::SenderIdentity => Self::SenderIdentity,
            Role::Routing => Self::Routing,
            Role::Provider => Self::Provider,
            Role::Receiving => Self::Receiving,
        }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Screening => Self::Screening,
            RoleName::SenderIdentity => Self::SenderIdentity,
            RoleName::Routing => Self::Routing,
            RoleName::Provider => Self::Provider,
            RoleName::Receiving => Self::Receiving,
        }
    }
}

impl From<Binding> for BindingObject {
    fn from(binding: Binding) -> Self {
        let on_failure = match binding.on_failure {
            OnFailure::Refuse => OnFailureName::Refuse,
            OnFailure::Skip => OnFailureName::Skip,
            OnFailure::Default => OnFailureName::Default,
        };
        Self { order: binding.order, on_failure, reuse_calls: binding.reuse_calls }
    }
}

impl From<BindingObject> for Binding {
    fn from(object: BindingObject) -> Self {
        let on_failure = match object.on_failure {
            OnFailureName::Refuse => OnFailure::Refuse,
            OnFailureName::Skip => OnFailure::Skip,
            OnFailureName::Default => OnFailure::Default,
        };
        Self { order: object.order, on_failure, reuse_calls: object.reuse_calls }
    }
}
