//! The command line. Results go to standard output, remarks and errors to standard error; the
//! exit codes are stable: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reachable.

mod at;
mod check;
mod client;
mod config;
mod dead_letters;
mod edge;
mod engine_compile;
mod error;
mod explain;
#[cfg(test)]
mod fake;
mod hosts;
mod keys;
mod list;
mod message_args;
mod messages;
mod output;
mod plugin;
mod send;
mod send_csv;
mod serve;
mod simulate;
mod tenants;
mod timeline;
mod wait;
mod wire;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use client::{Client, Key};
use error::{CliError, Exit, Result};
use output::Output;

/// Largest key file, in bytes.
const KEY_FILE_BYTES_MAX: usize = 4096;

/// Waypost, a programmable SMS gateway: one binary is the server and its command line
#[derive(Debug, Parser)]
#[command(name = "waypost", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reachable.

A first message:
  waypost check waypost.toml
  waypost serve &
  export WAYPOST_KEY=$(waypost keys create --tenant demo --label me --scope send --scope read)
  waypost send --to +447400123456 --text Hello --wait")]
struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Server and output")]
struct Global {
    /// Address of the server
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "WAYPOST_URL",
        default_value = "http://127.0.0.1:7700"
    )]
    server: String,

    /// API key. Others on this machine can see arguments: rather use the variable or --key-file
    #[arg(long, global = true, value_name = "KEY", env = "WAYPOST_KEY", hide_env_values = true)]
    key: Option<KeyText>,

    /// File with the API key; comes before --key
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Print one JSON document, for programs
    #[arg(long, global = true)]
    json: bool,
}

/// A key as it was given. Checked only when it is used: clap would repeat a wrong one in its error.
#[derive(Clone)]
struct KeyText(String);

impl From<String> for KeyText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(…)")
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    Edge(edge::EdgeArgs),
    Keys(keys::KeysArgs),
    Config(config::ConfigArgs),
    Hosts(hosts::HostsArgs),
    Send(Box<send::SendArgs>),
    Explain(Box<explain::ExplainArgs>),
    Messages(messages::MessagesArgs),
    DeadLetters(dead_letters::DeadLettersArgs),
    Plugin(plugin::PluginArgs),
    Tenants(tenants::TenantsArgs),
    Simulate(simulate::SimulateArgs),
    /// Compiles a component for a server that has started this process
    #[command(hide = true)]
    EngineCompile,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to complain to where this fails.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let mut output = Output::stdout(cli.global.json);
    match run_command(&cli, &mut output) {
        Ok(exit) => exit.into(),
        Err(error) if error.is_output_closed() => Exit::Ok.into(),
        Err(error) => {
            output.error(&error);
            error.exit.into()
        }
    }
}

fn run_command(cli: &Cli, output: &mut Output) -> Result<Exit> {
    let global = &cli.global;
    match &cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(output, args),
        Command::Edge(args) => edge::run(output, args),
        Command::Keys(args) => block_on(keys::run(output, args)),
        Command::Config(args) => block_on(config::run(output, args)),
        Command::Hosts(args) => block_on(hosts::run(output, args)),
        Command::Send(args) => block_on(send::run(&global.client()?, output, args)),
        Command::Explain(args) => block_on(explain::run(&global.client()?, output, args)),
        Command::Messages(args) => block_on(messages::run(&global.client()?, output, args)),
        Command::DeadLetters(args) => block_on(dead_letters::run(&global.client()?, output, args)),
        Command::Tenants(args) => block_on(tenants::run(&global.client()?, output, args)),
        Command::Plugin(args) => block_on(plugin::run(output, args, || global.client())),
        Command::Simulate(args) => block_on(simulate::run(output, args)),
        Command::EngineCompile => engine_compile::run(),
    }
}

impl Global {
    fn client(&self) -> Result<Client> {
        let key = match (&self.key_file, &self.key) {
            (Some(file), _) => {
                let bytes = message_args::read_input(file, KEY_FILE_BYTES_MAX)?;
                Key::new(&String::from_utf8_lossy(&bytes))?
            }
            (None, Some(key)) => Key::new(&key.0)?,
            (None, None) => {
                return Err(CliError::usage("key_missing", "no API key is given")
                    .hint("set WAYPOST_KEY or use --key-file; `waypost keys create` makes a key"));
            }
        };
        Client::new(&self.server, key)
    }
}

/// A command needs one thread; the server brings its own.
fn block_on(command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| CliError::failed("runtime_failed", format!("cannot start the runtime: {error}")))?;
    runtime.block_on(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    const ID: &str = "msg_01h455vb4pex5vsknk084sn02q";

    #[test]
    fn the_tree_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn good_lines_are_understood() {
        for line in [
            "serve",
            "serve --config /etc/waypost.toml --print-example",
            "check waypost.toml --json",
            "edge check --config waypost.toml --redis redis://127.0.0.1:6379 --json",
            "edge package --out app --dry-run --spinkube --manifest spin.toml",
            "keys create --tenant demo --label ci --scope send --scope read",
            "keys create --tenant demo --label ci --scope send,read --config x.toml",
            "keys list --json",
            "keys create --tenant demo --label ci --role plugin-author --expires 90d",
            "keys rotate abcdefgh0123 --overlap 2h",
            "tenants list --all",
            "tenants show acme --json",
            "tenants put acme --settings acme.toml --plan plan.json --disable --if-version 3",
            "tenants delete acme --force",
            "keys list --store redis://127.0.0.1:6379",
            "serve --store redis://127.0.0.1 --shared-config",
            "hosts --store redis://127.0.0.1",
            "config push waypost.toml --note x --force --config host.toml",
            "config show 3",
            "config show",
            "config history --json",
            "config rollback 2",
            "keys revoke abcdefgh0123",
            "send --to +44 --text Hi",
            "send --to +44 --to +45 --text Hi --tag a --tag b --priority 3 --valid-for 2h",
            "send --to +44 --text-file - --encoding ucs2 --max-segments 3 --replace-lookalikes",
            "send --to +44 --data-file x.bin --wait --timeout 5m",
            "send --csv a.csv --in-flight 64 --job spring --failed b.csv --delimiter ;",
            "--json --server http://x:1 explain --to +44 --text Hi",
            "explain --to +44 --text Hi --server https://x",
            "plugin new night-owl --lang rust --role sender-identity --dir x",
            "plugin build --dir x",
            "plugin test --component x.wasm --only night --log --json",
            "messages list --status queued,held --status failed --all",
            &format!("messages show {ID}"),
            &format!("messages cancel {ID} --json"),
            "dead-letters list --class transient",
            "dead-letters redrive --class system --code 20003 --limit 10",
            "dead-letters redrive --all",
            &format!("dead-letters redrive {ID}"),
            &format!("dead-letters delete {ID}"),
        ] {
            let words = std::iter::once("waypost").chain(line.split(' '));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn wrong_lines_are_refused() {
        use ErrorKind::{
            ArgumentConflict, InvalidSubcommand, InvalidValue, MissingRequiredArgument, UnknownArgument,
            ValueValidation,
        };
        for (line, kind) in [
            ("sned", InvalidSubcommand),
            ("check", MissingRequiredArgument),
            ("config push", MissingRequiredArgument),
            ("config rollback", MissingRequiredArgument),
            ("serve --shared-config", MissingRequiredArgument),
            ("keys create --tenant demo --label x", MissingRequiredArgument),
            ("keys create --tenant demo --label x --scope sent", InvalidValue),
            ("keys create --tenant demo --label x --scope send --role admin", ArgumentConflict),
            ("keys create --tenant demo --label x --role admin --expires 5s", ValueValidation),
            ("keys rotate abcdefgh0123 --overlap 8d", ValueValidation),
            ("tenants put acme --enable --disable", ArgumentConflict),
            ("send --text Hi", MissingRequiredArgument),
            ("send --to +44 --text Hi --text-file x", ArgumentConflict),
            ("send --to +44 --text Hi --data-file x", ArgumentConflict),
            ("send --to +44 --csv x", ArgumentConflict),
            ("send --csv x --wait", ArgumentConflict),
            ("send --csv x --idempotency-key k", ArgumentConflict),
            ("send --to +44 --text Hi --job x", ArgumentConflict),
            ("send --to +44 --text Hi --timeout 5s", MissingRequiredArgument),
            ("send --to +44 --text Hi --priority 4", ValueValidation),
            ("send --to +44 --text Hi --valid-for 8d", ValueValidation),
            ("send --to +44 --text Hi --max-segments 0", ValueValidation),
            ("send --to +44 --text Hi --encoding utf8", InvalidValue),
            ("send --csv x --in-flight 0", ValueValidation),
            ("explain --to +44 --text Hi --wait", UnknownArgument),
            ("messages show 17", ValueValidation),
            ("plugin new x --lang cobol --role screening", InvalidValue),
            ("plugin new x --lang rust --role provider", InvalidValue),
            ("messages list --status sent", InvalidValue),
            ("messages list --limit 5 --all", ArgumentConflict),
            ("dead-letters redrive", MissingRequiredArgument),
            (&format!("dead-letters redrive {ID} --all"), ArgumentConflict),
            ("dead-letters list --class bad", InvalidValue),
        ] {
            let words = std::iter::once("waypost").chain(line.split(' '));
            let error = Cli::try_parse_from(words).expect_err(line);
            assert_eq!(error.kind(), kind, "{line}: {error}");
            assert_eq!(error.exit_code(), Exit::Usage as i32);
        }
    }

    #[test]
    fn keys_are_nowhere_in_what_is_shown() {
        crate::transport::install_tls_provider();
        for (key, good) in [(fake::KEY, true), ("hunter2", false)] {
            let cli = Cli::try_parse_from(["waypost", "messages", "list", "--key", key]).unwrap();
            assert!(!format!("{cli:?}").contains(key));
            let client = cli.global.client();
            assert_eq!(client.is_ok(), good);
            assert!(!format!("{client:?}").contains(key));
        }
    }

    #[test]
    fn a_key_comes_from_a_file_or_is_missed() {
        crate::transport::install_tls_provider();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let global = |key_file: Option<PathBuf>| Global {
            server: "http://127.0.0.1:1".to_owned(),
            key: None,
            key_file,
            json: false,
        };
        std::fs::write(&file, format!("{}\n", fake::KEY)).unwrap();
        assert!(global(Some(file.clone())).client().is_ok());
        std::fs::write(&file, "nothing").unwrap();
        assert_eq!(global(Some(file)).client().unwrap_err().code, "key_malformed");
        assert_eq!(global(None).client().unwrap_err().code, "key_missing");
    }
}
