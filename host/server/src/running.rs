//! What runs now, and how it is replaced by another version of the configuration: the next request
//! and the next claim take the new one, what is under way ends on the old.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use axum::Router;
use tokio::task::JoinSet;
use waypost_core::decision::Name;

use crate::gateway::Gateway;
use crate::{api, dispatcher};

/// What runs now.
pub struct Running {
    now: ArcSwap<Generation>,
    front: api::Front,
    lanes: Mutex<JoinSet<()>>,
    /// Held by whoever makes the next gateway from the one that runs.
    changing: tokio::sync::Mutex<()>,
}

/// One version of the configuration, running.
struct Generation {
    gateway: Arc<Gateway>,
    router: Router,
}

impl Running {
    /// Takes requests; nothing is submitted yet.
    pub fn new(gateway: Gateway) -> Arc<Self> {
        let front = api::Front::default();
        let now = ArcSwap::from_pointee(Generation::new(gateway, &front));
        Arc::new(Self { now, front, lanes: Mutex::default(), changing: tokio::sync::Mutex::default() })
    }

    /// Starts a lane for every provider.
    pub fn start(self: &Arc<Self>) {
        self.start_lanes(&self.now(), None);
    }

    /// The gateway as it is now. Do not keep it longer than one piece of work lasts.
    pub fn now(&self) -> Arc<Gateway> {
        self.now.load().gateway.clone()
    }

    /// The HTTP API of the gateway as it is now.
    pub fn router(&self) -> Router {
        self.now.load().router.clone()
    }

    /// The keys that were used since this was asked last, each with the time in Unix milliseconds.
    pub fn take_key_uses(&self) -> Vec<(Name, u64)> {
        self.front.take_key_uses()
    }

    /// To be held from the look at what runs to its replacement, so that of two changes at once
    /// none is lost.
    pub async fn changing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// Goes on under another version. Lanes of providers that are not in it end once what they have
    /// claimed is settled.
    pub fn replace(self: &Arc<Self>, next: Gateway) {
        let next = Generation::new(next, &self.front);
        let gateway = next.gateway.clone();
        let before = self.now.swap(Arc::new(next));
        for (name, provider) in &before.gateway.providers {
            let stays = gateway.providers.get(name).is_some_and(|other| Arc::ptr_eq(other, provider));
            if !stays {
                provider.leave();
            }
        }
        self.start_lanes(&gateway, Some(&before.gateway));
    }

    /// Waits for the end of all lanes, which comes after [`Gateway::drain`].
    pub async fn finish(&self) {
        let mut lanes = std::mem::take(&mut *self.lanes.lock().unwrap_or_else(PoisonError::into_inner));
        while lanes.join_next().await.is_some() {}
    }

    fn start_lanes(self: &Arc<Self>, gateway: &Gateway, before: Option<&Gateway>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended are forgotten.
        while lanes.try_join_next().is_some() {}
        for (name, provider) in &gateway.providers {
            let runs = before.and_then(|before| before.providers.get(name));
            if !runs.is_some_and(|other| Arc::ptr_eq(other, provider)) {
                lanes.spawn(dispatcher::lane(self.clone(), provider.clone()));
            }
        }
    }
}

impl Generation {
    fn new(gateway: Gateway, front: &api::Front) -> Self {
        let gateway = Arc::new(gateway);
        Self { router: front.of(gateway.clone()), gateway }
    }
}
