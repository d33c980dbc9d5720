//! `waypost check`: whether the components of a configuration load with their settings.

use std::path::Path;

use waypost_core::config::Config;
use waypost_engine::{Engine, EngineOptions};

use crate::pipeline::Loader;
use crate::secrets::Secret;

/// Loads every component as a start would, with nothing written to disk.
///
/// # Errors
/// A line for everything that would stop the start.
pub fn components(config: &Config, base: &Path) -> Result<(), Vec<String>> {
    load(config, base, true)
}

/// As [`components`], on a machine that need not have the secrets.
///
/// # Errors
/// As [`components`].
pub fn components_to_share(config: &Config, base: &Path) -> Result<(), Vec<String>> {
    load(config, base, false)
}

fn load(config: &Config, base: &Path, secrets_at_hand: bool) -> Result<(), Vec<String>> {
    let options = EngineOptions { cache_dir: None, ..EngineOptions::default() };
    let engine = Engine::new(&options).map_err(|error| vec![error.to_string()])?;
    let mut loader = Loader::new(config, &engine, base);
    if !secrets_at_hand {
        loader = loader.without_secrets();
    }
    let lines = |errors: Vec<crate::pipeline::BuildError>| errors.iter().map(ToString::to_string).collect();
    let providers = loader.providers("http://check.invalid", &Secret::from("check"));
    let tenants = loader.tenants(providers.as_ref().unwrap_or(&std::collections::BTreeMap::new()));
    let mut errors: Vec<String> = providers.err().map(lines).unwrap_or_default();
    errors.extend(tenants.err().map(lines).unwrap_or_default());
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
