//! What parent and child say to each other: a line of JSON with the job and then the component on
//! the child's standard input, and lines of JSON on its standard output.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use waypost_core::decision::{FaultClass, Role};

use crate::limits::Limits;
use crate::load::{LoadError, Step};

/// Longest line with a job, in bytes: settings and a path.
pub(super) const JOB_BYTES_MAX: u64 = 1024 * 1024;
/// Most that a child may say, in bytes.
pub(super) const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// What the child is to do. The component follows it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub name: String,
    pub role: Role,
    pub component_bytes: usize,
    pub settings: Value,
    pub limits: Limits,
    /// As [`crate::Reuse::Calls`]; none: fresh instances.
    pub reuse_calls: Option<u32>,
    pub cache_dir: PathBuf,
    pub cpu_s: u32,
    pub memory_bytes: u64,
    pub niceness: u8,
}

/// One line of the child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// It has come to this step.
    Step(Step),
    /// The code is in the cache.
    Done(Cost),
    /// The component is refused.
    Failed(Failure),
    /// The child itself had not enough memory.
    OutOfMemory,
}

/// What compiling has taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Processor time, in milliseconds.
    pub cpu_ms: u64,
    /// Most resident memory, in bytes; 0 where the system does not say.
    pub memory_bytes: u64,
}

/// A [`LoadError`] on its way to the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub code: String,
    pub reason: String,
    pub class: FaultClass,
    pub log: Vec<String>,
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let (code, class, reason) = (error.code().to_owned(), error.class(), error.to_string());
        let log = if let LoadError::Failed { log, .. } = error { log } else { Vec::new() };
        Self { code, reason, class, log }
    }
}
