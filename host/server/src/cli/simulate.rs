//! `waypost simulate carrier | smsc`: the other side of the wire as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use waypost_simulator::smsc::{self, Script, Smsc};
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
    Smsc(Box<SmscArgs>),
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

/// Serve an SMSC over SMPP 3.4 and 5.0
#[derive(Debug, Args)]
#[command(
    after_help = "The last three digits of a recipient say what happens: --table prints the list. Options come before the
script, which docs/smsc-simulator.md describes.

Examples:
  waypost simulate smsc
  waypost simulate smsc --system shop:secret --delay-ms 50 --jitter-ms 20 --window 100
  waypost simulate smsc --script flaky.toml --control 127.0.0.1:7802 --log arrived.jsonl
  curl 127.0.0.1:7802/counts
  curl 127.0.0.1:7802/deliver -d '{\"inbound\":{\"from\":\"+447400123456\",\"to\":\"10000\",\"text\":\"Hello\"}}'"
)]
struct SmscArgs {
    /// Address and port; port 0 takes any [default: 127.0.0.1:2775]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Script in TOML: everything that there are options for, and more
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// Address and port of the HTTP control, on this machine
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,

    /// Who may bind, as SYSTEM_ID:PASSWORD; can be given again. Without it: anybody
    #[arg(long = "system", value_name = "ID:PASSWORD", value_parser = system)]
    systems: Vec<smsc::script::System>,

    /// Time before an answer to a submit, in milliseconds
    #[arg(long, value_name = "N")]
    delay_ms: Option<u64>,

    /// And up to so much more, by chance
    #[arg(long, value_name = "N")]
    jitter_ms: Option<u64>,

    /// Most submits of a link without an answer; beyond, ESME_RTHROTTLED
    #[arg(long, value_name = "N")]
    window: Option<usize>,

    /// Submits a second and link; beyond, ESME_RTHROTTLED
    #[arg(long, value_name = "N")]
    per_second: Option<u32>,

    /// Share of submits that are answered with ESME_RSYSERR: 0 to 1
    #[arg(long, value_name = "SHARE")]
    errors: Option<f64>,

    /// Time between answer and receipt, in milliseconds
    #[arg(long, value_name = "N")]
    receipt_delay_ms: Option<u64>,

    /// All waits of the table, in percent of what it says
    #[arg(long, value_name = "N")]
    waits_percent: Option<u32>,

    /// Break each link after so many submits
    #[arg(long, value_name = "N")]
    drop_after: Option<u64>,

    /// Seed of what happens by chance
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Append what arrives, and what is answered, to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,

    /// Listen beyond this machine
    #[arg(long)]
    allow_remote: bool,

    /// Print the behaviours and end
    #[arg(long)]
    table: bool,
}

pub(super) async fn run(output: &mut Output, args: &SimulateArgs) -> Result<Exit> {
    match &args.what {
        What::Carrier(args) => carrier(output, args).await,
        What::Smsc(args) => smsc(output, args).await,
    }
}

async fn carrier(output: &mut Output, args: &CarrierArgs) -> Result<Exit> {
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

async fn smsc(output: &mut Output, args: &SmscArgs) -> Result<Exit> {
    if args.table {
        output.text(&smsc::markdown())?;
        return Ok(Exit::Ok);
    }
    let script = args.script()?;
    if !args.allow_remote && !script.listen.ip().is_loopback() {
        let said = format!("{} is not of this machine", script.listen);
        return Err(
            CliError::usage("listen_not_loopback", said).hint("listen on 127.0.0.1, or add --allow-remote")
        );
    }
    let failed = |error: smsc::SmscError| CliError::failed("simulate_failed", error.to_string());
    let smsc = Smsc::start(script).await.map_err(failed)?;
    output.text(&format!("listening on {}", smsc.addr))?;
    if let Some(address) = smsc.control_addr {
        output.text(&format!("control on http://{address}"))?;
    }
    smsc.run(stopped()).await;
    Ok(Exit::Ok)
}

impl SmscArgs {
    /// The script, and what the options change of it.
    fn script(&self) -> Result<Script> {
        let wrong = |error: smsc::ScriptError| CliError::usage("script_invalid", error.to_string());
        let mut script = match &self.script {
            Some(path) => Script::read(path).map_err(wrong)?,
            None => Script { listen: SocketAddr::from(([127, 0, 0, 1], 2775)), ..Script::default() },
        };
        fn set<T: Copy>(value: &mut T, option: Option<T>) {
            *value = option.unwrap_or(*value);
        }
        set(&mut script.listen, self.listen);
        script.control = self.control.or(script.control);
        script.systems.extend(self.systems.iter().cloned());
        set(&mut script.submit.delay_ms, self.delay_ms);
        set(&mut script.submit.jitter_ms, self.jitter_ms);
        set(&mut script.submit.window, self.window);
        set(&mut script.submit.per_second, self.per_second);
        if let Some(share) = self.errors {
            script.errors.push(smsc::script::Chance { status: smsc::Status::RSYSERR, share });
        }
        set(&mut script.receipts.delay_ms, self.receipt_delay_ms);
        set(&mut script.waits_percent, self.waits_percent);
        set(&mut script.drops.after_submits, self.drop_after);
        set(&mut script.seed, self.seed);
        script.log.file = self.log.clone().or(script.log.file);
        script.check().map_err(wrong)?;
        Ok(script)
    }
}

fn system(text: &str) -> std::result::Result<smsc::script::System, String> {
    let (system_id, password) = text.split_once(':').ok_or("give SYSTEM_ID:PASSWORD")?;
    Ok(smsc::script::System::new(system_id, password))
}

async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
