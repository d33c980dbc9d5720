//! The folder of a plugin: `plugin.toml`, `settings.json`, `fixtures/`, and what the build leaves.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::Value;
use waypost_core::config::is_name;
use waypost_core::decision::Role;
use waypost_engine::fixture::{FIXTURE_BYTES_MAX, FIXTURES_MAX, Fixture};
use waypost_engine::{Limits, Revision};

use super::super::error::{CliError, Result};
use super::super::message_args::read_input;

/// The file that makes a folder one of a plugin.
pub(super) const MANIFEST: &str = "plugin.toml";
/// Largest manifest, in bytes.
const MANIFEST_BYTES_MAX: usize = 64 * 1024;
/// Largest settings, in bytes: what the server takes.
const SETTINGS_BYTES_MAX: usize = 64 * 1024;
/// Largest component that is read, in bytes: that of Python.
const COMPONENT_BYTES_MAX: usize = 24 * 1024 * 1024;

/// Which folder a command is about
#[derive(Debug, Args)]
pub(super) struct At {
    /// Folder of the plugin
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
}

/// A part that a plugin of a tenant can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PluginRole {
    /// May a message go?
    Screening,
    /// Under which sender?
    SenderIdentity,
    /// By which providers?
    Routing,
    /// What does an inbound message cause?
    Receiving,
}

/// A language that there is a template for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Lang {
    /// Small and fast: about 100 kB
    Rust,
    /// About 12 MB, with an engine in it
    Javascript,
    /// About 18 MB, with an interpreter in it
    Python,
}

/// What `plugin.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The plugin's name at the server.
    pub name: String,
    /// The part that it plays.
    pub role: PluginRole,
    /// What it is written in: says which limits a local test has.
    pub lang: Lang,
    /// The command that builds it, run in the folder.
    pub build: Vec<String>,
    /// Where that leaves the component, from the folder.
    pub component: PathBuf,
}

/// The folder of a plugin.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// A fixture, and the file that it stands in.
#[derive(Debug, Clone)]
pub(super) struct FixtureFile {
    /// The name of the file, without its ending.
    pub stem: String,
    /// What it asks and expects.
    pub fixture: Fixture,
}

impl At {
    #[cfg(test)]
    pub fn of(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Reads the folder's manifest.
    pub fn open(&self) -> Result<Folder> {
        Folder::open(&self.dir)
    }
}

impl Folder {
    /// Reads the folder's manifest.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(MANIFEST);
        if !path.is_file() {
            let detail = format!("{} is not the folder of a plugin: it has no {MANIFEST}", dir.display());
            return Err(CliError::usage("plugin_folder_missing", detail)
                .hint("name the folder by --dir, or make one by `waypost plugin new`"));
        }
        let text = read_input(&path, MANIFEST_BYTES_MAX)?;
        let wrong = |reason: String| {
            CliError::usage("plugin_manifest_invalid", format!("{}: {}", path.display(), reason.trim_end()))
        };
        let manifest: Manifest = toml::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        check_name(&manifest.name).map_err(|error| wrong(error.detail))?;
        if manifest.build.is_empty() {
            return Err(wrong("`build` names no command".to_owned()));
        }
        Ok(Self { dir: dir.to_owned(), manifest })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the build leaves the component.
    pub fn component_path(&self) -> PathBuf {
        self.dir.join(&self.manifest.component)
    }

    /// The component, as it was built last.
    pub fn component(&self) -> Result<Vec<u8>> {
        let path = self.component_path();
        if !path.is_file() {
            let detail = format!("there is no component at {}", path.display());
            return Err(CliError::failed("component_missing", detail).hint("`waypost plugin build` makes it"));
        }
        read_input(&path, COMPONENT_BYTES_MAX)
    }

    /// The settings; empty where there is no `settings.json`.
    pub fn settings(&self) -> Result<Value> {
        let path = self.dir.join("settings.json");
        if !path.exists() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        let text = read_input(&path, SETTINGS_BYTES_MAX)?;
        serde_json::from_slice(&text)
            .map_err(|error| CliError::usage("settings_malformed", format!("{}: {error}", path.display())))
    }

    /// The revision that the component makes with the settings, as the server names it.
    pub fn revision(&self) -> Result<String> {
        let revision = Revision::of(&self.component()?, &self.settings()?);
        Ok(revision.short().to_string())
    }

    /// Every `fixtures/*.json`, in the order of their names.
    pub fn fixtures(&self) -> Result<Vec<FixtureFile>> {
        let dir = self.dir.join("fixtures");
        let Ok(entries) = std::fs::read_dir(&dir) else { return Ok(Vec::new()) };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension() == Some(OsStr::new("json"))).collect();
        paths.sort();
        if paths.len() > FIXTURES_MAX {
            let detail = format!("{} has more than {FIXTURES_MAX} fixtures", dir.display());
            return Err(CliError::usage("too_many_fixtures", detail));
        }
        paths.iter().map(|path| fixture(path)).collect()
    }
}

impl PluginRole {
    /// As the rest of Waypost knows it.
    pub fn role(self) -> Role {
        match self {
            Self::Screening => Role::Screening,
            Self::SenderIdentity => Role::SenderIdentity,
            Self::Routing => Role::Routing,
            Self::Receiving => Role::Receiving,
        }
    }
}

impl Lang {
    /// What a component of this language may use, by default.
    pub fn limits(self) -> Limits {
        match self {
            Self::Rust => Limits::default(),
            Self::Javascript => Limits::javascript(),
            Self::Python => Limits::python(),
        }
    }
}

/// Whether the server takes this as the name of a plugin.
pub(super) fn check_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    let shown: String = name.chars().take(40).collect();
    let detail = format!("`{shown}` is no name of a plugin: a letter, then up to 31 of a-z, 0-9 and -");
    Err(CliError::usage("plugin_name_invalid", detail))
}

fn fixture(path: &Path) -> Result<FixtureFile> {
    let text = read_input(path, FIXTURE_BYTES_MAX)?;
    let fixture = Fixture::parse(&text).map_err(|error| {
        CliError::usage(error.code(), format!("{}: {error}", path.display()))
            .hint("docs/writing-plugins.md describes fixtures")
    })?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FixtureFile { stem, fixture })
}
