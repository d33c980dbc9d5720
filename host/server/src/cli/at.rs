//! Where a command finds the configuration of its host, and with it the store.

use std::path::PathBuf;

use clap::Args;
use waypost_core::config::Config;
use waypost_core::redis::fleet::Fleet;

use super::error::{CliError, Result};
use crate::store::Opened;
use crate::{serve, store};

/// The password of the Redis that `--store` names.
const PASSWORD: &str = "WAYPOST_REDIS_PASSWORD";

/// The store, by configuration file or by address
#[derive(Debug, Args)]
pub(super) struct At {
    /// Configuration file of this host; it says where the store is
    #[arg(long, value_name = "FILE", default_value = "waypost.toml", global = true)]
    config: PathBuf,

    /// Address of a Redis, instead of a file: `redis://host:port`. Its password, if it has one, is in
    /// WAYPOST_REDIS_PASSWORD
    #[arg(long, value_name = "URL", global = true)]
    store: Option<String>,
}

impl At {
    /// The configuration of this host. With `--store` there is no file, and tenants and providers
    /// come from the store.
    pub(super) fn local(&self) -> Result<Config> {
        let config = match &self.store {
            Some(url) => serve::parse_config(&text_of(url), "--store"),
            None => serve::read_config(&self.config),
        };
        config.map_err(|error| CliError::failed("config_invalid", format!("{error:#}")))
    }

    /// There is no file, only the address of a Redis.
    pub(super) fn is_address(&self) -> bool {
        self.store.is_some()
    }

    /// The file of the configuration, where there is one.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.store.is_none().then(|| self.config.clone())
    }

    /// Where relative paths of the configuration begin.
    pub(super) fn base(&self) -> PathBuf {
        self.path().as_deref().map_or_else(|| PathBuf::from("."), serve::base_of)
    }

    /// The store, for a command.
    pub(super) async fn open(&self, config: &Config) -> Result<Opened> {
        let opened = store::open_tool(config, &self.base()).await;
        opened.map_err(|error| CliError::failed("store_failed", format!("{error:#}")))
    }

    /// The hosts of the store, where they are several.
    pub(super) async fn fleet(&self) -> Result<(Config, Fleet)> {
        let local = self.local()?;
        if local.store.redis().is_none() {
            return Err(CliError::failed(
                "store_not_shared",
                "the store is SQLite, which one host has to itself",
            )
            .hint("set kind = \"redis\" and url in [store], or use --store redis://…"));
        }
        let fleet = self.open(&local).await?.fleet;
        let fleet = fleet.ok_or_else(|| CliError::failed("store_not_shared", "the store is not shared"))?;
        Ok((local, fleet))
    }
}

/// What a file would say. The address is checked like one in a file.
fn text_of(url: &str) -> String {
    // A JSON string is a TOML string.
    let url = serde_json::Value::from(url);
    let password = match std::env::var_os(PASSWORD) {
        Some(_) => format!("password = {{ env = \"{PASSWORD}\" }}\n"),
        None => String::new(),
    };
    format!("[store]\nkind = \"redis\"\nurl = {url}\nshared_config = true\n{password}")
}
