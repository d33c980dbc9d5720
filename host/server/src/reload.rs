//! From a configuration to a gateway, at the start and while it runs: from this host's own file, or
//! from what the hosts share in Redis.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};
use tracing::{error, info, warn};
use waypost_core::config::Config;
use waypost_core::redis::fleet::{Fleet, VersionRecord};
use waypost_engine::Engine;

use crate::gateway::{Gateway, Parts};
use crate::notices::Notice;
use crate::pipeline::{self, BuildError, Loader};
use crate::running::Running;
use crate::secrets::Secret;
use crate::serve;

/// Component files by the names of their components, where they come with the configuration.
pub type Files = BTreeMap<String, Arc<Vec<u8>>>;

/// A configuration with everything that it needs.
pub struct Source {
    /// Whole: of this host and shared.
    pub config: Config,
    /// Version of the shared configuration; 0: this host's own file.
    pub version: u64,
    /// What comes with it.
    pub files: Files,
}

/// Loads what a configuration names.
pub struct Builder {
    /// Runs components.
    pub engine: Engine,
    /// Where relative paths begin.
    pub base: PathBuf,
    /// Where the server listens.
    pub address: SocketAddr,
    /// Signs the webhooks of the simulator inside the process.
    pub simulator_secret: Secret,
}

impl Builder {
    /// Loads all components. Providers that are the same as before stay the same objects.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn build(&self, source: &Source, before: Option<&Gateway>) -> Result<Parts, Vec<BuildError>> {
        let config = &source.config;
        let public_url = config.server.public_url(self.address);
        let mut loader = Loader::new(config, &self.engine, &self.base).with_files(&source.files);
        let mut providers = loader.providers(&public_url, &self.simulator_secret)?;
        for (name, provider) in before.into_iter().flat_map(|before| &before.providers) {
            let Some(new) = providers.get_mut(name) else { continue };
            let written = |config: &Config| config.providers.get(&**name).cloned();
            let same_text = before.is_some_and(|before| written(&before.config) == written(config));
            if same_text && new.is_same(provider) {
                *new = provider.clone();
            } else {
                new.follow(provider);
            }
        }
        let tenants = loader.tenants(&providers)?;
        let files = Arc::new(source.files.clone());
        Ok(Parts { config_version: source.version, files, tenants, providers })
    }
}

/// A version of the configuration, as the file has it, with the registered tenants, and loaded.
type Loaded = (u64, Arc<Config>, Arc<Config>, Parts);

/// Replaces the running configuration.
pub struct Reloader {
    builder: Arc<Builder>,
    /// This host's own file, as it was at the start.
    local: Config,
    path: Option<PathBuf>,
    fleet: Option<Fleet>,
    running: Arc<Running>,
    busy: AtomicBool,
    /// The last version that was tried, well or not.
    tried: AtomicU64,
}

impl Reloader {
    /// For a gateway that runs.
    pub fn new(
        builder: Arc<Builder>,
        local: Config,
        path: Option<PathBuf>,
        running: Arc<Running>,
    ) -> Arc<Self> {
        let gateway = running.now();
        let (fleet, version) = (gateway.fleet.clone(), gateway.config_version);
        gateway.metrics.config_version(version);
        Arc::new(Self {
            builder,
            local,
            path,
            fleet,
            running,
            busy: AtomicBool::new(false),
            tried: AtomicU64::new(version),
        })
    }

    /// Goes over to a version of the shared configuration, beside whatever runs, where this host takes
    /// part in it and has not tried that version yet.
    pub fn follow(self: &Arc<Self>, version: u64) {
        let is_shared = self.local.store.redis().is_some_and(|redis| redis.shared_config);
        if !is_shared || version == 0 || self.tried.load(Ordering::Acquire) == version {
            return;
        }
        self.begin();
    }

    /// Reads this host's own file again, or tries the shared version once more.
    pub fn again(self: &Arc<Self>) {
        self.begin();
    }

    /// One at a time; whatever comes meanwhile is seen by the next look.
    fn begin(self: &Arc<Self>) {
        if self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            this.apply().await;
            this.busy.store(false, Ordering::Release);
        });
    }

    async fn apply(&self) {
        let _changing = self.running.changing().await;
        let before = self.running.now();
        match self.load(&before).await {
            Ok((version, file, config, parts)) => {
                let (tenants, providers) = (parts.tenants.len(), parts.providers.len());
                self.running.replace(before.under(file, config, parts));
                before.notices.take_back(Notice::Configuration);
                before.metrics.config_version(version);
                info!(version, tenants, providers, "another configuration runs");
            }
            Err(why) => {
                let text = format!("{why:#}");
                error!(why = %text, running = before.config_version, "the new configuration cannot run here; the old one goes on");
                // The reason may name tenants and is for the log: anyone may read notices.
                let text =
                    "the newest configuration cannot run here, the log says why; the one before goes on";
                before.notices.put(Notice::Configuration, text.to_owned());
            }
        }
    }

    async fn load(&self, before: &Arc<Gateway>) -> anyhow::Result<Loaded> {
        let source = match (&self.fleet, &self.path) {
            (Some(fleet), _) if self.local.store.redis().is_some_and(|redis| redis.shared_config) => {
                let source = shared(fleet, &self.local, None).await;
                // Where Redis is away it is tried again with the next look.
                if let Ok(source) = &source {
                    self.tried.store(source.version, Ordering::Release);
                } else if let Ok(versions) = fleet.versions().await {
                    self.tried.store(versions.current, Ordering::Release);
                }
                source?
            }
            (_, Some(path)) => self.reread(path)?,
            (_, None) => bail!("there is no file to read again"),
        };
        let (builder, known) = (self.builder.clone(), before.clone());
        let (source, parts) = tokio::task::spawn_blocking(move || {
            let parts = builder.build(&source, Some(&known));
            (source, parts)
        })
        .await?;
        let mut parts = parts.map_err(all)?;
        if pipeline::wants_simulator(&source.config) {
            let transport = self.running.now().transport.clone();
            transport.start_simulator(&self.builder.simulator_secret, &self.running)?;
        }
        let file = Arc::new(source.config);
        let completed = before.plugins.completed(&file, &mut parts).await?;
        Ok((source.version, file, completed, parts))
    }

    fn reread(&self, path: &std::path::Path) -> anyhow::Result<Source> {
        let file = serve::read_config(path)?;
        if file.store != self.local.store
            || file.server != self.local.server
            || file.engine != self.local.engine
        {
            warn!("`server`, `store` and `engine` only change with a restart");
        }
        Ok(Source { config: self.local.with_shared(file), version: 0, files: Files::new() })
    }
}

/// A version of the shared configuration, the current one where none is named, with its files, each
/// proven by its hash.
///
/// # Errors
/// Where there is none, Redis does not answer, or what is there is not what was pushed.
pub async fn shared(fleet: &Fleet, local: &Config, version: Option<u64>) -> anyhow::Result<Source> {
    let record = record(fleet, version).await?;
    let text = proven(fleet, &record.text).await?;
    let text = String::from_utf8(text).context("the shared configuration is not UTF-8")?;
    let config =
        serve::parse_config(&text, &format!("version {} of the shared configuration", record.version))?;
    let mut files = Files::new();
    for (name, hash) in &record.files {
        files.insert(name.clone(), Arc::new(proven(fleet, hash).await?));
    }
    Ok(Source { config: local.with_shared(config), version: record.version, files })
}

/// The record of a version, the current one where none is named.
///
/// # Errors
/// Where there is none, or Redis does not answer.
pub async fn record(fleet: &Fleet, version: Option<u64>) -> anyhow::Result<VersionRecord> {
    let versions = fleet.versions().await?;
    if versions.current == 0 {
        bail!("no configuration was shared yet: `waypost config push waypost.toml` does (config_not_shared)");
    }
    let wanted = version.unwrap_or(versions.current);
    versions
        .get(wanted)
        .cloned()
        .ok_or_else(|| anyhow!("there is no version {wanted} of the configuration (config_version_unknown)"))
}

/// The file of a hash, where it is what was pushed.
///
/// # Errors
/// Where it is not there, is another, or Redis does not answer.
pub async fn proven(fleet: &Fleet, hash: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = fleet.file(hash).await?;
    let bytes =
        bytes.ok_or_else(|| anyhow!("redis has lost the file {hash}: push again (config_file_lost)"))?;
    if hash_of(&bytes) != hash {
        bail!("somebody has changed the file {hash} in redis: push again (config_file_changed)");
    }
    Ok(bytes)
}

/// SHA-256 in hexadecimal.
pub fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One error with a line for each.
pub fn all(errors: Vec<BuildError>) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow!("{}", lines.join("\n"))
}
