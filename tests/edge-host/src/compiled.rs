//! Compiled components, shared by every host of the process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, OnceLock, PoisonError};

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wasmtime::{Config, Engine, PoolingAllocationConfig};

use crate::EdgeHostError;
use crate::variables_import::SYNCHRONOUS;

/// Instances that may be alive at once in the process.
const INSTANCES_MAX: u32 = 1000;
/// Memory of one instance: no Spin limit, but a guest that grows without end must fail.
const MEMORY_BYTES_MAX: usize = 256 << 20;
/// What the host links: whole packages, and single interfaces.
const PROVIDED: [&str; 4] =
    ["wasi:", "spin:redis/redis@3.0.0", "spin:variables/variables@3.0.0", SYNCHRONOUS];

/// The engine of the process. One, because tests start many hosts with the same components, and
/// compiled code belongs to its engine.
pub(crate) fn engine() -> Result<&'static Engine, EdgeHostError> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(&config()).map_err(|error| format!("{error:#}")));
    engine.as_ref().map_err(|error| EdgeHostError::Start(error.clone()))
}

/// Compiles a component, once in the life of the process.
pub(crate) fn compile(engine: &Engine, name: &str, bytes: Vec<u8>) -> Result<Component, EdgeHostError> {
    static COMPILED: OnceLock<Mutex<HashMap<Vec<u8>, Component>>> = OnceLock::new();
    // Held while compiling: two tests that begin together compile a component once.
    let mut compiled = COMPILED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    match compiled.entry(bytes) {
        Entry::Occupied(entry) => Ok(entry.get().clone()),
        Entry::Vacant(entry) => {
            let component = Component::new(engine, entry.key()).map_err(|error| {
                EdgeHostError::Component { place: format!("component.{name}"), reason: format!("{error:#}") }
            })?;
            Ok(entry.insert(component).clone())
        }
    }
}

/// An import that nobody provides. One that has types only needs nobody.
pub(crate) fn check_imports(engine: &Engine, name: &str, component: &Component) -> Result<(), EdgeHostError> {
    for (import, item) in component.component_type().imports(engine) {
        let needed = match item.ty {
            ComponentItem::ComponentInstance(instance) => instance.exports(engine).any(|(_, item)| {
                matches!(item.ty, ComponentItem::ComponentFunc(_) | ComponentItem::Resource(_))
            }),
            ComponentItem::Type(_) => false,
            _ => true,
        };
        if needed && !PROVIDED.iter().any(|provided| import.starts_with(provided)) {
            let place = format!("component.{name}");
            return Err(EdgeHostError::OpenImport { place, import: import.to_owned() });
        }
    }
    Ok(())
}

fn config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_MAX)
        // A component and its dependencies are several modules each, with adapters between them.
        .total_core_instances(INSTANCES_MAX * 8)
        .total_memories(INSTANCES_MAX * 4)
        .total_tables(INSTANCES_MAX * 8)
        .total_stacks(INSTANCES_MAX * 4)
        .max_memory_size(MEMORY_BYTES_MAX);
    let mut config = Config::new();
    config.wasm_component_model_async(true).allocation_strategy(pool);
    config
}
