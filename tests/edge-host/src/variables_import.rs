//! `spin:variables/variables@3.0.0`, as the SDK imports it, and `fermyon:spin/variables@2.0.0`, the
//! same in its synchronous form, as what signs imports it.

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

/// What a component has to inherit to have variables in their synchronous form.
pub(crate) const SYNCHRONOUS: &str = "fermyon:spin/variables@2.0.0";

/// Links the one function of each interface.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .instance(SYNCHRONOUS)?
        .func_wrap("get", |store, (name,): (String,)| Ok((get(store.data(), name),)))?;
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
