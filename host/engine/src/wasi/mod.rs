//! The inert WASI: what a component built for `wasm32-wasip2` imports as a matter of course, with
//! nothing behind it. Functions are defined from the component's own imports, so that every 0.2.x
//! is covered; the few with a real answer are in [`answer`], all others trap or say
//! `access-denied`.

mod answer;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{
    Component, Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Type, Val,
};
use wasmtime::{Store, StoreContextMut};

use crate::fault::NotInSandbox;
use crate::state::CallState;

/// Packages of WASI 0.2 that components may import.
const PACKAGES: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Standard output and error, the one kind of handle that is of use to a guest.
struct OutputStream;
/// Standard input, which is empty.
struct InputStream;
/// The network, which refuses everything.
struct Network;
/// Something to wait for, which is always ready: nothing in the sandbox takes time.
struct Pollable;
/// Every other kind of handle. There are none.
struct Other;

/// True for an import that [`link`] defines.
pub(crate) fn provides(import: &str) -> bool {
    let Some((package, version)) = parse(import) else { return false };
    PACKAGES.contains(&package) && version.starts_with("0.2.")
}

/// Defines every WASI interface that the component imports.
pub(crate) fn link(linker: &mut Linker<CallState>, component: &Component) -> wasmtime::Result<()> {
    let ty = component.component_type();
    for (name, import) in ty.imports(component.engine()) {
        if !provides(name) {
            continue;
        }
        let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
        let mut instance = linker.instance(name)?;
        for (item, export) in interface.exports(component.engine()) {
            match export.ty {
                ComponentItem::Resource(_) => define_resource(&mut instance, item)?,
                ComponentItem::ComponentFunc(_) => define_function(&mut instance, name, item)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// The package and version of `wasi:package/interface@version`.
fn parse(import: &str) -> Option<(&str, &str)> {
    let (package, rest) = import.strip_prefix("wasi:")?.split_once('/')?;
    let (_, version) = rest.split_once('@')?;
    Some((package, version))
}

fn define_resource(instance: &mut LinkerInstance<'_, CallState>, name: &str) -> wasmtime::Result<()> {
    let ty = match name {
        "output-stream" => ResourceType::host::<OutputStream>(),
        "input-stream" => ResourceType::host::<InputStream>(),
        "network" => ResourceType::host::<Network>(),
        "pollable" => ResourceType::host::<Pollable>(),
        _ => ResourceType::host::<Other>(),
    };
    instance.resource(name, ty, |mut store, _handle| {
        let handles = &mut store.data_mut().handles;
        *handles = handles.saturating_sub(1);
        Ok(())
    })
}

fn define_function(
    instance: &mut LinkerInstance<'_, CallState>,
    interface: &str,
    function: &str,
) -> wasmtime::Result<()> {
    let known = answer::find(interface, function);
    let path = format!("{interface}#{function}");
    instance.func_new(function, move |mut store, ty, arguments, results| {
        let value = match known {
            Some(answer) => answer(&mut store, arguments)?,
            None => Some(refusal(&path, &ty)?),
        };
        give_back(&mut store, arguments)?;
        if let (Some(value), Some(slot)) = (value, results.first_mut()) {
            *slot = value;
        }
        Ok(())
    })
}

/// Ends the loan of handles that the guest lent to a function, alone or in a list.
fn give_back(store: &mut StoreContextMut<'_, CallState>, arguments: &[Val]) -> wasmtime::Result<()> {
    for argument in arguments {
        match argument {
            Val::Resource(handle) => handle.resource_drop(&mut *store)?,
            Val::List(values) => give_back(store, values)?,
            _ => {}
        }
    }
    Ok(())
}

/// `access-denied` where the function's errors know it; else the call ends here.
fn refusal(path: &str, ty: &ComponentFunc) -> wasmtime::Result<Val> {
    let denied = ty.results().next().is_some_and(|result| match result {
        Type::Result(result) => match result.err() {
            Some(Type::Enum(codes)) => codes.names().any(|name| name == "access-denied"),
            _ => false,
        },
        _ => false,
    });
    if !denied {
        return Err(NotInSandbox(path.to_owned()).into());
    }
    Ok(Val::Result(Err(Some(Box::new(Val::Enum("access-denied".to_owned()))))))
}

/// Gives the guest a handle. `id` tells standard output from standard error.
fn handle<T: 'static>(store: &mut StoreContextMut<'_, CallState>, id: u32) -> wasmtime::Result<Option<Val>> {
    let handle = ResourceAny::try_from_resource(Resource::<T>::new_own(id), &mut *store)?;
    store.data_mut().handles += 1;
    Ok(Some(Val::Resource(handle)))
}

/// True while the guest holds a handle, which a snapshot of its memory would leave dangling.
pub(crate) fn holds_handles(store: &Store<CallState>) -> bool {
    store.data().handles > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wasi_0_2_without_http_is_provided() {
        let table = [
            ("wasi:cli/environment@0.2.0", true),
            ("wasi:io/streams@0.2.9", true),
            ("wasi:sockets/tcp@0.2.6", true),
            ("wasi:http/outgoing-handler@0.2.0", false),
            ("wasi:keyvalue/store@0.2.0", false),
            ("wasi:cli/environment@0.3.0", false),
            ("wasi:cli/environment", false),
            ("evil:host/files@1.0.0", false),
            ("wasi:", false),
        ];
        for (import, expected) in table {
            assert_eq!(provides(import), expected, "{import}");
        }
    }
}
