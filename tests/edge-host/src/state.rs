//! What one instance has: its store's data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed::AllowedHosts;
use crate::outgoing::Outgoing;
use crate::output::Output;

/// What every instance of a component shares.
#[derive(Debug)]
pub(crate) struct Grants {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) allowed: AllowedHosts,
    pub(crate) output: Output,
    pub(crate) redis: Arc<RedisCounts>,
}

/// Counts over all components of a host.
#[derive(Debug, Default)]
pub(crate) struct RedisCounts {
    pub(crate) opens: AtomicU64,
    pub(crate) calls: AtomicU64,
}

/// The data of a store.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) grants: Arc<Grants>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
}

impl State {
    pub(crate) fn new(grants: Arc<Grants>, outgoing: Outgoing) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&grants.environment).stdout(grants.output.clone()).stderr(grants.output.clone());
        Self { table: ResourceTable::new(), wasi: wasi.build(), http: WasiHttpCtx::new(), outgoing, grants }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outgoing }
    }
}
