//! One call of a plugin, with its record for the trace.

use std::time::Instant;

use waypost_core::check::InvalidOutput;
use waypost_core::decision::{DecisionRecord, FaultClass, Name, Role};
use waypost_core::flow::{Decision, Fault};
use waypost_core::summary::Summary;

/// Whom the record names.
#[derive(Debug, Clone, Copy)]
pub struct Component<'a> {
    /// Which part is played.
    pub role: Role,
    /// The component's name in the configuration.
    pub name: &'a Name,
    /// Component and settings, by hash.
    pub revision: &'a Name,
}

/// Calls a plugin and records it. Fuel and memory are 0: nothing measures them here.
pub fn ask<T: Summary>(
    component: Component<'_>,
    call: impl FnOnce() -> Result<T, InvalidOutput>,
) -> Decision<T> {
    let began = Instant::now();
    let answer = call();
    let time_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let answer = answer.map_err(|invalid| Fault::new(FaultClass::InvalidOutput, invalid));
    let record = DecisionRecord {
        role: component.role,
        component: component.name.clone(),
        revision: component.revision.clone(),
        result: match &answer {
            Ok(answer) => answer.summary(),
            Err(fault) => fault.message.clone(),
        },
        fault: answer.as_ref().err().map(|fault| fault.class),
        fuel: 0,
        memory_bytes: 0,
        time_ns,
        log: Vec::new(),
        given: None,
    };
    Decision { answer, record }
}
