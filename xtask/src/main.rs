//! `cargo xtask run | edge | test | bench | tidy`: everything that a developer or CI needs to call.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command-line tool")]

mod bench;
mod command;
mod edge;
mod run;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask <command>

  run     build the gateway and start it with waypost.toml and a key for trying
  edge    package the Spin application of edge.toml, for `spin up`
  test    everything that has to hold: format, tidy, lints, tests, documentation; --spin
          insists on the cases in real Spin
  bench   measure; with --json one line a figure
  tidy    the project's own rules: invariants, names, sizes, generated files";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("run") => run::run(&arguments[1..]),
        Some("edge") => edge::edge(&arguments[1..]),
        Some("test") => test::test(&arguments[1..]),
        Some("bench") => bench::bench(&arguments[1..]),
        Some("tidy") => tidy::tidy(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
