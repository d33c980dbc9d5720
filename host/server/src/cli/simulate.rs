//! `waypost simulate carrier`: the simulator as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use waypost_simulator::{Options, SchedulerOptions, Service, ServiceOptions, script};

use super::error::{CliError, Exit, Result};
use super::output::Output;

/// Stand in for a carrier, for tests and for trying things out
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Carrier(CarrierArgs),
}

/// Serve the carrier behind the `simulator` provider over HTTP
#[derive(Debug, Args)]
#[command(after_help = "The last three digits of a recipient say what happens: --table prints the list.

A provider that uses it:
  [providers.carrier]
  component = \"simulator\"
  settings = { endpoint = \"http://127.0.0.1:7800\" }
  secrets = { webhook = { env = \"WAYPOST_SIMULATOR_SIGNING_KEY\" } }
  hosts = [\"127.0.0.1:7800\"]")]
struct CarrierArgs {
    /// Address and port; port 0 takes any
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7800")]
    listen: SocketAddr,

    /// Time between answer and receipt, in milliseconds
    #[arg(long, value_name = "N", default_value_t = 300)]
    delay_ms: u64,

    /// All other waits, in percent of what the table says
    #[arg(long, value_name = "N", default_value_t = 100)]
    waits_percent: u32,

    /// Write each taken message to this file, and read it at the start
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Listen, and send webhooks, beyond this machine
    #[arg(long)]
    allow_remote: bool,

    /// Print the behaviours and end
    #[arg(long)]
    table: bool,

    /// Key of the webhooks' signatures
    #[arg(
        long,
        value_name = "KEY",
        env = "WAYPOST_SIMULATOR_SIGNING_KEY",
        default_value = "simulator",
        hide_env_values = true
    )]
    signing_key: String,

    /// Ask for this key as `Authorization: Bearer …`
    #[arg(long, value_name = "KEY", env = "WAYPOST_SIMULATOR_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

pub(super) async fn run(output: &mut Output, args: &SimulateArgs) -> Result<Exit> {
    let What::Carrier(args) = &args.what;
    if args.table {
        output.text(&script::markdown())?;
        return Ok(Exit::Ok);
    }
    let carrier = Options {
        delay_ms: args.delay_ms,
        waits_percent: args.waits_percent,
        api_key: args.api_key.clone(),
        journal: args.journal.clone(),
        ..Options::default()
    };
    let options = ServiceOptions {
        carrier,
        signing_key: args.signing_key.clone().into_bytes(),
        scheduler: SchedulerOptions::default(),
        remote_allowed: args.allow_remote,
    };
    let service = Service::bind(args.listen, options)
        .await
        .map_err(|error| CliError::failed("simulate_failed", error.to_string()))?;
    output.text(&format!("listening on {}", service.address()))?;
    service.run(stopped()).await;
    Ok(Exit::Ok)
}

async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
