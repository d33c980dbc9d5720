//! Runs a component before it is ready: reads its schema, configures it, and takes a snapshot of
//! the configured instance, so that decisions begin where configuring ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::Store;
use wasmtime::component::{Component, Instance, Lift, WasmList};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};
use waypost_core::decision::Role;

use crate::fault::{CallError, WrongExport, classify};
use crate::limits::Limits;
use crate::load::{LoadError, Stage};
use crate::question::{Binding, Bound};
use crate::runtime::{Runtime, bind};
use crate::secrets::{NoSecrets, Secrets};
use crate::state::{Budget, CallContext, CallState, begin};
use crate::version::Version;
use crate::wasi;

/// Room for what the snapshot itself needs in each memory, in bytes: two pages.
const SNAPSHOT_ROOM_BYTES: usize = 128 * 1024;

/// A component on the bench: compiled for preparing, with accessors for its memory if it can have
/// them.
pub(crate) struct Workpiece<'a> {
    binding: Box<dyn Binding>,
    context: Option<ComponentContext<'a>>,
    limits: &'a Limits,
    role: Role,
    call: CallContext,
}

impl<'a> Workpiece<'a> {
    /// `seed` is where the component's randomness begins while it is configured.
    pub fn new(
        runtime: &Runtime,
        bytes: &'a [u8],
        version: &Version,
        role: Role,
        limits: &'a Limits,
        seed: u64,
    ) -> Result<Self, LoadError> {
        let instrumented = quietly(|| Wizer::new().keep_init_func(true).instrument_component(bytes));
        let (context, component) = match instrumented {
            Some((context, wasm)) => match Component::from_binary(&runtime.preparing, &wasm) {
                Ok(component) => (Some(context), component),
                Err(_) => (None, compile(runtime, bytes)?),
            },
            None => (None, compile(runtime, bytes)?),
        };
        let binding = bind(&component, version, role)
            .map_err(|error| LoadError::WrongType { reason: format!("{error:#}") })?;
        Ok(Self { binding, context, limits, role, call: CallContext { time_ms: 0, seed } })
    }

    /// The JSON Schema of the component's settings.
    pub fn schema(&self) -> Result<String, LoadError> {
        let (mut store, instance) = self.instance(Stage::Schema)?;
        let schema = instance.schema(&mut store).map_err(|error| failed(Stage::Schema, error, &mut store))?;
        Ok(schema)
    }

    /// Configures an instance and gives the component back as it is afterwards. None: there is no
    /// snapshot of this component, so that each instance has to be configured.
    pub fn configured(&self, settings: &str) -> Result<Option<Vec<u8>>, LoadError> {
        let (mut store, instance) = self.instance(Stage::Configure)?;
        instance
            .configure(&mut store, settings)
            .map_err(|error| failed(Stage::Configure, error, &mut store))?
            .map_err(|reason| LoadError::Rejected { reason: readable(&reason) })?;
        let Some(context) = &self.context else { return Ok(None) };
        if wasi::holds_handles(&store) {
            return Ok(None);
        }
        Ok(take(context, &mut store, instance.instance()))
    }

    fn instance(&self, stage: Stage) -> Result<(Store<CallState>, Box<dyn Bound>), LoadError> {
        let secrets: Arc<dyn Secrets> = Arc::new(NoSecrets);
        let engine = self.binding.engine();
        let mut store = CallState::store(engine, self.limits, self.role, &secrets);
        let instance = begin(&mut store, setup_budget(self.limits), &self.call)
            .and_then(|()| self.binding.instantiate(&mut store))
            .map_err(|error| failed(stage, error, &mut store))?;
        Ok((store, instance))
    }
}

/// What a component may use for its schema, and for being configured.
pub(crate) fn setup_budget(limits: &Limits) -> Budget {
    Budget {
        fuel: limits.setup_fuel_max,
        wall_ms: limits.setup_wall_ms,
        log_bytes: limits.log_bytes_max,
        host_call_bytes: limits.schema_bytes_max,
    }
}

/// What a component says, fit for an error: one line of bounded length.
pub(crate) fn readable(text: &str) -> String {
    let kept = text.chars().take(waypost_core::limits::REASON_CHARS_MAX);
    kept.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn compile(runtime: &Runtime, bytes: &[u8]) -> Result<Component, LoadError> {
    Component::from_binary(&runtime.preparing, bytes)
        .map_err(|error| LoadError::NotValid { reason: format!("{error:#}") })
}

fn failed(stage: Stage, error: wasmtime::Error, store: &mut Store<CallState>) -> LoadError {
    if let Some(WrongExport(reason)) = error.downcast_ref() {
        return LoadError::WrongType { reason: reason.clone() };
    }
    let fault = classify(CallError::Runtime(error), store.data());
    LoadError::failed(stage, fault, store.data_mut().log.take())
}

fn take(context: &ComponentContext<'_>, store: &mut Store<CallState>, instance: Instance) -> Option<Vec<u8>> {
    store.set_fuel(u64::MAX).ok()?;
    store.set_hostcall_fuel(usize::MAX);
    store.data_mut().memory.bytes_max += SNAPSHOT_ROOM_BYTES;
    let mut accessors = Accessors { store, instance, failed: false };
    let wizer = Wizer::new();
    let snapshot = quietly(|| {
        ready(wizer.snapshot_component(context, &mut accessors))
            .unwrap_or_else(|| Err(wasmtime::format_err!("the snapshot waits for something")))
    })?;
    (!accessors.failed).then_some(snapshot)
}

/// The snapshotting code takes some inputs for impossible and panics. Components come from
/// strangers, so a panic there only means that there is no snapshot.
fn quietly<T>(work: impl FnOnce() -> wasmtime::Result<T>) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no snapshot of this component");
            None
        }
        Err(_) => None,
    }
}

/// The value of a future that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Reads memories and globals through the functions that the instrumented component exports.
struct Accessors<'a> {
    store: &'a mut Store<CallState>,
    instance: Instance,
    failed: bool,
}

impl Accessors<'_> {
    fn call<R: Lift + 'static>(&mut self, interface: &str, function: &str) -> Option<R> {
        let value = self.try_call(interface, function);
        self.failed |= value.is_none();
        value
    }

    fn try_call<R: Lift + 'static>(&mut self, interface: &str, function: &str) -> Option<R> {
        let interface = self.instance.get_export_index(&mut *self.store, None, interface)?;
        let function = self.instance.get_export_index(&mut *self.store, Some(&interface), function)?;
        let function = self.instance.get_typed_func::<(), (R,)>(&mut *self.store, function).ok()?;
        function.call(&mut *self.store, ()).ok().map(|(value,)| value)
    }
}

impl ComponentInstanceState for Accessors<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        match self.call::<WasmList<u8>>(instance, func) {
            Some(list) => contents(list.as_le_slice(&*self.store)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.call(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.call(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.call(instance, func).map_or(0, f32::to_bits)
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.call(instance, func).map_or(0, f64::to_bits)
    }
}
