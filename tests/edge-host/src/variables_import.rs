//! `spin:variables/variables@3.0.0`, as the SDK imports it.

use wasmtime::component::{ComponentType, Linker, Lower};

use crate::state::State;
use crate::variables::check_name;

#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[allow(dead_code, reason = "the interface has it")]
    #[component(name = "provider")]
    Provider(String),
    #[allow(dead_code, reason = "the interface has it")]
    #[component(name = "other")]
    Other(String),
}

/// Links the one function of the interface.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance("spin:variables/variables@3.0.0")?.func_wrap_concurrent(
        "get",
        |store, (name,): (String,)| {
            Box::pin(async move { Ok((store.with(|mut store| get(store.get(), name)),)) })
        },
    )
}

fn get(state: &State, name: String) -> Result<String, Error> {
    if let Err(reason) = check_name(&name) {
        return Err(Error::InvalidName(format!("{name:?}: {reason}")));
    }
    let value = state.grants.variables.get(&name);
    value.cloned().ok_or_else(|| Error::Undefined(format!("no variable {name:?} for this component")))
}
