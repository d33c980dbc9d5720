//! Instances of one component: made when needed, shared, and given up when old or idle.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::application::Application;
use crate::outgoing::{Connections, Outgoing};
use crate::state::{Grants, State};

/// An instance without a request ends after this, as in Spin.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// Makes the instances of one component.
pub(crate) struct Instances {
    pub(crate) component: ServicePre<State>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) application: Weak<Application>,
    pub(crate) connections: Connections,
    pub(crate) sharing: Sharing,
}

/// How far an instance is shared.
#[derive(Debug, Clone)]
pub(crate) struct Sharing {
    pub(crate) component: Arc<str>,
    /// Requests in the life of an instance.
    pub(crate) requests_max: usize,
    /// Requests at once.
    pub(crate) concurrency_max: usize,
}

/// Ends an instance that is idle. One that is at work is left alone, however long it takes: Spin
/// does not interrupt either.
pub(crate) struct Idle(Pin<Box<Sleep>>);

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Idle;
    type WorkerState = Sharing;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Idle, Sharing>> {
        let outgoing = Outgoing {
            grants: Arc::clone(&self.grants),
            application: Weak::clone(&self.application),
            connections: self.connections.clone(),
        };
        let mut store = Store::new(self.component.engine(), State::new(Arc::clone(&self.grants), outgoing));
        let service = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: <State as WasiHttpView>::http,
            expiration: Idle(Box::pin(tokio::time::sleep(IDLE_MAX))),
            state: self.sharing.clone(),
        })
    }
}

impl WorkerState for Sharing {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.requests_max {
            ShouldAccept::Never
        } else if concurrent >= self.concurrency_max {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            tracing::warn!(component = %self.component, "an instance ended: {error:#}");
        }
        drop(store);
    }
}

impl WorkerExpiration for Idle {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let deadline = (since + IDLE_MAX).into();
        if self.0.deadline() != deadline {
            self.0.as_mut().reset(deadline);
        }
        self.0.as_mut().poll(context)
    }
}
