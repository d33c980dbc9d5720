//! Why an application does not start.

use std::io;
use std::path::PathBuf;

use crate::plug::PlugError;

/// Why an application does not start. Each names the place in the manifest.
#[derive(Debug, thiserror::Error)]
pub enum EdgeHostError {
    /// A file that the manifest names, or the manifest itself, cannot be read.
    #[error("{place}: cannot read {path}: {source}", path = .path.display())]
    Read {
        /// Which part of the manifest names it.
        place: String,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The manifest is no TOML, or has a key that this host does not know.
    #[error("{path}: {reason}", path = .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The reader's own words, with line and column.
        reason: String,
    },
    /// A value in the manifest or in the options that cannot be.
    #[error("{place}: {reason}")]
    Value {
        /// Which part of the manifest or of the options.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A dependency does not fit its component.
    #[error("{place}: {source}")]
    Plug {
        /// The component's table of dependencies.
        place: String,
        /// What does not fit.
        source: PlugError,
    },
    /// Something that the composed component imports is in no library of the host.
    #[error(
        "{place}: nothing provides the import `{import}`: Spin links wasi, spin:redis and \
         spin:variables only, and does not link dependencies with each other. Plug it before, or \
         list it in the dependencies if it is the component's own"
    )]
    OpenImport {
        /// The component.
        place: String,
        /// The import.
        import: String,
    },
    /// The component cannot be compiled or linked, or is no HTTP handler.
    #[error("{place}: {reason}")]
    Component {
        /// The component.
        place: String,
        /// What wasmtime says.
        reason: String,
    },
    /// The port cannot be opened, or the engine not be made.
    #[error("cannot start the host: {0}")]
    Start(String),
}

impl EdgeHostError {
    pub(crate) fn value(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Value { place: place.into(), reason: reason.into() }
    }
}
