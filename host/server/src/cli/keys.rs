//! `waypost keys`: API keys, straight in the store, so that there can be a first one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use waypost_core::config::Config;
use waypost_core::decision::Name;
use waypost_core::registry::Kind;
use waypost_core::store::{ApiKey, Scope};
use waypost_core::time::rfc3339;
use waypost_store::{Store, StoreError};

use super::at::At;
use super::error::{Again, CliError, Exit, Result};
use super::message_args::parse_seconds;
use super::output::{Grid, Output};
use super::wire::short_time;
use crate::api_key::{self, KeyRole, LIFE_S_MAX, LIFE_S_MIN, OVERLAP_S_MAX};
use crate::{clock, reload, store};

/// Longest label, in bytes.
const LABEL_BYTES_MAX: usize = 128;

/// Make, list, rotate and revoke API keys, in the store itself (the server may be running)
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
  waypost keys create --tenant demo --label website --role sender --expires 90d
  export WAYPOST_KEY=$(waypost keys create --tenant demo --label me --scope send,read)

Scopes: `send` sends, explains and cancels; `read` reads messages, traces and dead letters; `inbox`
reads inbound messages; `admin` redrives and deletes dead letters, sees providers and keys; `plugins`
uploads and activates the tenant's components; `operator` makes, changes and deletes tenants.
Roles: `admin` is all of them but `operator`; `sender` is send and read; `reader` is read;
`plugin-author` is plugins and read. Only the key itself goes to standard output.")]
    Create {
        /// Whose key it is
        #[arg(long, value_name = "NAME")]
        tenant: String,
        /// What it is for; shown in lists
        #[arg(long, value_name = "TEXT", value_parser = parse_label)]
        label: String,
        /// What it may do; repeatable
        #[arg(long = "scope", value_name = "SCOPE", required_unless_present = "role", value_delimiter = ',', value_parser = scopes())]
        scopes: Vec<Scope>,
        /// What it is for, instead of scopes
        #[arg(long, value_name = "ROLE", conflicts_with = "scopes", value_parser = roles())]
        role: Option<KeyRole>,
        /// How long it is good for: 90d, 12h. Without it until it is revoked
        #[arg(long, value_name = "TIME", value_parser = parse_life)]
        expires: Option<u32>,
    },
    /// List all keys, without their secrets
    List {
        /// Only this tenant's
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Give a key a new text and print it, once; the old one goes on for a while
    #[command(after_help = "Example:\n  waypost keys rotate abcdefgh0123 --overlap 2h")]
    Rotate {
        /// The key's id: the 12 characters after `wp_`
        #[arg(value_name = "ID")]
        id: String,
        /// How long the old key goes on: 0 to 7d
        #[arg(long, value_name = "TIME", default_value = "1d", value_parser = parse_overlap)]
        overlap: u32,
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
        KeysCommand::Create { tenant, label, scopes, role, expires } => {
            let store = open(&args.at, &config, Missing::Make, Some(tenant)).await?;
            let scopes = match role {
                Some(role) => role.scopes(),
                None => scopes,
            };
            create(output, &*store, tenant, label, scopes, *expires).await
        }
        KeysCommand::Rotate { id, overlap } => {
            let store = open(&args.at, &config, Missing::Refuse, None).await?;
            rotate(output, &*store, id, *overlap).await
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
    life_s: Option<u32>,
) -> Result<()> {
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let now_ms = clock::now_ms();
    let (key, text) = api_key::new_key(tenant.into(), label.to_owned(), scopes, now_ms);
    let key = ApiKey { expires_ms: life_s.map(|life_s| now_ms + u64::from(life_s) * 1000), ..key };
    store.put_key(key.clone()).await.map_err(store_failed)?;
    print_once(output, &key, &text)
}

async fn rotate(output: &mut Output, store: &dyn Store, id: &str, overlap_s: u32) -> Result<()> {
    let key = find(store, id).await?;
    let now_ms = clock::now_ms();
    if key.revoked_ms.is_some() || waypost_api::key::has_expired(&key, now_ms) {
        return Err(CliError::failed("key_ended", "the key was revoked or has expired")
            .hint("`waypost keys create` makes a new one"));
    }
    let (next, text, old) = api_key::rotated(&key, overlap_s.into(), now_ms);
    store.put_key(next.clone()).await.map_err(store_failed)?;
    let end = short_time(&rfc3339(old.expires_ms.unwrap_or(now_ms)));
    store.put_key(old).await.map_err(store_failed)?;
    if !output.is_json() {
        output.note(&format!("note: the old key {} ends {end}", key.id));
    }
    print_once(output, &next, &text)
}

fn print_once(output: &mut Output, key: &ApiKey, text: &str) -> Result<()> {
    if output.is_json() {
        let mut shown = document(key);
        shown["key"] = json!(text);
        return output.document(&shown);
    }
    output.note("note: keep it now, it is not shown again");
    output.text(text)
}

async fn list(output: &mut Output, store: &dyn Store, tenant: Option<&str>) -> Result<()> {
    let mut keys = store.keys().await.map_err(store_failed)?;
    keys.retain(|key| tenant.is_none_or(|tenant| &*key.tenant == tenant));
    keys.sort_by(|a, b| (&a.tenant, a.created_ms, &a.id).cmp(&(&b.tenant, b.created_ms, &b.id)));
    let uses: HashMap<Name, u64> = store.key_uses().await.map_err(store_failed)?.into_iter().collect();
    if output.is_json() {
        let shown = keys.iter().map(|key| {
            let mut shown = document(key);
            if let Some(used_ms) = uses.get(&key.id) {
                shown["last_used_at"] = json!(rfc3339(*used_ms));
            }
            shown
        });
        return output.document(&Value::Array(shown.collect()));
    }
    if keys.is_empty() {
        output.note("no keys; `waypost keys create` makes one");
    }
    let mut grid =
        Grid::new(&["id", "tenant", "label", "scopes", "created", "last used", "expires", "revoked"]);
    for key in keys {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let time = |at_ms| short_time(&rfc3339(at_ms));
        let last_used = uses.get(&key.id).copied().map(time).unwrap_or_default();
        grid.row(vec![
            key.id.to_string(),
            key.tenant.to_string(),
            key.label,
            scopes.join(" "),
            time(key.created_ms),
            last_used,
            key.expires_ms.map(time).unwrap_or_default(),
            key.revoked_ms.map(time).unwrap_or_default(),
        ]);
    }
    output.table(grid)
}

async fn revoke(output: &mut Output, store: &dyn Store, id: &str) -> Result<()> {
    let mut key = find(store, id).await?;
    if key.revoked_ms.is_none() {
        key.revoked_ms = Some(clock::now_ms());
        store.put_key(key.clone()).await.map_err(store_failed)?;
    }
    if output.is_json() {
        return output.document(&document(&key));
    }
    output.text(&format!("revoked {} ({})", key.id, super::output::printable(&key.label)))
}

/// Whoever pastes the whole key means it, too.
async fn find(store: &dyn Store, id: &str) -> Result<ApiKey> {
    let id = waypost_api::key::id_of(id).unwrap_or(id);
    store.key(id).await.map_err(store_failed)?.ok_or_else(|| {
        CliError::failed("key_unknown", "there is no key with this id")
            .hint("`waypost keys list` shows the ids: the 12 characters after `wp_`")
    })
}

/// What to do where there is no database yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Refuse,
}

/// The store; with a tenant only where the configuration or the registry knows it.
async fn open(at: &At, config: &Config, missing: Missing, tenant: Option<&str>) -> Result<Arc<dyn Store>> {
    let is_shared = config.store.redis().is_some_and(|redis| redis.shared_config);
    let database = store::database_of(config, &at.base());
    if config.store.redis().is_none() && missing == Missing::Refuse && !database.exists() {
        let detail = format!("there is no database at {}", database.display());
        return Err(CliError::failed("database_missing", detail)
            .hint("`waypost keys create` or `waypost serve` makes it; --config says where it is"));
    }
    let opened = at.open(config).await?;
    let Some(tenant) = tenant else { return Ok(opened.store) };
    match &opened.fleet {
        Some(fleet) if is_shared => {
            let shared = reload::shared(fleet, config, None).await;
            let shared =
                shared.map_err(|error| CliError::failed("config_not_shared", format!("{error:#}")))?;
            check_tenant(&*opened.store, &shared.config, tenant).await?;
        }
        _ => check_tenant(&*opened.store, config, tenant).await?,
    }
    Ok(opened.store)
}

async fn check_tenant(store: &dyn Store, config: &Config, tenant: &str) -> Result<()> {
    if config.tenants.contains_key(tenant) {
        return Ok(());
    }
    let registered = store.registered_one(tenant.into(), Kind::Tenant, String::new()).await;
    if registered.map_err(store_failed)?.is_some() {
        return Ok(());
    }
    let known: Vec<&str> = config.tenants.keys().take(20).map(String::as_str).collect();
    let detail = format!("there is no tenant `{tenant}`, in the configuration or registered");
    let hint = format!("the configuration has: {}; `waypost tenants list` shows all", known.join(", "));
    Err(CliError::failed("tenant_unknown", detail).hint(hint))
}

fn store_failed(error: StoreError) -> CliError {
    let again = Again::Later(Some(Duration::from_secs(1)));
    CliError { again, ..CliError::failed("store_failed", error.to_string()) }
}

fn document(key: &ApiKey) -> Value {
    let mut document = json!({ "id": &*key.id, "tenant": &*key.tenant, "label": key.label,
        "scopes": key.scopes, "created_at": rfc3339(key.created_ms) });
    if let Some(at_ms) = key.expires_ms {
        document["expires_at"] = json!(rfc3339(at_ms));
    }
    if let Some(at_ms) = key.revoked_ms {
        document["revoked_at"] = json!(rfc3339(at_ms));
    }
    document
}

fn scopes() -> impl clap::builder::TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .try_map(|name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or("unknown scope"))
}

fn roles() -> impl clap::builder::TypedValueParser<Value = KeyRole> {
    PossibleValuesParser::new(KeyRole::ALL.map(KeyRole::as_str))
        .try_map(|name| KeyRole::ALL.into_iter().find(|role| role.as_str() == name).ok_or("unknown role"))
}

fn parse_life(text: &str) -> std::result::Result<u32, String> {
    let life_s = parse_seconds(text)?;
    let fits = (LIFE_S_MIN..=LIFE_S_MAX).contains(&u64::from(life_s));
    if fits { Ok(life_s) } else { Err("must be 60s to 3650d".to_owned()) }
}

fn parse_overlap(text: &str) -> std::result::Result<u32, String> {
    let overlap_s = parse_seconds(text)?;
    if u64::from(overlap_s) <= OVERLAP_S_MAX { Ok(overlap_s) } else { Err("must be 0s to 7d".to_owned()) }
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
    async fn a_key_with_a_role_ends_and_is_rotated() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let line = "create --tenant demo --label web --role plugin-author --expires 90d";
        let (result, made) = keys(folder, line, true).await;
        result.unwrap();
        let made: Value = serde_json::from_str(&made).unwrap();
        assert_eq!(made["scopes"], json!(["read", "plugins"]));
        let id = made["id"].as_str().unwrap();
        let (result, next) = keys(folder, &format!("rotate {id} --overlap 0"), true).await;
        result.unwrap();
        let next: Value = serde_json::from_str(&next).unwrap();
        assert_eq!((&next["scopes"], &next["expires_at"]), (&made["scopes"], &made["expires_at"]));
        assert!(next["key"].is_string() && next["key"] != made["key"]);
        let error = keys(folder, &format!("rotate {id}"), false).await.0.unwrap_err();
        assert_eq!(error.code, "key_ended", "it has ended at once");
        let (_, table) = keys(folder, "list", false).await;
        assert!(table.contains("last used") && table.contains("expires"), "{table}");
    }

    #[tokio::test]
    async fn what_cannot_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (result, _) = keys(folder.path(), "list", false).await;
        assert_eq!(result.unwrap_err().code, "database_missing");
        let (result, _) = keys(folder.path(), "create --tenant demi --label x --scope send", false).await;
        let error = result.unwrap_err();
        assert_eq!(error.code, "tenant_unknown");
        assert!(error.hint.unwrap().contains("has: demo;"));
    }
}
