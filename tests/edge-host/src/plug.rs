//! Composition: imports of one component are satisfied by exports of others.
//!
//! Knows nothing of Spin or of this host, so that it can move to where applications are packaged.

use wac_graph::types::{Package, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// A component that satisfies imports of another.
#[derive(Debug, Clone)]
pub struct Plug<'a> {
    /// What errors call it: the key of a manifest, the name of a file.
    pub name: &'a str,
    /// The component.
    pub component: &'a [u8],
    /// The imports that it satisfies, each by its export of the same name.
    pub imports: Vec<String>,
}

/// Why components do not fit.
#[derive(Debug, thiserror::Error)]
pub enum PlugError {
    /// Bytes that are no component.
    #[error("`{name}` is no component: {reason}")]
    NoComponent {
        /// The socket or the plug.
        name: String,
        /// What the parser says.
        reason: String,
    },
    /// The component that is plugged into does not import this.
    #[error("`{plug}` is meant for the import `{import}`, which the component does not have")]
    NoImport {
        /// The plug.
        plug: String,
        /// The import.
        import: String,
    },
    /// The plug does not export what it is meant for.
    #[error("`{plug}` does not export `{import}`")]
    NoExport {
        /// The plug.
        plug: String,
        /// The import it should satisfy.
        import: String,
    },
    /// Both have the name, with different types, or two plugs are meant for the same import.
    #[error("`{plug}` does not fit the import `{import}`: {reason}")]
    Mismatch {
        /// The plug.
        plug: String,
        /// The import.
        import: String,
        /// What differs.
        reason: String,
    },
    /// The composition cannot be written.
    #[error("the composition cannot be written: {0}")]
    Encode(String),
}

/// Composes `socket` with `plugs`. Each plug is instantiated once, whatever number of imports it
/// satisfies. The result exports what `socket` exports, and imports what is still open on any side.
///
/// # Errors
/// See [`PlugError`].
pub fn plug(socket: &[u8], plugs: &[Plug<'_>]) -> Result<Vec<u8>, PlugError> {
    let mut graph = CompositionGraph::new();
    let (world, instance) = instantiate(&mut graph, "socket", "socket", socket)?;
    for (index, plug) in plugs.iter().enumerate() {
        // The graph wants each name once, and one file may be two plugs.
        let (_, plugged) = instantiate(&mut graph, plug.name, &format!("plug-{index}"), plug.component)?;
        for import in &plug.imports {
            connect(&mut graph, (world, instance), (plug, plugged), import)?;
        }
    }
    let exports: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for export in exports {
        let node = graph.alias_instance_export(instance, &export).map_err(encode)?;
        graph.export(node, &export).map_err(encode)?;
    }
    graph.encode(EncodeOptions::default()).map_err(encode)
}

/// The names of what a component imports.
///
/// # Errors
/// [`PlugError::NoComponent`].
pub fn imports(component: &[u8]) -> Result<Vec<String>, PlugError> {
    let mut graph = CompositionGraph::new();
    let (world, _) = instantiate(&mut graph, "component", "component", component)?;
    Ok(graph.types()[world].imports.keys().cloned().collect())
}

fn instantiate(
    graph: &mut CompositionGraph,
    shown: &str,
    name: &str,
    component: &[u8],
) -> Result<(WorldId, NodeId), PlugError> {
    let failed = |reason: String| PlugError::NoComponent { name: shown.to_owned(), reason };
    let package = Package::from_bytes(name, None, component, graph.types_mut())
        .map_err(|error| failed(format!("{error:#}")))?;
    let world = package.ty();
    let package = graph.register_package(package).map_err(|error| failed(error.to_string()))?;
    Ok((world, graph.instantiate(package)))
}

fn connect(
    graph: &mut CompositionGraph,
    (world, socket): (WorldId, NodeId),
    (plug, plugged): (&Plug<'_>, NodeId),
    import: &str,
) -> Result<(), PlugError> {
    let named = || (plug.name.to_owned(), import.to_owned());
    if !graph.types()[world].imports.contains_key(import) {
        let (plug, import) = named();
        return Err(PlugError::NoImport { plug, import });
    }
    let export = graph.alias_instance_export(plugged, import).map_err(|_| {
        let (plug, import) = named();
        PlugError::NoExport { plug, import }
    })?;
    graph.set_instantiation_argument(socket, import, export).map_err(|error| {
        let (plug, import) = named();
        let reason = std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        PlugError::Mismatch { plug, import, reason }
    })
}

fn encode(error: impl std::fmt::Display) -> PlugError {
    PlugError::Encode(error.to_string())
}
