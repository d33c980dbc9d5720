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
use waypost_engine::{Engine, EngineOptions};

use crate::api_key::KeyRole;
use crate::gateway::Gateway;
use crate::metrics::Metrics;
use crate::notices::Notice;
use crate::plugins::{self, Plugins};
use crate::reload::{self, Builder, Files, Reloader, Source};
use crate::running::Running;
use crate::secrets::Secret;
use crate::store::Opened;
use crate::transport::{self, Transport};
use crate::{
    api_key, callbacks, clock, dispatcher, fleet, key_uses, listen, logging, pipeline, store, sweeper,
};

/// Folder of compiled code in the data folder.
const CACHE: &str = "cache";

/// How to serve.
pub struct Options {
    /// The configuration of this host.
    pub config: Config,
    /// The file that it was read from, if it was.
    pub path: Option<PathBuf>,
    /// Make a key for trying, and print a ready `curl` line with it.
    pub trial_key: bool,
}

/// Serves until SIGINT or SIGTERM, then finishes what is in flight.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let local = options.config;
    logging::start(&local.log);
    let base = options.path.as_deref().map_or_else(|| PathBuf::from("."), base_of);
    let host = store::host_name(&local);
    let metrics = Arc::new(Metrics::default());
    let opened = store::open(&local, &base, &host, &metrics).await?;
    if let Some(fleet) = &opened.fleet {
        fleet::first_look(fleet).await.context("cannot read the time of redis")?;
    }
    let listener = TcpListener::bind(local.server.listen)
        .await
        .with_context(|| format!("cannot listen on {} (server.listen)", local.server.listen))?;
    let address = listener.local_addr()?;
    let builder = Arc::new(Builder {
        engine: engine(&local, &base)?,
        base,
        address,
        simulator_secret: Secret::from(format!("{:032x}", u128::from(clock::random_u64())).as_str()),
    });
    let fleet = opened.fleet.clone();
    let running = build(&local, &builder, &host, opened, metrics).await?;
    let gateway = running.now();
    let recovered = gateway.store.recover(clock::now_ms(), gateway.sweep_rules()).await?;
    if recovered > 0 {
        warn!(messages = recovered, "submits of the last run were cut off: these messages are in doubt");
    }
    let grace = Duration::from_secs(u64::from(local.server.shutdown_grace_seconds));
    let reloader = Reloader::new(builder, local, options.path, running.clone());
    running.start();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(dispatcher::ring(running.clone()));
    tasks.spawn(sweeper::run(running.clone()));
    tasks.spawn(key_uses::run(running.clone()));
    let own = running.now().plugins.clone();
    tasks.spawn(plugins::follow(running.clone(), own.clone()));
    tasks.spawn(plugins::tell(running.clone(), own.clone()));
    tasks.spawn(plugins::check(running.clone(), own.clone()));
    tasks.spawn(callbacks::run(running.clone(), transport::http_client()?));
    if let Some(fleet) = fleet {
        tasks.spawn(fleet::run(running.clone(), fleet, reloader.clone(), host.clone()));
    }
    if options.trial_key {
        print_trial(&gateway, address).await?;
    }
    info!(%address, %host, tenants = gateway.tenants.len(), providers = gateway.providers.len(), "waypost serves");
    drop(gateway);
    tokio::spawn(stop_signal(running.clone()));
    tokio::spawn(reload_signal(reloader));
    if !listen::serve(listener, running.clone(), grace).await {
        warn!("some clients did not finish in time");
    }
    let finished = timeout(grace, async {
        running.finish().await;
        while tasks.join_next().await.is_some() {}
        own.tell_seen().await;
    })
    .await;
    if finished.is_err() {
        warn!("some submits did not finish in time: their messages will be in doubt after the next start");
    }
    info!("waypost has stopped");
    Ok(())
}

async fn stop_signal(running: Arc<Running>) {
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
    running.now().drain();
}

/// SIGHUP: the configuration is read again.
async fn reload_signal(reloader: Arc<Reloader>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        reloader.again();
    }
}

/// Reads and checks the file.
pub fn read_config(path: &Path) -> anyhow::Result<Config> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the configuration {} (config_unreadable)", path.display()))?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{} is not UTF-8 (config_not_utf8)", path.display()))?;
    parse_config(&text, &path.display().to_string())
}

/// Checks the text of a configuration; `name` only serves the messages.
pub fn parse_config(text: &str, name: &str) -> anyhow::Result<Config> {
    let names: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect();
    match Config::parse(text, name, &names) {
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

/// The gateway, with everything loaded; no message moves yet.
async fn build(
    local: &Config,
    builder: &Arc<Builder>,
    host: &str,
    opened: Opened,
    metrics: Arc<Metrics>,
) -> anyhow::Result<Arc<Running>> {
    let is_shared = local.store.redis().is_some_and(|redis| redis.shared_config);
    let source = match &opened.fleet {
        Some(fleet) if is_shared => reload::shared(fleet, local, None).await?,
        _ => Source { config: local.clone(), version: 0, files: Files::new() },
    };
    let mut parts = builder.build(&source, None).map_err(reload::all)?;
    let wants_simulator = pipeline::wants_simulator(&source.config);
    let plugins = Arc::new(Plugins::new(opened.store.clone(), builder.clone(), host)?);
    let file = Arc::new(source.config);
    let config = plugins.completed(&file, &mut parts).await?;
    let transport = Transport::new()?;
    let mut gateway = Gateway::new(file, config, opened.store, parts, transport, metrics, plugins);
    gateway.fleet = opened.fleet;
    gateway.metrics.store_up(true);
    if let Some(warning) = opened.durability.warning() {
        warn!("{warning}");
        gateway.notices.put(Notice::Durability, warning.to_owned());
    }
    let running = Running::new(gateway);
    running.now().plugins.attach(&running);
    if wants_simulator {
        running.now().transport.start_simulator(&builder.simulator_secret, &running)?;
    }
    Ok(running)
}

/// The engine as the configuration wants it.
pub fn engine(config: &Config, base: &Path) -> anyhow::Result<Engine> {
    let cache_dir = config.engine.cache.then(|| base.join(&config.server.data_dir).join(CACHE));
    let options = EngineOptions { cache_dir, instances_max: config.engine.instances_max };
    Ok(Engine::new(&options)?)
}

/// A key that lives as long as the database, and the line to try it with.
#[allow(clippy::print_stdout, reason = "this is what the person at the terminal is waiting for")]
async fn print_trial(gateway: &Gateway, address: SocketAddr) -> anyhow::Result<()> {
    let Some(tenant) = gateway.tenants.keys().next() else { return Ok(()) };
    let scopes = KeyRole::Admin.scopes().to_vec();
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
