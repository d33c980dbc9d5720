//! The two wasmtime engines: one that runs decisions, and one that runs a component before it is
//! ready, to read its schema and to snapshot it.

use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
};
use waypost_core::decision::Role;

use crate::limits::MEMORY_BYTES_MAX;
use crate::linked::InUse;
use crate::pool::Room;
use crate::question::Binding;
use crate::ticker::Ticker;
use crate::version::Version;
use crate::wasi;

/// How much of a linear memory is reset by copying instead of by giving pages back, in bytes.
/// Above the memory of a usual component, so that a fresh instance takes no page faults: without
/// it a fresh instance takes 19 µs instead of 7, and threads wait for each other in the kernel.
const KEEP_RESIDENT_BYTES: usize = 2 * 1024 * 1024;
/// The same for tables: 12 µs instead of 7.
const TABLE_KEEP_RESIDENT_BYTES: usize = 64 * 1024;
/// Places for linear memories, each of which stays made ready for the component that used it last. A place
/// for another component costs several system calls and page faults: with 200 components on 128 places
/// (of each half of the pool; wasmtime splits it by threads) they made 0.13 of the decisions of one.
/// What a place costs while it is not used is 4 GiB of address space.
const MEMORY_PLACES: u32 = 4096;
/// Most core instances, memories and tables of one component.
const CORE_INSTANCES_MAX: u32 = 32;
const MEMORIES_MAX: u32 = 4;
const TABLES_MAX: u32 = 8;
/// Most elements in a table of any component.
const TABLE_ELEMENTS_MAX: usize = 20_000;

pub(crate) struct Runtime {
    /// Runs decisions: optimized code, instances from a pool.
    pub deciding: Engine,
    /// Prepares components: code that compiles fast and runs a few times.
    pub preparing: Engine,
    /// For instances of the pool that wait for their next call.
    pub idle: Arc<Room>,
    /// What is loaded, for others that load the same.
    pub linked: InUse,
    _ticker: Ticker,
}

/// Where instances that decide come from. Their code is the same.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Instances {
    /// From a pool, which is fast and takes memory of its own from the start.
    Pooled {
        /// Most instances at a time.
        max: u32,
    },
    /// Each for itself: for a process that has few of them, and little memory.
    OnDemand,
}

impl Runtime {
    pub fn new(instances: Instances) -> Result<Self, RuntimeError> {
        let mut config = common();
        config.cranelift_opt_level(OptLevel::Speed);
        if let Instances::Pooled { max } = instances {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(max)));
        }
        let deciding = Engine::new(&config).map_err(RuntimeError::from_wasmtime)?;

        let mut config = common();
        config.cranelift_opt_level(OptLevel::None);
        config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        let preparing = Engine::new(&config).map_err(RuntimeError::from_wasmtime)?;

        let ticker = Ticker::start(vec![deciding.weak(), preparing.weak()])
            .map_err(|error| RuntimeError(error.to_string()))?;
        let idle = match instances {
            Instances::Pooled { max } => Room::of(max),
            Instances::OnDemand => Room::of(0),
        };
        Ok(Self { deciding, preparing, idle: Arc::new(idle), linked: InUse::default(), _ticker: ticker })
    }
}

/// The host cannot run components at all.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly runtime cannot start: {0}; look at limits of the process on address space")]
pub struct RuntimeError(String);

impl RuntimeError {
    fn from_wasmtime(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Resolves everything that the component imports, and finds the exports of its role. Fails where
/// one of them has another type than the host's.
pub(crate) fn bind(
    component: &Component,
    version: &Version,
    role: Role,
) -> wasmtime::Result<Box<dyn Binding>> {
    let mut linker = Linker::new(component.engine());
    (version.link)(&mut linker)?;
    wasi::link(&mut linker, component)?;
    (version.bind)(linker.instantiate_pre(component)?, role)
}

/// What both engines have in common. What a component computes depends on nothing else.
fn common() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        // The same answer on every machine: one bit pattern for NaN, no relaxed SIMD.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        // Nobody reads them: a panic's message is in the log of the call.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    config
}

fn pool(instances_max: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let memories = instances_max.saturating_mul(2).max(MEMORY_PLACES);
    pool.total_component_instances(instances_max)
        .total_core_instances(instances_max.saturating_mul(8))
        .total_memories(memories)
        .total_tables(instances_max.saturating_mul(4))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memory_size(MEMORY_BYTES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        // Only pages that the call touched are reset, where the kernel says which (Linux 6.7).
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(memories);
    pool
}
