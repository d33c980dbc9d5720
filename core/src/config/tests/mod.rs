//! Black-box tests of [`super::Config::parse`].

use super::*;

mod bad;
mod good;
mod random;
mod smpp;

/// Built-in components of the tests.
const KNOWN: [&str; 5] = ["country-blacklist", "least-cost", "sender-override", "simulator", "twilio"];

/// A file with every key.
const FULL: &str = include_str!("full.toml");

/// The least that a file must say.
const LEAST: &str = "[providers.simulator]\ncomponent = \"simulator\"\n[tenants.default]\n";

fn parse(text: &str) -> Result<Parsed, ConfigErrors> {
    Config::parse(text, "waypost.toml", &KNOWN)
}

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
