//! The part of a Spin manifest, version 2, that Waypost generates.
//!
//! A key that is not here is an error, so that no test believes in a setting that had no effect.
//! <https://spinframework.dev/manifest-reference>

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::EdgeHostError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    spin_manifest_version: u32,
    #[serde(rename = "application")]
    _application: Application,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) trigger: Triggers,
    #[serde(rename = "component")]
    pub(crate) components: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
}

/// A variable of the application: with a default, or required from outside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(rename = "secret")]
    _secret: Option<bool>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Triggers {
    pub(crate) http: Vec<Trigger>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    pub(crate) route: Route,
    pub(crate) component: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a path, or `{ private = true }`")]
pub(crate) enum Route {
    Public(String),
    Private(Private),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Private {
    pub(crate) private: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub(crate) source: PathBuf,
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) dependencies: BTreeMap<String, Dependency>,
    #[serde(rename = "description")]
    _description: Option<String>,
    /// For `spin build`, which is not what happens here.
    #[serde(rename = "build")]
    _build: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dependency {
    pub(crate) path: PathBuf,
    /// What it has of the component that it belongs to. Only variables can be had here.
    #[serde(default)]
    pub(crate) inherit_configuration: Vec<Inherited>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Inherited {
    Variables,
}

/// Reads the manifest and checks what one part says of another.
pub(crate) fn read(path: &Path) -> Result<Manifest, EdgeHostError> {
    let text = fs::read_to_string(path).map_err(|source| EdgeHostError::Read {
        place: "manifest".to_owned(),
        path: path.to_owned(),
        source,
    })?;
    let manifest: Manifest = toml::from_str(&text)
        .map_err(|error| EdgeHostError::Manifest { path: path.to_owned(), reason: error.to_string() })?;
    if manifest.spin_manifest_version != 2 {
        return Err(EdgeHostError::value("spin_manifest_version", "this host knows version 2 only"));
    }
    for trigger in &manifest.trigger.http {
        if !manifest.components.contains_key(&trigger.component) {
            let reason = format!("there is no [component.{}]", trigger.component);
            return Err(EdgeHostError::value("trigger.http", reason));
        }
        if let Route::Private(Private { private: false }) = trigger.route {
            let reason = "`private = false` means nothing: name a path, or leave the trigger out";
            return Err(EdgeHostError::value(format!("trigger.http of {}", trigger.component), reason));
        }
    }
    Ok(manifest)
}
