//! What belongs to one instance while it is called: limits, log, clock, randomness and what it
//! asked the host for.

use std::sync::Arc;

use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};
use waypost_core::decision::Role;
use waypost_core::inbound::Outgoing;

use crate::limits::Limits;
use crate::log::Log;
use crate::random::Random;
use crate::secrets::Secrets;
use crate::ticker::{self, Stopwatch};

/// What the sandbox of a call knows of the world: the message's own time, and a seed. The same
/// context and input lead to the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallContext {
    /// What the clocks of the sandbox say, in Unix milliseconds: the time of the message.
    pub time_ms: u64,
    /// Where the randomness of the sandbox begins: taken from the message's id.
    pub seed: u64,
}

impl CallContext {
    /// For a call about a message: its time, and its id as the seed.
    #[must_use]
    pub fn of_message(id: waypost_core::id::MessageId, time_ms: u64) -> Self {
        Self { time_ms, seed: id.key() ^ id.nonce().rotate_left(32) }
    }
}

/// The data of a store.
pub(crate) struct CallState {
    pub memory: MemoryMeter,
    pub log: Log,
    pub random: Random,
    pub time_ms: u64,
    /// Messages that the call asked to send.
    pub outgoing: Vec<Outgoing>,
    /// WASI handles that the guest holds; a snapshot would lose them.
    pub handles: u32,
    pub role: Role,
    pub secrets: Arc<dyn Secrets>,
    stopwatch: Stopwatch,
}

impl CallState {
    /// A store whose limits are those of `limits`, with no fuel yet.
    pub fn store(engine: &Engine, limits: &Limits, role: Role, secrets: &Arc<dyn Secrets>) -> Store<Self> {
        let state = Self {
            memory: MemoryMeter {
                bytes: 0,
                bytes_peak: 0,
                bytes_max: limits.memory_bytes_max,
                table_elements_max: limits.table_elements_max,
                instances_max: limits.core_instances_max,
                refused: false,
            },
            log: Log::default(),
            random: Random::from_seed(0),
            time_ms: 0,
            outgoing: Vec::new(),
            handles: 0,
            role,
            secrets: Arc::clone(secrets),
            stopwatch: Stopwatch::default(),
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.epoch_deadline_callback(|mut store| {
            let interrupt = store.data_mut().stopwatch.tick();
            Ok(if interrupt { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
        store
    }
}

/// What one call may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub fuel: u64,
    pub wall_ms: u32,
    pub log_bytes: usize,
    pub host_call_bytes: usize,
}

/// Makes a store ready for its next call: full fuel, an empty log, the call's clock and seed.
pub(crate) fn begin(
    store: &mut Store<CallState>,
    budget: Budget,
    context: &CallContext,
) -> wasmtime::Result<()> {
    store.set_fuel(budget.fuel)?;
    store.set_epoch_deadline(ticker::FIRST_TICK);
    store.set_hostcall_fuel(budget.host_call_bytes);
    let state = store.data_mut();
    state.log.begin(budget.log_bytes);
    state.random = Random::from_seed(context.seed);
    state.time_ms = context.time_ms;
    state.outgoing.clear();
    state.memory.refused = false;
    state.stopwatch = Stopwatch::new(budget.wall_ms);
    Ok(())
}

/// Counts the memory of an instance and refuses what is above the limit.
#[derive(Debug)]
pub(crate) struct MemoryMeter {
    /// Sum of the linear memories now.
    pub bytes: usize,
    /// Largest that the sum has been.
    pub bytes_peak: usize,
    pub bytes_max: usize,
    table_elements_max: usize,
    instances_max: usize,
    /// Something was refused since the call began.
    pub refused: bool,
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let sum = self.bytes.saturating_sub(current).saturating_add(desired);
        if sum > self.bytes_max || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = true;
            return Ok(false);
        }
        self.bytes = sum;
        self.bytes_peak = self.bytes_peak.max(sum);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let permitted = desired <= self.table_elements_max;
        self.refused |= !permitted;
        Ok(permitted)
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.instances_max
    }

    fn memories(&self) -> usize {
        self.instances_max
    }
}
