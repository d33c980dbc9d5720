//! A case: a folder with `case.toml` and the steps in files `*.http`, in the order of their names.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::configuration::Configuration;
use crate::script::{self, Step};
use crate::targets;

/// A case as it was read.
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// The tenant of steps that do not name one.
    pub tenant: String,
    /// What its gateway is configured with.
    pub configuration: Configuration,
    /// True: no other case may share its gateway.
    pub alone: bool,
    /// The targets that cannot run it.
    pub except: Vec<String>,
    /// In order.
    pub steps: Vec<Step>,
}

/// The folder of this suite.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance").canonicalize().unwrap()
}

/// All cases, by name. Those that cannot be read end the run.
pub fn all() -> Vec<Case> {
    let entries = std::fs::read_dir(folder().join("cases")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort_unstable();
    folders.iter().map(|folder| Case::read(folder).unwrap_or_else(|error| panic!("{error}"))).collect()
}

impl Case {
    fn read(folder: &Path) -> Result<Self, String> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = folder.join("case.toml");
        let wrong = |what: String| format!("cases/{name}/case.toml: {what}");
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let table = DeTable::parse(&text).map_err(|error| wrong(error.to_string()))?.into_inner();
        let mut case = Self {
            name: name.clone(),
            tenant: "shop".to_owned(),
            configuration: Configuration::read(&super::case::folder(), None),
            alone: false,
            except: Vec::new(),
            steps: Vec::new(),
        };
        let mut shows = String::new();
        for (key, value) in &table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("shows", DeValue::String(text)) => shows = text.to_string(),
                ("tenant", DeValue::String(tenant)) => case.tenant = tenant.to_string(),
                ("configuration", DeValue::String(name)) => {
                    case.configuration = Configuration::read(&super::case::folder(), Some(name));
                }
                ("alone", DeValue::Boolean(alone)) => case.alone = *alone,
                ("except", DeValue::Array(targets)) => case.except = names(targets).map_err(wrong)?,
                (key, _) => return Err(wrong(format!("`{key}` is not known, or has the wrong type"))),
            }
        }
        if !shows.ends_with('.') {
            return Err(wrong("`shows` has to be a sentence that says what the case shows".to_owned()));
        }
        case.steps = steps(folder, &name)?;
        Ok(case)
    }
}

fn names(values: &[toml::Spanned<DeValue<'_>>]) -> Result<Vec<String>, String> {
    let name = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(name) if targets::NAMES.contains(&name.as_ref()) => Ok(name.to_string()),
        _ => Err(format!("`except` lists targets: {}", targets::NAMES.join(", "))),
    };
    values.iter().map(name).collect()
}

fn steps(folder: &Path, name: &str) -> Result<Vec<Step>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("cases/{name}: {error}"))?;
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name != "case.toml"));
    paths.sort_unstable();
    let mut steps = Vec::new();
    for path in paths {
        let file = format!("cases/{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.extension().is_none_or(|extension| extension != "http") {
            return Err(format!("{file}: only `case.toml` and files `*.http` belong here"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        steps.extend(script::parse(&file, &text)?);
    }
    if steps.is_empty() {
        return Err(format!("cases/{name}: there is no step"));
    }
    Ok(steps)
}
