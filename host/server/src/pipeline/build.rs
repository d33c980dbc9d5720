//! From the configuration to loaded components.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use waypost_core::config::{self, Binding, Config};
use waypost_core::decision::{Name, Role};
use waypost_core::provider::ProviderTerms;
use waypost_core::registry::Plan;
use waypost_core::tenant::TenantTerms;
use waypost_engine::{CallContext, Engine, Limits, LoadRequest, Loaded, Reuse};

use super::{Bound, Stages, Tenant};
use crate::clock;
use crate::plugins::Budget;
use crate::provider::{Component, Provider, Speaks};
use crate::secrets::{self, Secret, SecretError, SecretMap};
use crate::smpp;
use crate::transport::SIMULATOR_HOST;

/// Calls of one instance of a built-in component, which is ours and keeps nothing between calls.
const BUILT_IN_CALLS: u32 = 1_000_000;
/// The built-in provider that can run inside the process.
const SIMULATOR: &str = "simulator";
/// The secret by which the simulator signs its webhooks.
const SIMULATOR_SECRET: &str = "webhook";

/// Why the configuration cannot be run, though it is well-formed.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct BuildError {
    /// Where in the configuration.
    pub place: String,
    /// What is wrong, with its code.
    pub what: String,
}

impl BuildError {
    fn new(place: &str, what: impl ToString) -> Self {
        Self { place: place.to_owned(), what: what.to_string() }
    }
}

/// Loads the components that a configuration names.
pub struct Loader<'a> {
    config: &'a Config,
    engine: &'a Engine,
    base: PathBuf,
    files: BTreeMap<&'a str, Arc<Vec<u8>>>,
    secrets_at_hand: bool,
}

impl<'a> Loader<'a> {
    /// Relative paths of the configuration are found from `base`, the folder of its file.
    pub fn new(config: &'a Config, engine: &'a Engine, base: &Path) -> Self {
        Self { config, engine, base: base.to_owned(), files: BTreeMap::new(), secrets_at_hand: true }
    }

    /// With component files that come with the configuration instead of from disk.
    #[must_use]
    pub fn with_files(mut self, files: &'a BTreeMap<String, Arc<Vec<u8>>>) -> Self {
        self.files.extend(files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())));
        self
    }

    /// For a machine that need not have the secrets: only that they are named is checked.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.secrets_at_hand = false;
        self
    }

    /// Every enabled provider, with all that is wrong with any of them.
    pub fn providers(
        &mut self,
        public_url: &str,
        simulator_secret: &Secret,
    ) -> Result<BTreeMap<Name, Arc<Provider>>, Vec<BuildError>> {
        let mut providers = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, config) in self.config.providers.iter().filter(|(_, config)| config.enabled) {
            match self.provider(name, config, public_url, simulator_secret) {
                Ok(provider) => {
                    providers.insert(provider.name().clone(), Arc::new(provider));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(providers) } else { Err(errors) }
    }

    fn provider(
        &mut self,
        name: &str,
        config: &'a config::Provider,
        public_url: &str,
        simulator_secret: &Secret,
    ) -> Result<Provider, BuildError> {
        let place = format!("providers.{name}");
        let (component, settings) = match &config.speaks {
            config::Speaks::Component { name, settings } => (name.as_str(), settings),
            config::Speaks::Smpp(smpp) => {
                let setup = smpp::Setup { base: &self.base, files_at_hand: self.secrets_at_hand };
                let sessions = setup
                    .sessions(name, smpp)
                    .map_err(|error| BuildError::new(&format!("{place}.smpp.{}", error.key()), error))?;
                let terms = ProviderTerms::new(Name::from(name), config, true, public_url);
                return Ok(Provider::new(terms, Speaks::Smpp(Box::new(sessions))));
            }
        };
        let mut secrets = self.read_secrets(&config.secrets, &place)?;
        if component == SIMULATOR && !secrets.has(SIMULATOR_SECRET) {
            secrets.insert(SIMULATOR_SECRET, simulator_secret.clone());
        }
        let secrets = Arc::new(secrets);
        let adapter =
            self.load(&place, component, Role::Provider, settings, None, secrets.clone(), Loaded::provider)?;
        let description = adapter
            .describe(&CallContext { time_ms: clock::now_ms(), seed: 0 })
            .answer
            .map_err(|fault| BuildError::new(&place, format!("`describe` failed: {fault}")))?;
        if let Some(missing) = description.secrets.iter().find(|secret| !secrets.has(secret)) {
            let what = format!(
                "the component needs the secret {missing}: add {missing} = {{ env = \"…\" }} to its `secrets` (secret_missing)"
            );
            return Err(BuildError::new(&place, what));
        }
        let terms = ProviderTerms::new(Name::from(name), config, description.binary, public_url);
        let component = Component { adapter, description, secrets };
        Ok(Provider::new(terms, Speaks::Component(Box::new(component))))
    }

    /// Every tenant, with all that is wrong with any of them.
    pub fn tenants(
        &mut self,
        providers: &BTreeMap<Name, Arc<Provider>>,
    ) -> Result<BTreeMap<Name, Arc<Tenant>>, Vec<BuildError>> {
        let mut tenants = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, config) in &self.config.tenants {
            match self.tenant(name, config, providers) {
                Ok(tenant) => {
                    tenants.insert(tenant.terms.name.clone(), Arc::new(tenant));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(tenants) } else { Err(errors) }
    }

    /// One tenant, of the configuration or registered, without plugins.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn tenant(
        &mut self,
        name: &str,
        config: &'a config::Tenant,
        providers: &BTreeMap<Name, Arc<Provider>>,
    ) -> Result<Tenant, BuildError> {
        let place = format!("tenants.{name}");
        let mut screening = Vec::with_capacity(config.screening.len());
        for (index, binding) in config.screening.iter().enumerate() {
            let place = format!("{place}.screening[{index}]");
            screening.push(self.bind(&place, binding, Role::Screening, Loaded::screening)?);
        }
        let sender = config.sender.as_ref().map(|binding| {
            self.bind(&format!("{place}.sender"), binding, Role::SenderIdentity, Loaded::sender_identity)
        });
        let sender = sender.transpose()?;
        let routing = config
            .routing
            .as_ref()
            .map(|binding| self.bind(&format!("{place}.routing"), binding, Role::Routing, Loaded::routing));
        let routing = routing.transpose()?;
        let mut receiving = Vec::with_capacity(config.receiving.len());
        for (index, binding) in config.receiving.iter().enumerate() {
            let place = format!("{place}.receiving[{index}]");
            receiving.push(self.bind(&place, binding, Role::Receiving, Loaded::receiving)?);
        }
        let callback_secret = config
            .callback_secret
            .as_ref()
            .filter(|_| self.secrets_at_hand)
            .map(|reference| secrets::read(reference, &self.base).map_err(|e| secret_error(&place, &e)));
        let configured = Stages { screening, sender, routing, receiving, ..Stages::default() };
        Ok(Tenant {
            terms: TenantTerms::new(Name::from(name), config, self.config.server.default_region),
            plan: Plan::default(),
            budget: Budget::default(),
            callback_secret: callback_secret.transpose()?,
            registered: 0,
            stages: configured.clone(),
            configured,
            fittings: Vec::new(),
            providers: self
                .config
                .providers_of(name)
                .filter_map(|(provider, _)| providers.get(provider).cloned())
                .collect(),
        })
    }

    fn bind<T>(
        &mut self,
        place: &str,
        binding: &'a Binding,
        role: Role,
        handle: impl Fn(Loaded) -> Option<T>,
    ) -> Result<Bound<T>, BuildError> {
        let secrets = Arc::new(SecretMap::default());
        let calls = binding.reuse_calls;
        let component =
            self.load(place, &binding.component, role, &binding.settings, calls, secrets, handle)?;
        Ok(Bound::configured(component, binding.on_failure))
    }

    /// Finds a component, built-in or from a file, and loads it with its limits.
    #[allow(clippy::too_many_arguments, reason = "each is a different thing that a component needs")]
    fn load<T>(
        &mut self,
        place: &str,
        name: &'a str,
        role: Role,
        settings: &'a serde_json::Value,
        reuse_calls: Option<u32>,
        secrets: Arc<SecretMap>,
        handle: impl Fn(Loaded) -> Option<T>,
    ) -> Result<T, BuildError> {
        let file;
        let (component, limits, usual_calls) = match waypost_builtins::find(name) {
            Some(built_in) => (built_in.component, Limits::default(), BUILT_IN_CALLS),
            None => {
                let config = self.config.components.get(name).ok_or_else(|| {
                    BuildError::new(
                        place,
                        format!("no component is called {name} (config_unknown_reference)"),
                    )
                })?;
                let limits = Limits {
                    component_bytes_max: mebibytes(config.size_mib_max),
                    memory_bytes_max: mebibytes(config.memory_mib_max),
                    ..Limits::default()
                };
                file = self.read(place, name, &config.path, limits.component_bytes_max)?;
                (file.as_slice(), limits, 1)
            }
        };
        let reuse = match reuse_calls.unwrap_or(usual_calls) {
            0 | 1 => Reuse::Fresh,
            max => Reuse::Calls { max },
        };
        let request =
            LoadRequest { name: Name::from(name), role, component, settings, limits, reuse, secrets };
        let loaded = self
            .engine
            .load(request)
            .map_err(|error| BuildError::new(place, format!("{error} ({})", error.code())))?;
        handle(loaded).ok_or_else(|| BuildError::new(place, format!("{name} does not play {role}")))
    }

    fn read_secrets(
        &self,
        references: &BTreeMap<String, config::SecretRef>,
        place: &str,
    ) -> Result<SecretMap, BuildError> {
        if self.secrets_at_hand {
            return secrets::read_all(references, &self.base).map_err(|error| secret_error(place, &error));
        }
        let mut named = SecretMap::default();
        for name in references.keys() {
            named.insert(name, Secret::from("named"));
        }
        Ok(named)
    }

    fn read(
        &mut self,
        place: &str,
        name: &'a str,
        path: &str,
        bytes_max: usize,
    ) -> Result<Arc<Vec<u8>>, BuildError> {
        if let Some(bytes) = self.files.get(name) {
            return Ok(bytes.clone());
        }
        let full = self.base.join(path);
        let error = |e: std::io::Error| {
            BuildError::new(
                place,
                format!("the component file {} cannot be read: {e} (component_unreadable)", full.display()),
            )
        };
        let length = std::fs::metadata(&full).map_err(error)?.len();
        if length > bytes_max as u64 {
            let what = format!(
                "the component has {length} bytes, {bytes_max} is the limit: raise its size_mib_max (component_too_large)"
            );
            return Err(BuildError::new(place, what));
        }
        let bytes = Arc::new(std::fs::read(&full).map_err(error)?);
        self.files.insert(name, bytes.clone());
        Ok(bytes)
    }
}

/// True where some provider uses the simulator inside the process.
pub fn wants_simulator(config: &Config) -> bool {
    config.providers.values().any(|provider| {
        let Some((component, settings)) = provider.component() else { return false };
        let endpoint = settings.get("endpoint").and_then(serde_json::Value::as_str);
        provider.enabled
            && component == SIMULATOR
            && endpoint.is_none_or(|endpoint| endpoint.contains(SIMULATOR_HOST))
    })
}

fn secret_error(place: &str, error: &SecretError) -> BuildError {
    BuildError::new(&format!("{place}.secrets"), error)
}

fn mebibytes(mebibytes: u32) -> usize {
    mebibytes as usize * 1024 * 1024
}
