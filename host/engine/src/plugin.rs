//! A component that is ready, and the run of one call into it.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::Store;
use waypost_core::decision::{DecisionRecord, FaultClass, Name, Role};

use crate::fault::{CallError, Fault, classify};
use crate::limits::Limits;
use crate::linked::Linked;
use crate::load::{LoadError, Prepared, Stage, Step, Terms};
use crate::pool::{Idle, Pool, Reuse};
use crate::probe;
use crate::question::{Answer, Bound, Question};
use crate::runtime::Runtime;
use crate::secrets::{NoSecrets, Secrets};
use crate::settings::Revision;
use crate::snapshot::readable;
use crate::state::{Budget, CallContext, CallState, begin};

/// What a call came to, and the record of it for the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<T> {
    /// The answer, or what went wrong.
    pub answer: Result<T, Fault>,
    /// For the trace of the message.
    pub record: DecisionRecord,
}

/// What is known of a loaded component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Its name in the configuration.
    pub name: Name,
    /// The part that it plays.
    pub role: Role,
    /// Component and settings, by hash.
    pub revision: Revision,
    /// The version of the plugin API that it was built for.
    pub api: &'static str,
    /// The JSON Schema of its settings.
    pub schema: String,
    /// Its calls begin where configuring ended. Otherwise each instance is configured anew.
    pub snapshotted: bool,
    /// Nothing was compiled for it: its code was in the cache on disk, or is loaded already.
    pub cached: bool,
    /// How many calls an instance serves.
    pub reuse: Reuse,
}

/// A component that is ready to be called.
pub(crate) struct Plugin {
    pub info: Info,
    linked: Arc<Linked>,
    limits: Limits,
    pool: Pool,
    secrets: Arc<dyn Secrets>,
    /// For instances that do not begin configured.
    settings: Option<String>,
    /// Keeps the epoch moving.
    _runtime: Arc<Runtime>,
}

impl Plugin {
    pub fn new(
        runtime: Arc<Runtime>,
        prepared: Prepared,
        terms: Terms,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Self, LoadError> {
        let Prepared { revision, linked, settings, cached } = prepared;
        let plugin = Self {
            info: Info {
                name: terms.name,
                role: terms.role,
                revision,
                api: linked.api,
                schema: linked.schema.clone(),
                snapshotted: linked.snapshotted,
                cached,
                reuse: terms.reuse,
            },
            settings: (!linked.snapshotted).then_some(settings),
            linked,
            limits: terms.limits,
            pool: Pool::new(terms.reuse, runtime.idle.clone()),
            secrets: terms.secrets,
            _runtime: runtime,
        };
        on_step(Step::Probing);
        plugin.probe()?;
        Ok(plugin)
    }

    /// One call: a question, an answer or a fault, and the record of both.
    pub fn ask(
        &self,
        question: &Question<'_>,
        context: &CallContext,
    ) -> (Result<Answer, Fault>, DecisionRecord) {
        let started = Instant::now();
        let mut record = DecisionRecord {
            role: self.info.role,
            component: Name::clone(&self.info.name),
            revision: Name::clone(self.info.revision.short()),
            result: String::new(),
            fault: None,
            fuel: 0,
            memory_bytes: 0,
            time_ns: 0,
            log: Vec::new(),
            given: None,
        };
        let answer = self.check_input(question).and_then(|()| self.run(question, context, &mut record));
        match &answer {
            Ok(answer) => record.result = answer.summary(),
            Err(fault) => {
                record.fault = Some(fault.class);
                record.result = readable(&fault.message);
            }
        }
        record.time_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        (answer, record)
    }

    fn probe(&self) -> Result<(), LoadError> {
        probe::ask(self).map_err(|(fault, log)| LoadError::failed(Stage::Probe, fault, log))
    }

    fn check_input(&self, question: &Question<'_>) -> Result<(), Fault> {
        let bytes = question.bytes() - question.http_bytes();
        if bytes > self.limits.input_bytes_max {
            return Err(Fault::new(
                FaultClass::Unavailable,
                format_args!(
                    "the input has {bytes} bytes, above the limit of {}",
                    self.limits.input_bytes_max
                ),
            ));
        }
        Ok(())
    }

    fn run(
        &self,
        question: &Question<'_>,
        context: &CallContext,
        record: &mut DecisionRecord,
    ) -> Result<Answer, Fault> {
        let budget = self.budget(question);
        let (mut store, instance, calls_left) = match self.pool.take() {
            Some(Idle { mut store, instance, calls_left }) => {
                begin(&mut store, budget, context).map_err(unavailable)?;
                (store, instance, calls_left - 1)
            }
            None => {
                let (store, instance) = self.fresh(budget, context, record)?;
                (store, instance, self.pool.draw_calls_left())
            }
        };
        let answer = instance.ask(&mut store, question, &self.limits);
        note(record, &mut store, budget);
        let answer = answer.map_err(|error| classify(error, store.data()))?;
        if calls_left > 0 && !store.data().memory.refused {
            self.pool.put(Idle { store, instance, calls_left });
        }
        Ok(answer)
    }

    /// A new instance, configured, that has begun a call.
    fn fresh(
        &self,
        budget: Budget,
        context: &CallContext,
        record: &mut DecisionRecord,
    ) -> Result<(Store<CallState>, Box<dyn Bound>), Fault> {
        let engine = self.linked.binding.engine();
        let mut store = CallState::store(engine, &self.limits, self.info.role, &self.secrets);
        let instance = self.start(&mut store, budget, context);
        match instance {
            Ok(instance) => Ok((store, instance)),
            Err(error) => {
                note(record, &mut store, budget);
                Err(classify(error, store.data()))
            }
        }
    }

    fn start(
        &self,
        store: &mut Store<CallState>,
        budget: Budget,
        context: &CallContext,
    ) -> Result<Box<dyn Bound>, CallError> {
        let Some(settings) = &self.settings else {
            begin(store, budget, context)?;
            return Ok(self.linked.binding.instantiate(store)?);
        };
        // As when it was loaded: the same seed, and no secrets. But the fuel is the call's: a
        // message waits for it.
        let setup = CallContext { time_ms: 0, seed: self.info.revision.seed() };
        store.data_mut().secrets = Arc::new(NoSecrets);
        begin(store, Budget { host_call_bytes: self.limits.schema_bytes_max, ..budget }, &setup)?;
        let instance = self.linked.binding.instantiate(store)?;
        instance.configure(store, settings)?.map_err(|reason| {
            CallError::Invalid(format!("it refuses its settings: {}", readable(&reason)))
        })?;
        store.data_mut().secrets = Arc::clone(&self.secrets);
        let fuel = store.get_fuel()?;
        begin(store, Budget { fuel, ..budget }, context)?;
        Ok(instance)
    }

    fn budget(&self, question: &Question<'_>) -> Budget {
        let limits = &self.limits;
        let bodies = match self.info.role {
            Role::Provider => 2 * limits.http_body_bytes_max,
            _ => 0,
        };
        Budget {
            fuel: limits.fuel_max.saturating_add(limits.fuel_per_segment.saturating_mul(question.segments())),
            wall_ms: limits.wall_ms,
            log_bytes: limits.log_bytes_max,
            host_call_bytes: limits.host_call_bytes_max + bodies,
        }
    }
}

/// Writes down what the call used.
fn note(record: &mut DecisionRecord, store: &mut Store<CallState>, budget: Budget) {
    let left = store.get_fuel().unwrap_or_default();
    record.fuel = budget.fuel.saturating_sub(left);
    let state = store.data_mut();
    record.memory_bytes = state.memory.bytes_peak as u64;
    record.log = state.log.take();
}

fn unavailable(error: wasmtime::Error) -> Fault {
    Fault::new(FaultClass::Unavailable, error)
}
