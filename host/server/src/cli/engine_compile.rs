//! `waypost engine-compile`: the process that compiles a tenant's component for `waypost serve`.

use std::io;

use waypost_engine::compile;

use super::error::{CliError, Exit, Result};

/// Does the one job on standard input. Not for people.
pub fn run() -> Result<Exit> {
    compile::run_child(io::stdin().lock(), io::stdout().lock())
        .map(|()| Exit::Ok)
        .map_err(|error| CliError::failed("engine_compile_failed", error.to_string()))
}
