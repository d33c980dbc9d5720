//! Components put together, so that what one imports another exports.

use wac_graph::types::{Package, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// A component that satisfies imports of another.
pub(super) struct Plug<'a> {
    /// What errors call it.
    pub name: &'a str,
    /// The component.
    pub component: &'a [u8],
    /// Names of imports of the socket, each with the export of the plug that satisfies it.
    pub joints: Vec<(String, String)>,
}

/// Components that do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be composed: {reason}")]
pub(super) struct ComposeError {
    name: String,
    reason: String,
}

impl ComposeError {
    fn new(name: &str, reason: impl std::fmt::Display) -> Self {
        Self { name: name.to_owned(), reason: reason.to_string() }
    }
}

/// Composes `socket` with plugs. The result exports `export` alone, and imports what is still open
/// on any side. The same components give the same bytes.
pub(super) fn compose(
    name: &str,
    socket: &[u8],
    plugs: &[Plug<'_>],
    export: &str,
) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let (world, instance) = instantiate(&mut graph, name, "socket", socket)?;
    for (index, plug) in plugs.iter().enumerate() {
        // The graph wants each name once, and one component may be two plugs.
        let (_, plugged) = instantiate(&mut graph, plug.name, &format!("plug-{index}"), plug.component)?;
        for (import, export) in &plug.joints {
            join(&mut graph, (world, instance), (plug.name, plugged), (import, export))?;
        }
    }
    let failed = |error: &dyn std::fmt::Display| ComposeError::new(name, error);
    let node = graph.alias_instance_export(instance, export).map_err(|error| failed(&error))?;
    graph.export(node, export).map_err(|error| failed(&error))?;
    graph.encode(EncodeOptions::default()).map_err(|error| failed(&error))
}

fn instantiate(
    graph: &mut CompositionGraph,
    shown: &str,
    name: &str,
    component: &[u8],
) -> Result<(WorldId, NodeId), ComposeError> {
    let package = Package::from_bytes(name, None, component, graph.types_mut())
        .map_err(|error| ComposeError::new(shown, format_args!("{error:#}")))?;
    let world = package.ty();
    let package = graph.register_package(package).map_err(|error| ComposeError::new(shown, error))?;
    Ok((world, graph.instantiate(package)))
}

fn join(
    graph: &mut CompositionGraph,
    (world, socket): (WorldId, NodeId),
    (name, plug): (&str, NodeId),
    (import, export): (&str, &str),
) -> Result<(), ComposeError> {
    if !graph.types()[world].imports.contains_key(import) {
        return Err(ComposeError::new(name, format_args!("nothing imports {import}")));
    }
    let export = graph.alias_instance_export(plug, export).map_err(|error| ComposeError::new(name, error))?;
    graph.set_instantiation_argument(socket, import, export).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        ComposeError::new(name, format_args!("{error}{}", source.unwrap_or_default()))
    })
}
