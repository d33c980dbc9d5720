//! Why a component was not compiled.

use waypost_core::decision::FaultClass;

use super::job::Failure;
use crate::load::LoadError;

/// Why a component was not compiled. Says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The component is refused, as [`crate::LoadError`] says.
    #[error("{reason}")]
    Refused {
        /// [`crate::LoadError::code`].
        code: String,
        /// What is wrong and what to do, for the component's author.
        reason: String,
        /// [`crate::LoadError::class`].
        class: FaultClass,
        /// What the component wrote to its log, and printed.
        log: Vec<String>,
    },
    /// It took too long by the clock on the wall.
    #[error(
        "compiling took longer than {wall_s} s and was stopped: make the component smaller, or try \
         again when the host has less to do"
    )]
    Timeout {
        /// The limit, in seconds.
        wall_s: u32,
    },
    /// It took too much processor time.
    #[error("compiling took more than {cpu_s} s of processor time: make the component smaller")]
    Cpu {
        /// The limit, in seconds.
        cpu_s: u32,
    },
    /// It took too much memory.
    #[error(
        "compiling needs more than {memory_bytes} bytes of memory: make the component's functions \
         smaller, or fewer"
    )]
    Memory {
        /// The limit, in bytes.
        memory_bytes: u64,
    },
    /// The compiler gave up for a reason that nobody foresaw.
    #[error("the compiler has failed ({how}): report this together with the component")]
    Failed {
        /// How it ended.
        how: String,
    },
    /// The host cannot compile at all.
    #[error("this host cannot compile: {reason}; the component may be well")]
    Host {
        /// Why.
        reason: String,
    },
    /// The host is being stopped.
    #[error("the host is being stopped: compile again")]
    Stopped,
}

impl CompileError {
    /// A stable code in snake_case, as the API shows it.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Timeout { .. } => "plugin_compile_timeout",
            Self::Cpu { .. } => "plugin_compile_cpu",
            Self::Memory { .. } => "plugin_compile_memory",
            Self::Failed { .. } => "plugin_compile_failed",
            Self::Host { .. } => "plugin_compile_unavailable",
            Self::Stopped => "plugin_compile_stopped",
        }
    }

    /// The class under which it is counted.
    #[must_use]
    pub fn class(&self) -> FaultClass {
        match self {
            Self::Refused { class, .. } => *class,
            Self::Timeout { .. } | Self::Cpu { .. } => FaultClass::Timeout,
            Self::Memory { .. } => FaultClass::OutOfMemory,
            Self::Failed { .. } => FaultClass::Refused,
            Self::Host { .. } | Self::Stopped => FaultClass::Unavailable,
        }
    }

    /// True where it says nothing of the component: another try may succeed.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        matches!(self, Self::Host { .. } | Self::Stopped)
    }

    /// What the component wrote to its log.
    #[must_use]
    pub fn log(&self) -> &[String] {
        if let Self::Refused { log, .. } = self { log } else { &[] }
    }

    pub(super) fn host(reason: impl ToString) -> Self {
        Self::Host { reason: reason.to_string() }
    }
}

impl From<Failure> for CompileError {
    fn from(Failure { code, reason, class, log }: Failure) -> Self {
        Self::Refused { code, reason, class, log }
    }
}

impl From<LoadError> for CompileError {
    fn from(error: LoadError) -> Self {
        Failure::from(error).into()
    }
}
