//! What went wrong in a call, and how an error of the runtime becomes one of the classes.

use std::fmt;

use wasmtime::{PoolConcurrencyLimitError, Trap};
use waypost_core::check::InvalidOutput;
use waypost_core::decision::FaultClass;

use crate::state::CallState;

/// A call that gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Fault {
    /// What kind of failure it is; decides what the binding says to do.
    pub class: FaultClass,
    /// For the component's owner. Never carries a number, a body or a secret.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(class: FaultClass, message: impl fmt::Display) -> Self {
        Self { class, message: message.to_string() }
    }
}

/// Why a call into a component gave no answer, before it has a class.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The runtime stopped the call.
    Runtime(wasmtime::Error),
    /// The answer came, but it breaks a rule.
    Invalid(String),
    /// The role of the component has no such call.
    WrongRole,
}

impl From<InvalidOutput> for CallError {
    fn from(InvalidOutput(message): InvalidOutput) -> Self {
        Self::Invalid(message)
    }
}

impl From<wasmtime::Error> for CallError {
    fn from(error: wasmtime::Error) -> Self {
        Self::Runtime(error)
    }
}

/// What the guest asked for by `wasi:cli/exit`, as an error that ends the call.
#[derive(Debug, thiserror::Error)]
#[error("the component called exit")]
pub(crate) struct Exited;

/// An export of the component has another type than the plugin API says.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongExport(pub String);

/// A host function that does not exist in the sandbox was called.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not available in the sandbox")]
pub(crate) struct NotInSandbox(pub String);

pub(crate) fn classify(error: CallError, state: &CallState) -> Fault {
    match error {
        CallError::Invalid(message) => Fault::new(FaultClass::InvalidOutput, message),
        CallError::WrongRole => Fault::new(FaultClass::Unavailable, "the component does not play this role"),
        CallError::Runtime(error) => classify_runtime(&error, state),
    }
}

fn classify_runtime(error: &wasmtime::Error, state: &CallState) -> Fault {
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::new(FaultClass::Unavailable, "every instance is in use");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            return Fault::new(FaultClass::OutOfFuel, "the call used up its fuel");
        }
        Some(Trap::Interrupt) => {
            return Fault::new(FaultClass::Timeout, "the call took longer than it may");
        }
        _ => {}
    }
    // A guest whose allocation fails aborts by `unreachable`: the cause is the refused memory.
    if state.memory.refused {
        return Fault::new(
            FaultClass::OutOfMemory,
            format_args!("it asked for more than {} bytes of memory", state.memory.bytes_max),
        );
    }
    if is_host_call_exhausted(error) {
        return Fault::new(FaultClass::InvalidOutput, "it handed too much data to the host at once");
    }
    if is_malformed_value(error) {
        return Fault::new(FaultClass::InvalidOutput, root_text(error));
    }
    Fault::new(FaultClass::Trap, root_text(error))
}

/// The runtime has no public type for this error.
fn is_host_call_exhausted(error: &wasmtime::Error) -> bool {
    root_text(error).contains("fuel allocated for hostcalls")
}

/// A value that does not keep to the canonical ABI: invalid UTF-8, a pointer out of bounds, a
/// discriminant that does not exist. Nothing of wasm ran into a trap.
fn is_malformed_value(error: &wasmtime::Error) -> bool {
    if error.is::<Trap>() || error.is::<Exited>() || error.is::<NotInSandbox>() {
        return false;
    }
    let text = root_text(error);
    ["utf-8", "out of bounds", "discriminant", "pointer not aligned", "char"]
        .iter()
        .any(|word| text.contains(word))
}

/// The innermost cause, without the backtrace that the runtime puts around it.
fn root_text(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}
