//! `waypost plugin`: from nothing to a component that decides.
//!
//! A subcommand is a file with its arguments and a `run`, and a line in [`What`] and in [`run`].

mod backtest;
mod build;
mod change;
mod folder;
mod logs;
mod new;
mod push;
mod template;
mod test;

use clap::{Args, Subcommand};

use super::client::Client;
use super::error::{Exit, Result};
use super::output::Output;

/// Write, build, test and use a plugin of your own
#[derive(Debug, Args)]
#[command(after_help = "A first policy:
  waypost plugin new consent-tag --lang rust --role screening
  cd consent-tag
  waypost plugin build
  waypost plugin test

docs/writing-plugins.md goes on from there.")]
pub(super) struct PluginArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    New(new::NewArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
    Push(push::PushArgs),
    Shadow(change::ShadowArgs),
    Backtest(backtest::BacktestArgs),
    Activate(change::ActivateArgs),
    Deactivate(change::DeactivateArgs),
    Rollback(change::RollbackArgs),
    Logs(logs::LogsArgs),
}

/// Runs a subcommand. `client` makes the client of a server, for those that need one.
pub(super) async fn run(
    output: &mut Output,
    args: &PluginArgs,
    client: impl FnOnce() -> Result<Client>,
) -> Result<Exit> {
    match &args.what {
        What::New(args) => new::run(output, args),
        What::Build(args) => build::run(output, args),
        What::Test(args) => test::run(output, args),
        What::Push(args) => push::run(&client()?, output, args).await,
        What::Shadow(args) => change::shadow(&client()?, output, args).await,
        What::Backtest(args) => backtest::run(&client()?, output, args).await,
        What::Activate(args) => change::activate(&client()?, output, args).await,
        What::Deactivate(args) => change::deactivate(&client()?, output, args).await,
        What::Rollback(args) => change::roll_back(&client()?, output, args).await,
        What::Logs(args) => logs::run(&client()?, output, args).await,
    }
}
