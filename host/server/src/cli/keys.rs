//! `waypost keys`: API keys, straight in the store, so that there can be a first one.

use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use waypost_api::time::rfc3339;
use waypost_core::config::Config;
use waypost_core::store::{ApiKey, Scope};
use waypost_store::{Store, StoreError};

use super::at::At;
use super::error::{Again, CliError, Exit, Result};
use super::output::{Grid, Output};
use super::wire::short_time;
use crate::{api_key, clock, reload, store};

/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 128;

/// Make, list and revoke API keys, in the store itself (the server may be running)
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(flatten)]
    at: At,

    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it, once
    #[command(after_help = "Examples:
  waypost keys create --tenant demo --label website --scope send
  export WAYPOST_KEY=$(waypost keys create --tenant demo --label me --scope send,read)

Scopes: `send` sends, explains and cancels; `read` reads messages, traces and dead letters; `inbox`
reads inbound messages; `admin` redrives and deletes dead letters, sees providers and keys. Only the
key itself goes to standard output.")]
    Create {
        /// Whose key it is
        #[arg(long, value_name = "NAME")]
        tenant: String,
        /// What it is for; shown in lists
        #[arg(long, value_name = "TEXT", value_parser = parse_label)]
        label: String,
        /// What it may do; repeatable
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = scopes())]
        scopes: Vec<Scope>,
    },
    /// List all keys, without their secrets
    List {
        /// Only this tenant's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Take a key back, for ever
    #[command(after_help = "Example:\n  waypost keys revoke abcdefgh0123")]
    Revoke {
        /// The key's id: the 12 characters after `wp_`
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(super) async fn run(output: &mut Output, args: &KeysArgs) -> Result<Exit> {
    let config = args.at.local()?;
    match &args.command {
        KeysCommand::Create { tenant, label, scopes } => {
            let store = open(&args.at, &config, Missing::Make, Some(tenant)).await?;
            create(output, &*store, tenant, label, scopes).await
        }
        KeysCommand::List { tenant } => {
            let store = open(&args.at, &config, Missing::Refuse, None).await?;
            list(output, &*store, tenant.as_deref()).await
        }
        KeysCommand::Revoke { id } => {
            let store = open(&args.at, &config, Missing::Refuse, None).await?;
            revoke(output, &*store, id).await
        }
    }?;
    Ok(Exit::Ok)
}

async fn create(
    output: &mut Output,
    store: &dyn Store,
    tenant: &str,
    label: &str,
    scopes: &[Scope],
) -> Result<()> {
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let (key, text) = api_key::new_key(tenant.into(), label.to_owned(), scopes, clock::now_ms());
    let mut shown = document(&key);
    store.put_key(key).await.map_err(store_failed)?;
    if output.is_json() {
        shown["key"] = json!(text);
        return output.document(&shown);
    }
    output.note("note: keep it now, it is not shown again");
    output.text(&text)
}

async fn list(output: &mut Output, store: &dyn Store, tenant: Option<&str>) -> Result<()> {
    let mut keys = store.keys().await.map_err(store_failed)?;
    keys.retain(|key| tenant.is_none_or(|tenant| &*key.tenant == tenant));
    keys.sort_by(|a, b| (&a.tenant, a.created_ms, &a.id).cmp(&(&b.tenant, b.created_ms, &b.id)));
    if output.is_json() {
        return output.document(&Value::Array(keys.iter().map(document).collect()));
    }
    if keys.is_empty() {
        output.note("no keys; `waypost keys create` makes one");
    }
    let mut grid = Grid::new(&["id", "tenant", "label", "scopes", "created", "revoked"]);
    for key in keys {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let time = |at_ms| short_time(&rfc3339(at_ms));
        let revoked = key.revoked_ms.map(time).unwrap_or_default();
        grid.row(vec![
            key.id.to_string(),
            key.tenant.to_string(),
            key.label,
            scopes.join(" "),
            time(key.created_ms),
            revoked,
        ]);
    }
    output.table(grid)
}

async fn revoke(output: &mut Output, store: &dyn Store, id: &str) -> Result<()> {
    // Whoever pastes the whole key wants it gone too.
    let id = waypost_api::key::id_of(id).unwrap_or(id);
    let mut key = store.key(id).await.map_err(store_failed)?.ok_or_else(|| {
        CliError::failed("key_unknown", "there is no key with this id")
            .hint("`waypost keys list` shows the ids: the 12 characters after `wp_`")
    })?;
    if key.revoked_ms.is_none() {
        key.revoked_ms = Some(clock::now_ms());
        store.put_key(key.clone()).await.map_err(store_failed)?;
    }
    if output.is_json() {
        return output.document(&document(&key));
    }
    output.text(&format!("revoked {} ({})", key.id, super::output::printable(&key.label)))
}

/// What to do where there is no database yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Refuse,
}

/// The store; with a tenant only where the configuration knows it.
async fn open(at: &At, config: &Config, missing: Missing, tenant: Option<&str>) -> Result<Arc<dyn Store>> {
    let is_shared = config.store.redis().is_some_and(|redis| redis.shared_config);
    if let Some(tenant) = tenant.filter(|_| !is_shared) {
        check_tenant(config, tenant)?;
    }
    let database = store::database_of(config, &at.base());
    if config.store.redis().is_none() && missing == Missing::Refuse && !database.exists() {
        let detail = format!("there is no database at {}", database.display());
        return Err(CliError::failed("database_missing", detail)
            .hint("`waypost keys create` or `waypost serve` makes it; --config says where it is"));
    }
    let opened = at.open(config).await?;
    if let (Some(tenant), Some(fleet), true) = (tenant, &opened.fleet, is_shared) {
        let shared = reload::shared(fleet, config, None).await;
        let shared = shared.map_err(|error| CliError::failed("config_not_shared", format!("{error:#}")))?;
        check_tenant(&shared.config, tenant)?;
    }
    Ok(opened.store)
}

fn check_tenant(config: &Config, tenant: &str) -> Result<()> {
    if config.tenants.contains_key(tenant) {
        return Ok(());
    }
    let known: Vec<&str> = config.tenants.keys().take(20).map(String::as_str).collect();
    let detail = format!("the configuration has no tenant `{tenant}`");
    Err(CliError::failed("tenant_unknown", detail).hint(format!("it has: {}", known.join(", "))))
}

fn store_failed(error: StoreError) -> CliError {
    let again = Again::Later(Some(Duration::from_secs(1)));
    CliError { again, ..CliError::failed("store_failed", error.to_string()) }
}

fn document(key: &ApiKey) -> Value {
    let mut document = json!({ "id": &*key.id, "tenant": &*key.tenant, "label": key.label,
        "scopes": key.scopes, "created_at": rfc3339(key.created_ms) });
    if let Some(at_ms) = key.revoked_ms {
        document["revoked_at"] = json!(rfc3339(at_ms));
    }
    document
}

fn scopes() -> impl clap::builder::TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .try_map(|name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or("unknown scope"))
}

fn parse_label(text: &str) -> std::result::Result<String, String> {
    let fits = (1..=LABEL_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("must have 1 to {LABEL_BYTES_MAX} bytes, none of them a control character"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;

    async fn keys(folder: &Path, line: &str, json: bool) -> (Result<Exit>, String) {
        let config = folder.join("waypost.toml");
        std::fs::write(&config, "[providers.a]\ncomponent = \"simulator\"\n[tenants.demo]\n").unwrap();
        let words = ["waypost", "keys", "--config", config.to_str().unwrap()];
        let cli = Cli::try_parse_from(words.into_iter().chain(line.split(' '))).unwrap();
        let Command::Keys(args) = cli.command else { panic!() };
        let (mut output, memory) = Output::memory(json);
        (run(&mut output, &args).await, memory.text())
    }

    #[tokio::test]
    async fn a_key_is_made_listed_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (result, text) =
            keys(folder, "create --tenant demo --label web --scope read,send --scope send", false).await;
        result.unwrap();
        let key = text.trim_end();
        let id = waypost_api::key::id_of(key).unwrap();
        let (_, table) = keys(folder, "list", false).await;
        assert!(table.contains(id) && table.contains("send read") && !table.contains(key), "{table}");
        keys(folder, &format!("revoke {id}"), false).await.0.unwrap();
        let (_, list) = keys(folder, "list", true).await;
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list[0]["scopes"], json!(["send", "read"]));
        assert!(list[0]["revoked_at"].is_string() && list[0].get("key").is_none());
        let (_, none) = keys(folder, "list --tenant other", true).await;
        assert_eq!(none.trim(), "[]");
        let error = keys(folder, "revoke abcdefgh0123", false).await.0.unwrap_err();
        assert_eq!(error.code, "key_unknown");
    }

    #[tokio::test]
    async fn what_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (result, _) = keys(folder.path(), "list", false).await;
        assert_eq!(result.unwrap_err().code, "database_missing");
        let (result, _) = keys(folder.path(), "create --tenant demi --label x --scope send", false).await;
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), error.hint.as_deref()), ("tenant_unknown", Some("it has: demo")));
    }
}
