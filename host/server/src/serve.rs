//! `waypost serve`: from a configuration file to a running gateway, and back down in order.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tracing::{info, warn};
use waypost_core::config::Config;
use waypost_core::decision::Name;
use waypost_core::store::Scope;
use waypost_engine::{Engine, EngineOptions};
use waypost_store::Store;
use waypost_store::sqlite::{OpenMode, SqliteStore};

use crate::gateway::Gateway;
use crate::metrics::Metrics;
use crate::pipeline::{self, BuildError, Loader};
use crate::secrets::Secret;
use crate::transport::{SimulatorLink, Transport};
use crate::{api, api_key, callbacks, clock, dispatcher, listen, logging, sweeper, transport};

/// The database's file in the data folder.
pub const DATABASE: &str = "waypost.db";
/// Folder of compiled code in the data folder.
const CACHE: &str = "cache";

/// How to serve.
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// Make a key for trying, and print a ready `curl` line with it.
    pub trial_key: bool,
}

/// Serves until SIGINT or SIGTERM, then finishes what is in flight.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let config = read_config(&options.config)?;
    logging::start(&config.log);
    let base = base_of(&options.config);
    let store = open_store(&config, &base).await?;
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {} (server.listen)", config.server.listen))?;
    let address = listener.local_addr()?;
    let gateway = build(config, &base, store, address)?;
    let recovered = gateway.store.recover(clock::now_ms(), gateway.sweep_rules()).await?;
    if recovered > 0 {
        warn!(messages = recovered, "submits of the last run were cut off: these messages are in doubt");
    }
    let mut tasks = dispatcher::start(&gateway);
    tasks.spawn(sweeper::run(gateway.clone()));
    tasks.spawn(callbacks::run(gateway.clone(), transport::http_client()?));
    if options.trial_key {
        print_trial(&gateway, address).await?;
    }
    info!(%address, tenants = gateway.tenants.len(), providers = gateway.providers.len(), "waypost serves");
    tokio::spawn(stop_signal(gateway.clone()));
    let grace = Duration::from_secs(u64::from(gateway.config.server.shutdown_grace_seconds));
    if !listen::serve(listener, api::router(gateway.clone()), gateway.clone(), grace).await {
        warn!("some clients did not finish in time");
    }
    let finished = timeout(grace, async { while tasks.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        warn!("some submits did not finish in time: their messages will be in doubt after the next start");
    }
    info!("waypost has stopped");
    Ok(())
}

async fn stop_signal(gateway: Arc<Gateway>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    info!("stopping: what is in flight is finished first");
    gateway.drain();
}

/// Reads and checks the file.
pub fn read_config(path: &Path) -> anyhow::Result<Config> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the configuration {} (config_unreadable)", path.display()))?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{} is not UTF-8 (config_not_utf8)", path.display()))?;
    let names: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect();
    match Config::parse(&text, &path.display().to_string(), &names) {
        Ok(parsed) => Ok(parsed.config),
        Err(errors) => bail!("{errors}"),
    }
}

/// Relative paths of a configuration are found from the folder of its file.
pub fn base_of(config: &Path) -> PathBuf {
    match config.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The database of a configuration.
pub fn database_of(config: &Config, base: &Path) -> PathBuf {
    base.join(&config.server.data_dir).join(DATABASE)
}

async fn open_store(config: &Config, base: &Path) -> anyhow::Result<Arc<dyn Store>> {
    let path = database_of(config, base);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the data folder {} (server.data_dir)", folder.display()))?;
    }
    let store = tokio::task::spawn_blocking(move || SqliteStore::open(&path, OpenMode::Host)).await??;
    Ok(Arc::new(store))
}

fn build(
    config: Config,
    base: &Path,
    store: Arc<dyn Store>,
    address: SocketAddr,
) -> anyhow::Result<Arc<Gateway>> {
    let engine = engine(&config, base)?;
    let public_url = config.server.public_url(address);
    let simulator_secret = Secret::from(format!("{:032x}", u128::from(clock::random_u64())).as_str());
    let mut loader = Loader::new(&config, &engine, base);
    let providers = loader.providers(&public_url, &simulator_secret).map_err(all)?;
    let tenants = loader.tenants(&providers).map_err(all)?;
    let simulator =
        pipeline::wants_simulator(&config).then(|| SimulatorLink::start(&simulator_secret)).transpose()?;
    let transport = Transport::new(simulator)?;
    let gateway = Arc::new(Gateway::new(config, store, tenants, providers, transport, Metrics::default()));
    gateway.transport.connect(&gateway);
    Ok(gateway)
}

/// The engine as the configuration wants it.
pub fn engine(config: &Config, base: &Path) -> anyhow::Result<Engine> {
    let cache_dir = config.engine.cache.then(|| base.join(&config.server.data_dir).join(CACHE));
    let options = EngineOptions { cache_dir, instances_max: config.engine.instances_max };
    Ok(Engine::new(&options)?)
}

fn all(errors: Vec<BuildError>) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// A key that lives as long as the database, and the line to try it with.
#[allow(clippy::print_stdout, reason = "this is what the person at the terminal is waiting for")]
async fn print_trial(gateway: &Gateway, address: SocketAddr) -> anyhow::Result<()> {
    let Some(tenant) = gateway.tenants.keys().next() else { return Ok(()) };
    let scopes = vec![Scope::Send, Scope::Read, Scope::Inbox, Scope::Admin];
    let (key, text) = api_key::new_key(Name::clone(tenant), "trial".to_owned(), scopes, clock::now_ms());
    gateway.store.put_key(key).await?;
    println!();
    println!("Waypost serves on http://{address}. Try it:");
    println!();
    println!("  curl -s http://{address}/v1/messages -H 'Authorization: Bearer {text}' \\");
    println!(
        "    -H 'Content-Type: application/json' -d '{{\"to\": \"+447400123456\", \"text\": \"Hello from Waypost\"}}'"
    );
    println!();
    println!("and then, with the id of the answer:");
    println!();
    println!("  curl -s http://{address}/v1/messages/ID -H 'Authorization: Bearer {text}'");
    println!("  curl -s http://{address}/v1/messages/ID/trace -H 'Authorization: Bearer {text}'");
    println!();
    Ok(())
}
