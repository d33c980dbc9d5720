//! The lane of one provider: claims what may be submitted now, keeps the window full, settles
//! what was answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;
use tracing::{error, warn};
use waypost_core::flow::Provider as _;
use waypost_core::store::{Claim, ClaimedMessage, Settle, Settled};
use waypost_store::StoreError;

use super::lease::Lease;
use super::{lease, reroute, submit, trial};
use crate::clock;
use crate::gateway::Gateway;
use crate::provider::Provider;
use crate::running::Running;

/// Most messages in one claim or one settlement.
const BATCH_MAX: usize = 256;
/// A lane looks by itself this often, should a bell be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How soon to look again for room in SMPP sessions that are slowed down, or come back.
const ROOM_AGAIN: Duration = Duration::from_millis(10);
/// How long to leave a store alone that does not answer.
const STORE_PAUSE: Duration = Duration::from_millis(250);

/// Runs until the gateway drains or the provider leaves it; ends with everything in flight settled.
pub async fn run(running: Arc<Running>, provider: Arc<Provider>) {
    if let Some(sessions) = provider.sessions() {
        sessions.start(&provider, &running).await;
    }
    let (answered, answers) = mpsc::channel(BATCH_MAX * 2);
    let settler = tokio::spawn(settle(running.clone(), provider.clone(), answers));
    loop {
        let gateway = running.now();
        if gateway.is_draining() || provider.is_leaving() {
            break;
        }
        let pause = match claim(&gateway, &provider).await {
            Ok(Claimed::Messages(messages, lease)) => {
                for (message, place) in messages {
                    launch(&gateway, &provider, place, answered.clone(), message, lease);
                }
                continue;
            }
            Ok(Claimed::NothingUntil(pause)) => pause,
            Ok(Claimed::CircuitOpen(pause)) => {
                reroute::leave_route(&gateway, provider.name()).await;
                pause
            }
            Err(error) => {
                warn!(provider = %provider.name(), %error, "messages wait: the store does not answer");
                STORE_PAUSE
            }
        };
        // A bell or the end of the pause: either way, look again.
        let _ = timeout(pause, provider.wake.notified()).await;
    }
    // What is under way is submitted and settled before the lane ends.
    let all = u32::try_from(provider.terms.in_flight_max).unwrap_or(u32::MAX);
    let _ = provider.window.acquire_many(all).await;
    drop(answered);
    if settler.await.is_err() {
        error!(provider = %provider.name(), "settling stopped early; leases will run out");
    }
    if let Some(sessions) = provider.sessions() {
        sessions.stop().await;
    }
}

enum Claimed {
    Messages(Vec<(ClaimedMessage, OwnedSemaphorePermit)>, Lease),
    NothingUntil(Duration),
    CircuitOpen(Duration),
}

/// Claims no more than there are free places, which are held from before the claim.
async fn claim(gateway: &Gateway, provider: &Provider) -> Result<Claimed, StoreError> {
    let Ok(places) = provider.window.clone().acquire_owned().await else {
        return Ok(Claimed::NothingUntil(LOOK_AGAIN));
    };
    let now_ms = clock::now_ms();
    let wanted = (provider.window.available_permits() + 1).min(BATCH_MAX);
    let messages_max = provider.permits(wanted, now_ms);
    if messages_max == 0 {
        let pause = provider.opens_at_ms().map_or(LOOK_AGAIN, |at_ms| pause_until(at_ms, now_ms));
        return Ok(Claimed::CircuitOpen(pause));
    }
    let messages_max = messages_max.min(provider.room());
    if messages_max == 0 {
        return Ok(Claimed::NothingUntil(ROOM_AGAIN));
    }
    let is_trial = provider.trial(now_ms).is_some();
    if is_trial && !trial::is_granted(gateway, provider, now_ms).await {
        return Ok(Claimed::CircuitOpen(
            provider.opens_at_ms().map_or(LOOK_AGAIN, |at_ms| pause_until(at_ms, now_ms)),
        ));
    }
    let claimed = claim_within(gateway, provider, places, messages_max).await;
    if is_trial && !matches!(claimed, Ok(Claimed::Messages(..))) {
        provider.give_trial_back(clock::now_ms() + millis(LOOK_AGAIN));
        gateway.circuit_changed.notify_one();
    }
    claimed
}

async fn claim_within(
    gateway: &Gateway,
    provider: &Provider,
    mut places: OwnedSemaphorePermit,
    messages_max: usize,
) -> Result<Claimed, StoreError> {
    let more = u32::try_from(messages_max - 1).unwrap_or(0);
    if let Ok(others) = provider.window.clone().try_acquire_many_owned(more) {
        places.merge(others);
    }
    let lease = Lease::begin(provider, gateway.config.store.lease_margin_ms);
    let now_ms = clock::now_ms();
    let claim = Claim {
        route: provider.name().clone(),
        now_ms,
        messages_max: places.num_permits(),
        lease_until_ms: now_ms.saturating_add(lease.length_ms()),
        rate: provider.terms.rate,
    };
    let batch = gateway.store.claim(claim).await?;
    if batch.messages.is_empty() {
        let pause = batch.next_due_ms.map_or(LOOK_AGAIN, |at_ms| pause_until(at_ms, clock::now_ms()));
        return Ok(Claimed::NothingUntil(pause));
    }
    let messages = batch.messages.into_iter();
    let messages = messages.filter_map(|message| Some((message, places.split(1)?))).collect();
    Ok(Claimed::Messages(messages, lease))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn pause_until(at_ms: u64, now_ms: u64) -> Duration {
    Duration::from_millis(at_ms.saturating_sub(now_ms)).clamp(Duration::from_millis(1), LOOK_AGAIN)
}

/// Submits one message beside the others; its place in the window is free when it was answered.
fn launch(
    gateway: &Arc<Gateway>,
    provider: &Arc<Provider>,
    place: OwnedSemaphorePermit,
    answered: mpsc::Sender<Settle>,
    message: ClaimedMessage,
    lease: Lease,
) {
    let (gateway, provider) = (gateway.clone(), provider.clone());
    tokio::spawn(async move {
        let settle = if lease.has_time() {
            submit::submit(&gateway, &provider, message).await
        } else {
            gateway.metrics.lease_too_short(provider.name());
            lease::not_sent(&provider, message)
        };
        if provider.circuit_news().is_some() {
            gateway.circuit_changed.notify_one();
        }
        // The settler outlives every sender.
        let _ = answered.send(settle).await;
        drop(place);
    });
}

/// Settles in batches, and again until the store has taken them.
async fn settle(running: Arc<Running>, provider: Arc<Provider>, mut answers: mpsc::Receiver<Settle>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while answers.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let settles = std::mem::take(&mut batch);
        loop {
            let gateway = running.now();
            match gateway.store.settle(settles.clone()).await {
                Ok(settled) => {
                    after(&gateway, &provider, &settles, &settled);
                    break;
                }
                Err(error) => {
                    warn!(provider = %provider.name(), %error, "answers wait: the store does not take them");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
        }
    }
}

fn after(gateway: &Gateway, provider: &Provider, settles: &[Settle], settled: &[Settled]) {
    for (settle, settled) in settles.iter().zip(settled) {
        match settled {
            Settled::Now(progress) => {
                gateway.metrics.settled(provider.name(), &settle.outcome, progress.state);
                let route = progress.route.as_ref().filter(|route| *route != provider.name());
                if let Some(next) = route.and_then(|route| gateway.providers.get(route)) {
                    next.wake.notify_one();
                }
            }
            Settled::LeaseLost => {
                gateway.metrics.lease_lost(provider.name());
                warn!(provider = %provider.name(), message = %settle.id, "an answer came after its lease had run out");
            }
        }
    }
}
