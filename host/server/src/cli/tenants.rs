//! `waypost tenants`: who uses the gateway, for those who run it.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use waypost_core::config::limits::FILE_BYTES_MAX;
use waypost_core::limits::PAGE_ROWS_MAX;

use super::client::{Client, Request};
use super::error::{CliError, Exit, Result};
use super::message_args::read_input;
use super::output::{Grid, Output};
use super::wire::{self, counted, short_time};

/// List, show, make, change and delete tenants; the key has to have the scope `operator`
#[derive(Debug, Args)]
pub(super) struct TenantsArgs {
    #[command(subcommand)]
    command: TenantsCommand,
}

#[derive(Debug, Subcommand)]
enum TenantsCommand {
    /// List tenants: of the configuration and registered
    List {
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = PAGE_ROWS_MAX, conflicts_with = "all")]
        limit: u32,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// Show one tenant with its settings and its plan
    Show {
        /// The tenant's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Make or change a tenant; what is not given stays as it is
    #[command(after_help = "Examples:
  waypost tenants put acme
  waypost tenants put acme --settings acme.toml --plan plan.toml
  waypost tenants put acme --disable

The settings are what `[tenants.acme]` of a configuration file would hold, in TOML or JSON (by the
file's name: .json is JSON). Of a tenant of the configuration file only the plan can be set.")]
    Put(PutArgs),
    /// Delete a tenant: its keys end, its plugins go, its messages can be read by nobody
    Delete {
        /// The tenant's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Also where it has plugins, or messages that have not left, which are taken back
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Args)]
struct PutArgs {
    /// The tenant's name
    #[arg(value_name = "NAME")]
    name: String,
    /// File with its settings
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// File with its plan
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Its keys are taken again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Its keys are refused; what was accepted is still sent
    #[arg(long)]
    disable: bool,
    /// Only where it has this version, as `show` says it
    #[arg(long, value_name = "N")]
    if_version: Option<u64>,
}

pub(super) async fn run(client: &Client, output: &mut Output, args: &TenantsArgs) -> Result<Exit> {
    match &args.command {
        TenantsCommand::List { limit, all } => list(client, output, (!all).then_some(*limit)).await?,
        TenantsCommand::Show { name } => {
            let tenant = client.send(Request::get(&["v1", "tenants", name])).await?.body;
            print(output, &tenant)?;
        }
        TenantsCommand::Put(args) => put(client, output, args).await?,
        TenantsCommand::Delete { name, force } => delete(client, output, name, *force).await?,
    }
    Ok(Exit::Ok)
}

async fn list(client: &Client, output: &mut Output, rows_max: Option<u32>) -> Result<()> {
    let rows_max = rows_max.map_or(usize::MAX, |rows| rows as usize);
    let mut tenants: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", PAGE_ROWS_MAX.to_string())];
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let page = client.send(Request::get(&["v1", "tenants"]).query(query)).await?.body;
        let mut rows: Vec<Value> = wire::read(&page["tenants"])?;
        let is_empty = rows.is_empty();
        tenants.append(&mut rows);
        let next: Option<String> = wire::read(&page["next_cursor"])?;
        if next.is_none() || is_empty || next == cursor || tenants.len() >= rows_max {
            break;
        }
        cursor = next;
    }
    tenants.truncate(rows_max);
    if output.is_json() {
        return output.document(&Value::Array(tenants));
    }
    let mut grid = Grid::new(&["tenant", "source", "state", "version", "changed"]).right(&["version"]);
    for tenant in &tenants {
        let changed = tenant["changed_at"].as_str().map(short_time).unwrap_or_default();
        let text = |name: &str| tenant[name].as_str().unwrap_or_default().to_owned();
        grid.row(vec![text("name"), text("source"), state(tenant), tenant["version"].to_string(), changed]);
    }
    output.table(grid)
}

async fn put(client: &Client, output: &mut Output, args: &PutArgs) -> Result<()> {
    let mut body = Map::new();
    for (name, file) in [("settings", &args.settings), ("plan", &args.plan)] {
        if let Some(file) = file {
            body.insert(name.to_owned(), read_table(file)?);
        }
    }
    if args.enable || args.disable {
        body.insert("enabled".to_owned(), json!(args.enable));
    }
    let tag = args.if_version.map(|version| format!("\"{version}\""));
    let path = ["v1", "tenants", &args.name];
    let request = Request::put(&path).json(&Value::Object(body)).if_match(tag.as_deref());
    let tenant = client.send(request).await?.body;
    print(output, &tenant)
}

async fn delete(client: &Client, output: &mut Output, name: &str, force: bool) -> Result<()> {
    let path = ["v1", "tenants", name];
    let query = if force { vec![("force", "true".to_owned())] } else { Vec::new() };
    let deleted = client.send(Request::delete(&path).query(query)).await?.body;
    if output.is_json() {
        return output.document(&deleted);
    }
    let count = |what: &str| deleted[what].as_u64().unwrap_or(0);
    output.text(&format!(
        "deleted {name}: {} revoked, {} deleted, {} taken back",
        counted(count("keys"), "key"),
        counted(count("plugins"), "plugin"),
        counted(count("messages"), "message"),
    ))
}

/// A TOML or JSON file as JSON.
fn read_table(file: &Path) -> Result<Value> {
    let bytes = read_input(file, FILE_BYTES_MAX)?;
    let wrong = |why: String| CliError::usage("file_invalid", format!("{}: {why}", file.display()));
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
    } else {
        toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))
    }
}

fn print(output: &mut Output, tenant: &Value) -> Result<()> {
    if output.is_json() {
        return output.document(tenant);
    }
    let text = |name: &str| tenant[name].as_str().unwrap_or_default().to_owned();
    let mut properties = vec![
        ("tenant", text("name")),
        ("source", text("source")),
        ("state", state(tenant)),
        ("version", tenant["version"].to_string()),
    ];
    if let Some(changed) = tenant["changed_at"].as_str() {
        properties.push(("changed", format!("{} by {}", short_time(changed), text("changed_by"))));
    }
    if tenant["settings"].is_object() {
        properties.push(("settings", tenant["settings"].to_string()));
    }
    properties.push(("plan", tenant["plan"].to_string()));
    output.properties(&properties)
}

fn state(tenant: &Value) -> String {
    let state = match (tenant["enabled"].as_bool(), tenant["runs"].as_bool()) {
        (Some(false), _) => "disabled",
        (_, Some(false)) => "does not run here",
        _ => "enabled",
    };
    state.to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::fake::{self, Fake, Seen};
    use super::super::{Cli, Command};
    use super::*;

    async fn tenants(words: &[&str], answer: Value) -> (Seen, String) {
        let fake = Fake::start(move |_| fake::reply(200, answer.clone())).await;
        let words = ["waypost", "tenants"].iter().chain(words);
        let Command::Tenants(args) = Cli::try_parse_from(words).unwrap().command else { panic!() };
        let (mut output, memory) = Output::memory(false);
        run(&fake.client(), &mut output, &args).await.unwrap();
        (fake.seen()[0].clone(), memory.text())
    }

    #[tokio::test]
    async fn files_become_a_request() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, plan) = (folder.path().join("acme.toml"), folder.path().join("plan.json"));
        std::fs::write(&settings, "max_segments = 3\n[[screening]]\ncomponent = \"x\"\n").unwrap();
        std::fs::write(&plan, "{\"fuel_max\": 20000}").unwrap();
        let tenant = json!({ "name": "acme", "source": "registered", "enabled": true, "runs": true, "version": 2,
            "settings": { "max_segments": 3 }, "plan": { "fuel_max": 20000 } });
        let words = [
            "put",
            "acme",
            "--settings",
            settings.to_str().unwrap(),
            "--plan",
            plan.to_str().unwrap(),
            "--enable",
        ];
        let (seen, text) = tenants(&words, tenant.clone()).await;
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("PUT", "/v1/tenants/acme"));
        let expected = json!({ "settings": { "max_segments": 3, "screening": [{ "component": "x" }] },
            "plan": { "fuel_max": 20000 }, "enabled": true });
        assert_eq!(seen.body, expected);
        assert!(text.contains("acme") && text.contains("enabled"), "{text}");

        let list = json!({ "tenants": [tenant], "next_cursor": null });
        let (seen, text) = tenants(&["list"], list).await;
        assert_eq!(seen.path, "/v1/tenants?limit=500");
        assert!(text.contains("registered"), "{text}");
        let (seen, text) =
            tenants(&["delete", "acme", "--force"], json!({ "keys": 1, "plugins": 0, "messages": 2 })).await;
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("DELETE", "/v1/tenants/acme?force=true"));
        assert!(text.contains("1 key revoked, 0 plugins deleted, 2 messages taken back"), "{text}");
    }
}
