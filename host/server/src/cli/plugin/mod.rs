//! `waypost plugin`: from nothing to a component that decides.
//!
//! A subcommand is a file with its arguments and a `run`, and a line in [`What`] and in [`run`].

mod build;
mod folder;
mod new;
mod template;
mod test;

use clap::{Args, Subcommand};

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
}

/// Runs a subcommand.
pub(super) fn run(output: &mut Output, args: &PluginArgs) -> Result<Exit> {
    match &args.what {
        What::New(args) => new::run(output, args),
        What::Build(args) => build::run(output, args),
        What::Test(args) => test::run(output, args),
    }
}
