//! This host among the others on its Redis: time, circuits, the shared configuration, signs of life.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};
use waypost_core::breaker::Breaker;
use waypost_core::redis::RedisError;
use waypost_core::redis::clock::Sample;
use waypost_core::redis::fleet::{Fleet, HostReport, Pulse};

use crate::clock;
use crate::gateway::Gateway;
use crate::notices::Notice;
use crate::provider::Provider;
use crate::reload::Reloader;
use crate::running::Running;

/// How often the others are looked at: what one finds out, all know within a quarter of a second.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A sign of life with each of so many looks.
const LOOKS_A_REPORT: u32 = 5;
/// A machine's clock that is wrong by more than this is worth a word, in milliseconds.
const CLOCK_WRONG_MS: u64 = 1_000;
/// The circuits that a host has never seen have no version.
const NOTHING_SEEN: u64 = u64::MAX;

/// Asks once, and goes by the time of Redis from then on.
///
/// # Errors
/// [`RedisError`].
pub async fn look(
    fleet: &Fleet,
    circuits_version: u64,
    report: Option<&HostReport>,
) -> Result<Pulse, RedisError> {
    let asked_us = clock::local_us();
    let pulse = fleet.pulse(circuits_version, report).await?;
    clock::learn(Sample { asked_us, answered_us: clock::local_us(), redis_us: pulse.time_us });
    Ok(pulse)
}

/// Asks once at the start, before anything goes by the time.
///
/// # Errors
/// [`RedisError`].
pub async fn first_look(fleet: &Fleet) -> Result<Pulse, RedisError> {
    look(fleet, NOTHING_SEEN, None).await
}

/// Runs until the gateway drains.
pub async fn run(running: Arc<Running>, fleet: Fleet, reloader: Arc<Reloader>, host: String) {
    let since_ms = clock::now_ms();
    let mut seen = Seen::default();
    let mut looks = 0_u32;
    loop {
        let gateway = running.now();
        let stopping = gateway.is_draining();
        tell(&fleet, &gateway).await;
        let report = HostReport {
            name: host.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since_ms,
            config_version: gateway.config_version,
            stopping,
        };
        let is_due = stopping || looks.is_multiple_of(LOOKS_A_REPORT);
        match look(&fleet, seen.version_for(&gateway), is_due.then_some(&report)).await {
            Ok(pulse) => {
                seen.take(&gateway, &pulse);
                gateway.metrics.store_up(true);
                watch_clock(&gateway);
                reloader.follow(pulse.config_version);
                gateway.plugins.heard(pulse.registry_version);
            }
            Err(error) => {
                gateway.metrics.store_up(false);
                debug!(%error, "nothing is heard of the other hosts");
            }
        }
        gateway.metrics.notices(&gateway.notices);
        if stopping {
            return;
        }
        looks = looks.wrapping_add(1);
        // A bell or the end of the pause: either way, look again.
        let _ = timeout(LOOK_EVERY, gateway.circuit_changed.notified()).await;
    }
}

/// Tells the others what this host has found out about providers.
async fn tell(fleet: &Fleet, gateway: &Gateway) {
    let news = gateway.providers.values().filter_map(|it| Some((it, it.circuit_news()?)));
    join_all(news.map(|(provider, proposal)| async move {
        match fleet.propose(provider.name(), &proposal).await {
            Ok(written) => {
                if !provider.circuit_written(&proposal, written) {
                    provider.wake.notify_one();
                }
            }
            Err(error) => {
                debug!(provider = %provider.name(), %error, "the circuit is this host's own for now");
            }
        }
    }))
    .await;
}

/// What this host has seen of the circuits.
#[derive(Default)]
struct Seen {
    version: u64,
    /// The gateway that they were read for: another one may have other providers.
    of: Weak<Gateway>,
}

impl Seen {
    fn version_for(&self, gateway: &Arc<Gateway>) -> u64 {
        if std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(gateway)) { self.version } else { NOTHING_SEEN }
    }

    fn take(&mut self, gateway: &Arc<Gateway>, pulse: &Pulse) {
        let known = self.version_for(gateway);
        *self = Self { version: pulse.circuits_version, of: Arc::downgrade(gateway) };
        if known == pulse.circuits_version {
            return;
        }
        let has_lost = known != NOTHING_SEEN && pulse.circuits_version < known;
        let circuits: BTreeMap<&str, (u64, Breaker)> = pulse
            .circuits
            .iter()
            .map(|(route, version, state)| (route.as_str(), (*version, *state)))
            .collect();
        for provider in gateway.providers.values() {
            take_circuit(provider, circuits.get(&**provider.name()).copied(), has_lost);
        }
    }
}

fn take_circuit(provider: &Provider, circuit: Option<(u64, Breaker)>, has_lost: bool) {
    let changed = provider.circuit_told(|own| match circuit {
        Some((version, state)) => own.see(version, state),
        None if has_lost => own.forget(),
        None => {}
    });
    if !changed {
        return;
    }
    // Its lane goes on, or lets its messages take another route.
    provider.wake.notify_one();
    match circuit {
        Some((_, Breaker::Open { .. })) => {
            error!(provider = %provider.name(), "another host has opened the provider's circuit");
        }
        Some((_, Breaker::Closed { .. })) => info!(provider = %provider.name(), "the provider works again"),
        _ => {}
    }
}

fn watch_clock(gateway: &Gateway) {
    let offset_ms = clock::own_offset_ms();
    gateway.metrics.clock_offset(offset_ms);
    let wrong_ms = offset_ms.unsigned_abs();
    if wrong_ms > CLOCK_WRONG_MS {
        let text =
            format!("this machine's clock is {offset_ms} ms ahead of that of redis, which is used instead");
        if gateway.notices.put(Notice::Clock, text) {
            warn!(offset_ms, "this machine's clock is wrong; waypost goes by the time of redis");
        }
    } else if wrong_ms < CLOCK_WRONG_MS / 2 {
        gateway.notices.take_back(Notice::Clock);
    }
}
