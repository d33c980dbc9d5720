//! The configuration of a gateway: the common template, and tables that some cases add.

use std::path::Path;

use crate::kit::Simulator;

/// The environment variable with the key that the carrier signs with.
pub const CARRIER_KEY_VARIABLE: &str = "CARRIER_KEY";

/// A configuration that cases can share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Configuration {
    template: String,
}

/// What a target fills in.
pub struct Places<'a> {
    /// `address:port` to listen on.
    pub address: &'a str,
    /// What the carrier calls back.
    pub public_url: &'a str,
    /// The carrier.
    pub carrier: &'a Simulator,
}

impl Configuration {
    /// The template of `folder`, with the tables of `configurations/<name>.toml` behind it.
    pub fn read(folder: &Path, name: Option<&str>) -> Self {
        let read = |path: &Path| {
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let mut template = read(&folder.join("waypost.toml"));
        if let Some(name) = name {
            template.push('\n');
            template.push_str(&read(&folder.join("configurations").join(format!("{name}.toml"))));
        }
        Self { template }
    }

    /// The file as the gateway reads it.
    pub fn text(&self, places: &Places<'_>) -> String {
        self.template
            .replace("{public_url}", places.public_url)
            .replace("{carrier_url}", &places.carrier.url())
            .replace("{carrier_host}", &places.carrier.host())
            .replace("{hostile_component}", waypost_test_guests::HOSTILE_PATH)
            .replace("{address}", places.address)
    }
}
