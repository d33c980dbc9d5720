//! `package.json`: what a package is, for whoever looks at it later, and for the next package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::application::{Application, Component, FileId, Naming};
use super::bake::Ingredient;
use super::hash::sha256;

/// What tells a package from any other folder.
const FORMAT: &str = "waypost-edge-package";
/// The version of the form.
const VERSION: u32 = 1;

/// The record of a package. Has no values of secrets, and no time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: String,
    version: u32,
    /// The Waypost that made it.
    pub waypost: String,
    /// Files below the folder, by path.
    pub files: BTreeMap<String, FileRecord>,
    /// Components of the manifest, by id.
    pub components: BTreeMap<String, ComponentRecord>,
    /// Variables of the application, by name.
    pub variables: BTreeMap<String, VariableRecord>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// In hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: usize,
}

/// A component of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// SHA-256 of the part that it runs.
    pub source_sha256: String,
    /// Paths from outside; none: private.
    pub routes: Vec<String>,
    /// `allowed_outbound_hosts`.
    pub hosts: Vec<String>,
    /// SHA-256 of what it is told in its environment.
    pub told_sha256: String,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// What satisfies its imports.
    pub dependencies: BTreeMap<String, DependencyRecord>,
}

/// What satisfies an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyRecord {
    /// Of the composed component.
    pub sha256: String,
    /// The plugins in it, in the order in which they are asked.
    pub made_of: Vec<IngredientRecord>,
}

/// A plugin with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngredientRecord {
    /// Its name in the configuration.
    pub component: String,
    /// Of the plugin.
    pub sha256: String,
    /// Of its settings.
    pub settings_sha256: String,
}

/// A variable of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableRecord {
    /// It has no default.
    pub required: bool,
    /// Not to be shown.
    pub secret: bool,
}

impl Record {
    /// The record of an application.
    #[must_use]
    pub fn of(application: &Application, naming: Naming) -> Self {
        let files = application.files.iter().map(|file| {
            (file.path(naming), FileRecord { sha256: file.sha256.clone(), bytes: file.bytes.len() })
        });
        let components = application.components.iter().map(|it| (it.id.clone(), component(application, it)));
        let variables = application.variables.iter().map(|(name, variable)| {
            let record = VariableRecord { required: variable.default.is_none(), secret: variable.secret };
            (name.clone(), record)
        });
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            waypost: env!("CARGO_PKG_VERSION").to_owned(),
            files: files.collect(),
            components: components.collect(),
            variables: variables.collect(),
        }
    }

    /// Reads a record. None: it is none, or one of another version.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(json).ok()?;
        (record.format == FORMAT && record.version == VERSION).then_some(record)
    }

    /// The text of `package.json`.
    #[must_use]
    pub fn text(&self) -> String {
        // Every key is a string, so this does not fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn component(application: &Application, component: &Component) -> ComponentRecord {
    let sha = |file: FileId| application.files.get(file).sha256.clone();
    let dependencies = component.dependencies.iter().map(|(import, dependency)| {
        let made_of = dependency.made_of.iter().map(ingredient).collect();
        (import.clone(), DependencyRecord { sha256: sha(dependency.file), made_of })
    });
    ComponentRecord {
        source_sha256: sha(component.source),
        routes: component.routes.clone(),
        hosts: component.hosts.clone(),
        told_sha256: sha256(component.environment.1.as_bytes()),
        variables: component.variables.clone(),
        dependencies: dependencies.collect(),
    }
}

fn ingredient(ingredient: &Ingredient) -> IngredientRecord {
    IngredientRecord {
        component: ingredient.component.clone(),
        sha256: ingredient.sha256.clone(),
        settings_sha256: ingredient.settings_sha256.clone(),
    }
}
