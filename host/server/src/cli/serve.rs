//! `waypost serve`: hands over to the server.

use std::path::PathBuf;

use clap::Args;

use super::error::{CliError, Exit, Result};
use crate::serve::{self, Options};

/// Run the gateway until it is told to stop
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost serve
  waypost serve --config /etc/waypost/waypost.toml
  waypost serve --print-example      a fresh trial key, and a ready curl line with it

SIGINT or SIGTERM stops it: open requests and submits are finished first. WAYPOST_LOG sets levels
of single modules, as in `info,waypost::dispatcher=debug`.")]
pub(super) struct ServeArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "waypost.toml")]
    config: PathBuf,

    /// Make a key for trying, and print a ready curl line with it
    #[arg(long)]
    print_example: bool,
}

pub(super) fn run(args: &ServeArgs) -> Result<Exit> {
    let failed = |error: anyhow::Error| CliError::failed("serve_failed", format!("{error:#}"));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| failed(error.into()))?;
    let options = Options { config: args.config.clone(), trial_key: args.print_example };
    runtime.block_on(serve::run(options)).map_err(failed)?;
    Ok(Exit::Ok)
}
