//! `waypost serve`: hands over to the server.

use clap::Args;

use super::at::At;
use super::error::{CliError, Exit, Result};
use crate::serve::{self, Options};

/// Run the gateway until it is told to stop
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost serve
  waypost serve --config /etc/waypost/waypost.toml
  waypost serve --store redis://10.0.0.1:6379 --shared-config
  waypost serve --print-example      a fresh trial key, and a ready curl line with it

SIGINT or SIGTERM stops it: open requests and submits are finished first. SIGHUP reads the configuration
again; where it is wrong, the old one goes on. WAYPOST_LOG sets levels
of single modules, as in `info,waypost::dispatcher=debug`.")]
pub(super) struct ServeArgs {
    #[command(flatten)]
    at: At,

    /// Take tenants, providers and everything else that hosts share from the Redis of --store
    #[arg(long, requires = "store")]
    shared_config: bool,

    /// Make a key for trying, and print a ready curl line with it
    #[arg(long)]
    print_example: bool,
}

pub(super) fn run(args: &ServeArgs) -> Result<Exit> {
    let failed = |error: anyhow::Error| CliError::failed("serve_failed", format!("{error:#}"));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| failed(error.into()))?;
    if args.at.is_address() && !args.shared_config {
        return Err(CliError::usage(
            "shared_config_missing",
            "--store alone says nothing of tenants and providers",
        )
        .hint("add --shared-config, or name a file with --config"));
    }
    let options = Options { config: args.at.local()?, path: args.at.path(), trial_key: args.print_example };
    runtime.block_on(serve::run(options)).map_err(failed)?;
    Ok(Exit::Ok)
}
