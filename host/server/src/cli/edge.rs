//! `waypost edge`: the Spin application of a configuration.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use waypost_core::config::Config;
use waypost_engine::{Engine, EngineOptions};

use super::error::{CliError, Exit, Result};
use super::output::Output;
use super::wire::counted;
use crate::edge::package::{self, Options, PackageError};
use crate::edge::{Application, Component, Finding, Naming, Plan, Severity, Source, Variable, plan, redis};

/// Make the Spin application of a configuration, or say what is in its way
#[derive(Debug, Args)]
pub(super) struct EdgeArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Package(PackageArgs),
    Check(CheckArgs),
}

/// Write the application into a folder: manifest, components and a record
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost edge package --dry-run
  waypost edge package --config waypost.toml --out edge-app
  SPIN_VARIABLE_REDIS_HOST=127.0.0.1 spin up --from edge-app

What changes in the package that is there is printed before it is replaced. No secret is read.")]
struct PackageArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "waypost.toml")]
    config: PathBuf,

    /// Folder of the package; made, or replaced where it is a package
    #[arg(long, value_name = "FOLDER", default_value = "edge-app")]
    out: PathBuf,

    /// Only print what would change
    #[arg(long)]
    dry_run: bool,

    /// Write spinapp.yaml too, for SpinKube
    #[arg(long)]
    spinkube: bool,

    /// Write the manifest here too, with file names that stay, for a repository
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// Say everything that would fail, or work otherwise, at the edge
#[derive(Debug, Args)]
#[command(
    after_help = "Every finding is a line `place: what; help (code)`. The exit code is 1 where one is \
an error. The variables that the application needs follow, each as a line for a shell."
)]
struct CheckArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "waypost.toml")]
    config: PathBuf,

    /// Ask this Redis whether it can carry messages: redis://[user:password@]host[:port]
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
}

pub(super) fn run(output: &mut Output, args: &EdgeArgs) -> Result<Exit> {
    match &args.what {
        What::Package(args) => run_package(output, args),
        What::Check(args) => run_check(output, args),
    }
}

fn run_package(output: &mut Output, args: &PackageArgs) -> Result<Exit> {
    let plan = planned(&args.config)?;
    let Some(application) = &plan.application else {
        return report(output, &plan);
    };
    let options = Options { out: args.out.clone(), manifest: args.manifest.clone(), spinkube: args.spinkube };
    let package = package::prepare(application, &options).map_err(|error| package_error(&error))?;
    if !output.is_json() {
        for finding in &plan.findings {
            output.note(&super::output::printable_lines(&format!("warning: {finding}")));
        }
        for change in &package.changes {
            output.text(&super::output::printable_lines(&change.to_string()))?;
        }
    }
    if !args.dry_run {
        package.write().map_err(|error| package_error(&error))?;
    }
    if output.is_json() {
        let changes: Vec<String> = package.changes.iter().map(ToString::to_string).collect();
        output.document(&json!({
            "out": args.out.display().to_string(), "written": !args.dry_run, "changes": changes,
            "findings": plan.findings.iter().map(finding).collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Ok);
    }
    let changes = counted(package.changes.len() as u64, "change");
    let done = if args.dry_run { "nothing written" } else { "written" };
    output.text(&format!("{}: {changes}, {done}", args.out.display()))?;
    Ok(Exit::Ok)
}

fn run_check(output: &mut Output, args: &CheckArgs) -> Result<Exit> {
    let mut plan = planned(&args.config)?;
    if let Some(url) = &args.redis {
        plan.findings.extend(redis::examine(url));
        plan.findings.sort_by_key(|finding| finding.code.severity());
    }
    report(output, &plan)
}

fn planned(path: &Path) -> Result<Plan> {
    let config = read(path)?;
    let options = EngineOptions { cache_dir: None, ..EngineOptions::default() };
    let engine =
        Engine::new(&options).map_err(|error| CliError::failed("engine_failed", error.to_string()))?;
    let base = crate::serve::base_of(path);
    let parts = waypost_builtins::edge::PARTS;
    Ok(plan(&Source { config: &config, base: &base, engine: &engine, parts }))
}

fn read(path: &Path) -> Result<Config> {
    let bytes = super::message_args::read_input(path, waypost_core::config::limits::FILE_BYTES_MAX + 1)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CliError::failed("config_not_utf8", format!("{} is not UTF-8 at byte {at}", path.display()))
    })?;
    let built_in: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect();
    let parsed = Config::parse(&text, &path.display().to_string(), &built_in);
    parsed.map(|parsed| parsed.config).map_err(|errors| {
        CliError::failed("config_invalid", errors.to_string()).hint("`waypost check` says the same")
    })
}

fn report(output: &mut Output, plan: &Plan) -> Result<Exit> {
    let errors = plan.findings.iter().filter(|finding| finding.is_error()).count();
    if output.is_json() {
        output.document(&document(plan))?;
    } else {
        print(output, plan, errors)?;
    }
    Ok(if errors == 0 { Exit::Ok } else { Exit::Failed })
}

fn print(output: &mut Output, plan: &Plan, errors: usize) -> Result<()> {
    for finding in &plan.findings {
        let warning = if finding.is_error() { "" } else { "warning: " };
        output.text(&super::output::printable_lines(&format!("{warning}{finding}")))?;
    }
    if let Some(application) = &plan.application {
        output.text("\nVariables to set, for the environment of `spin up`:")?;
        for (name, variable) in required(application) {
            output.text(&format!("export {}", example(name, variable)))?;
        }
        output.text("\nSizes in bytes:")?;
        for component in &application.components {
            output.text(&format!("{:>9}  {}", bytes_of(application, component), component.id))?;
        }
        let all: usize = application.files.iter().map(|file| file.bytes.len()).sum();
        output.text(&format!("{all:>9}  all files"))?;
    }
    let warnings = counted((plan.findings.len() - errors) as u64, "warning");
    output.text(&format!("{}, {warnings}", counted(errors as u64, "error")))
}

fn document(plan: &Plan) -> Value {
    let application = plan.application.as_ref();
    let variables = application.map(|application| {
        let variables = application.variables.iter().map(|(name, variable)| {
            json!({ "name": name, "environment": environment(name), "secret": variable.secret,
                "required": variable.default.is_none(), "description": variable.description })
        });
        variables.collect::<Vec<_>>()
    });
    let components = application.map(|application| {
        let components = application.components.iter().map(|component| {
            json!({ "id": component.id, "routes": component.routes, "hosts": component.hosts,
                "bytes": bytes_of(application, component) })
        });
        components.collect::<Vec<_>>()
    });
    let files = application.map(|application| {
        let files = application.files.iter();
        let files = files.map(|it| json!({ "path": it.path(Naming::Hashed), "bytes": it.bytes.len() }));
        files.collect::<Vec<_>>()
    });
    json!({
        "good": application.is_some() && !plan.findings.iter().any(Finding::is_error),
        "findings": plan.findings.iter().map(finding).collect::<Vec<_>>(),
        "variables": variables, "components": components, "files": files,
    })
}

fn finding(finding: &Finding) -> Value {
    let severity = match finding.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({ "code": finding.code.as_str(), "severity": severity, "place": finding.place,
        "what": finding.what, "help": finding.help })
}

fn required(application: &Application) -> impl Iterator<Item = (&str, &Variable)> {
    let variables = application.variables.iter().filter(|(_, variable)| variable.default.is_none());
    variables.map(|(name, variable)| (name.as_str(), variable))
}

/// The variable of the environment by which `spin up` takes a variable of the application.
fn environment(name: &str) -> String {
    format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())
}

fn example(name: &str, variable: &Variable) -> String {
    let value = variable.native.as_deref().unwrap_or("127.0.0.1");
    format!("{}={value}", environment(name))
}

/// A component with what is composed into it.
fn bytes_of(application: &Application, component: &Component) -> usize {
    let size = |file| application.files.get(file).bytes.len();
    size(component.source) + component.dependencies.values().map(|it| size(it.file)).sum::<usize>()
}

fn package_error(error: &PackageError) -> CliError {
    CliError::failed(error.code(), error.to_string())
}
