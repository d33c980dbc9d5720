//! What a command ends with when it does not do what it was asked, and how people read it.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

/// How the process ends. The numbers are stable: scripts test them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// The command did what it was asked.
    Ok = 0,
    /// Something was refused or failed.
    Failed = 1,
    /// The command line, or a file that it names, is wrong.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Whether asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// The same request gets the same answer.
    Never,
    /// Later; after this time, where the server named one.
    Later(Option<Duration>),
}

/// Why a command failed.
#[derive(Debug, Clone)]
pub(super) struct CliError {
    /// Stable, snake_case; the server's own where it comes from there.
    pub code: String,
    /// What was wrong, for people.
    pub detail: String,
    /// What to do, where that is not in `detail`.
    pub hint: Option<String>,
    /// How the process ends.
    pub exit: Exit,
    /// Whether asking again may help.
    pub again: Again,
    /// The server's problem document, where it sent one.
    pub problem: Option<Box<Value>>,
}

pub(super) type Result<T> = std::result::Result<T, CliError>;

impl CliError {
    /// Something was refused or failed.
    pub fn failed(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
            hint: None,
            exit: Exit::Failed,
            again: Again::Never,
            problem: None,
        }
    }

    /// The command line, or a file that it names, is wrong.
    pub fn usage(code: &str, detail: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failed(code, detail) }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// True where whoever reads the output has gone: no fault, and nobody to tell.
    pub fn is_output_closed(&self) -> bool {
        self.code == OUTPUT_CLOSED
    }

    /// The lines for standard error.
    pub fn text(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("error: {} ({}){hint}", self.detail, self.code)
    }

    /// For programs: the server's problem document, or one of the same shape.
    pub fn document(&self) -> Value {
        self.problem.as_deref().cloned().unwrap_or_else(|| {
            let mut document = json!({ "code": self.code, "detail": self.detail });
            if let Some(hint) = &self.hint {
                document["hint"] = json!(hint);
            }
            document
        })
    }
}

const OUTPUT_CLOSED: &str = "output_closed";

/// Only for writing to standard output.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        let code = if closed { OUTPUT_CLOSED } else { "output_failed" };
        Self::failed(code, format!("cannot write the output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_code_and_hint() {
        let error = CliError::usage("key_missing", "no API key is given").hint("set WAYPOST_KEY");
        assert_eq!(error.text(), "error: no API key is given (key_missing)\nhint: set WAYPOST_KEY");
        assert_eq!(
            error.document(),
            json!({ "code": "key_missing", "detail": "no API key is given", "hint": "set WAYPOST_KEY" })
        );
        assert_eq!(error.exit, Exit::Usage);
    }

    #[test]
    fn a_closed_pipe_is_no_fault() {
        assert!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_output_closed());
        assert!(!CliError::from(io::Error::from(io::ErrorKind::StorageFull)).is_output_closed());
    }
}
