//! `waypost plugin test`: fixtures against the real component, without a server.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use waypost_engine::fixture::{FixtureError, Report, run as ask};
use waypost_engine::{Engine, EngineOptions, LoadRequest, Loaded, NoSecrets, Reuse};

use super::super::error::{CliError, Exit, Result};
use super::super::message_args::read_input;
use super::super::output::{Grid, Output, printable_lines};
use super::super::wire::counted;
use super::folder::{At, FixtureFile, Folder};

/// Largest component that is read, in bytes: that of Python.
const COMPONENT_BYTES_MAX: usize = 24 * 1024 * 1024;

/// Ask the built component what the fixtures ask, in the sandbox of the server
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost plugin test
  waypost plugin test --only night --log
  waypost plugin test --json

The exit code is 1 where an answer is not the expected one. Fuel is the same in each run; time is not.")]
pub(super) struct TestArgs {
    #[command(flatten)]
    at: At,

    /// Component to ask, instead of the one that the folder's build leaves
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,

    /// Only fixtures whose file name has this in it
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,

    /// Show what the component writes to its log
    #[arg(long)]
    log: bool,
}

/// A larger component has an interpreter in it, whose compilation takes so long that it is announced.
const QUICK_BYTES: usize = 4 * 1024 * 1024;

/// What came of one file.
struct Tested {
    stem: String,
    name: Option<String>,
    revision: String,
    report: Report,
}

pub(super) fn run(output: &mut Output, args: &TestArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    let component = match &args.component {
        Some(path) => read_input(path, COMPONENT_BYTES_MAX)?,
        None => folder.component()?,
    };
    let mut fixtures = folder.fixtures()?;
    if let Some(only) = &args.only {
        fixtures.retain(|file| file.stem.contains(only.as_str()));
    }
    if fixtures.is_empty() {
        return Err(CliError::failed("fixtures_missing", "there are no fixtures to run")
            .hint("write one into fixtures/, as docs/writing-plugins.md describes"));
    }
    let tested = test(output, &folder, &component, fixtures)?;
    if output.is_json() {
        output.document(&document(&tested))?;
    } else {
        print(output, &tested, args.log)?;
    }
    let holds = tested.iter().all(|tested| tested.report.holds());
    Ok(if holds { Exit::Ok } else { Exit::Failed })
}

/// Runs the fixtures in order. A component is loaded once for each of the settings that they name.
fn test(
    output: &Output,
    folder: &Folder,
    component: &[u8],
    fixtures: Vec<FixtureFile>,
) -> Result<Vec<Tested>> {
    let engine = Engine::new(&EngineOptions { cache_dir: cache_dir(), ..EngineOptions::default() })
        .map_err(|error| CliError::failed("engine_failed", error.to_string()))?;
    let usual = folder.settings()?;
    let mut loaded: Vec<(Value, Loaded)> = Vec::new();
    let mut tested = Vec::with_capacity(fixtures.len());
    for FixtureFile { stem, fixture } in fixtures {
        let settings = fixture.settings.as_ref().unwrap_or(&usual);
        let known = loaded.iter().find(|(with, _)| with == settings).map(|(_, loaded)| loaded.clone());
        let plugin = match known {
            Some(plugin) => plugin,
            None => {
                if component.len() > QUICK_BYTES {
                    output.note(&format!(
                        "Compiling the component with the settings of {stem}: about half a minute, once."
                    ));
                }
                let plugin = load(&engine, folder, component, settings, &stem)?;
                loaded.push((settings.clone(), plugin.clone()));
                plugin
            }
        };
        let report = ask(&plugin, &fixture).map_err(|error| unfit(&stem, &error))?;
        let revision = plugin.info().revision.short().to_string();
        tested.push(Tested { stem, name: fixture.name, revision, report });
    }
    Ok(tested)
}

fn load(engine: &Engine, folder: &Folder, component: &[u8], settings: &Value, stem: &str) -> Result<Loaded> {
    let request = LoadRequest {
        name: Arc::from(folder.manifest.name.as_str()),
        role: folder.manifest.role.role(),
        component,
        settings,
        limits: folder.manifest.lang.limits(),
        reuse: Reuse::Fresh,
        secrets: Arc::new(NoSecrets),
    };
    engine
        .load(request)
        .map_err(|error| CliError::failed(error.code(), format!("with the settings of {stem}: {error}")))
}

fn unfit(stem: &str, error: &FixtureError) -> CliError {
    CliError::usage(error.code(), format!("fixtures/{stem}.json: {error}"))
}

/// The user's own cache, so that an interpreter is compiled once and not at each test. Never a folder
/// that came with the plugin: what is in there would be run as machine code.
fn cache_dir() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(absolute);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")).filter(absolute);
    let dir = cache.or_else(home)?.join("waypost").join("plugins");
    std::fs::create_dir_all(&dir).is_ok().then_some(dir)
}

fn print(output: &mut Output, tested: &[Tested], with_log: bool) -> Result<()> {
    let mut grid = Grid::new(&["", "fixture", "answer", "fuel", "µs"]).right(&["fuel", "µs"]);
    for Tested { stem, report, .. } in tested {
        let mark = if report.holds() { "ok" } else { "FAILED" };
        grid.row(vec![
            mark.to_owned(),
            stem.clone(),
            report.answer.to_string(),
            report.record.fuel.to_string(),
            micros(report).to_string(),
        ]);
    }
    output.table(grid)?;
    for Tested { stem, name, report, .. } in tested {
        let name = name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        for difference in &report.differences {
            lines.push(format!("  {}", difference.what));
            lines.push(format!("    expected  {}", difference.expected));
            lines.push(format!("    came      {}", difference.came));
        }
        if with_log || !report.holds() {
            lines.extend(report.record.log.iter().map(|line| format!("  log: {line}")));
        }
        if !lines.is_empty() {
            output.text(&printable_lines(&format!("\n{stem}{name}\n{}", lines.join("\n"))))?;
        }
    }
    let failed = tested.iter().filter(|tested| !tested.report.holds()).count();
    let all = counted(tested.len() as u64, "fixture");
    output.text(&format!("\n{all}, {failed} failed"))
}

fn document(tested: &[Tested]) -> Value {
    let fixture = |Tested { stem, name, revision, report }: &Tested| {
        let differences = report.differences.iter();
        let differences =
            differences.map(|it| json!({ "what": it.what, "expected": it.expected, "came": it.came }));
        json!({
            "fixture": stem, "name": name, "revision": revision, "holds": report.holds(),
            "answer": report.answer.to_json(), "result": report.record.result, "fuel": report.record.fuel,
            "memory_bytes": report.record.memory_bytes, "time_us": micros(report), "log": report.record.log,
            "differences": differences.collect::<Vec<_>>(),
        })
    };
    let failed = tested.iter().filter(|tested| !tested.report.holds()).count();
    json!({ "fixtures": tested.iter().map(fixture).collect::<Vec<_>>(), "failed": failed })
}

fn micros(report: &Report) -> u64 {
    report.record.time_ns / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_test_guests::DENY;

    fn folder(fixtures: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, bytes: &[u8]| std::fs::write(folder.path().join(path), bytes).unwrap();
        write(
            "plugin.toml",
            b"name = \"deny\"\nrole = \"screening\"\nlang = \"rust\"\nbuild = [\"true\"]\ncomponent = \"deny.wasm\"\n",
        );
        write("deny.wasm", DENY);
        write("settings.json", br#"{"countries": ["GB"]}"#);
        std::fs::create_dir(folder.path().join("fixtures")).unwrap();
        for (name, text) in fixtures {
            write(&format!("fixtures/{name}.json"), text.as_bytes());
        }
        folder
    }

    fn tested(folder: &tempfile::TempDir, json: bool) -> (Result<Exit>, String) {
        let (mut output, memory) = Output::memory(json);
        let at = At::of(folder.path().to_owned());
        let exit = run(&mut output, &TestArgs { at, component: None, only: None, log: false });
        (exit, memory.text())
    }

    const HELD: (&str, &str) = (
        "held",
        r#"{"message": {"to": "+447400123456", "text": "Hi"}, "expect": {"refuse": "country_denied"}}"#,
    );
    const WRONG: (&str, &str) = (
        "wrong",
        r#"{"name": "Germany", "message": {"to": "+4915112345678", "text": "Hi"}, "expect": {"refuse": "country_denied"}}"#,
    );
    const OTHER: (&str, &str) = (
        "other",
        r#"{"message": {"to": "+4915112345678", "text": "Hi"}, "settings": {"countries": ["DE"]},
            "expect": {"refuse": "country_denied"}}"#,
    );

    #[test]
    fn fixtures_that_hold_are_good() {
        let (exit, text) = tested(&folder(&[HELD, OTHER]), false);
        assert_eq!(exit.unwrap(), Exit::Ok, "{text}");
        assert!(text.contains("refuse country_denied") && text.contains("2 fixtures, 0 failed"), "{text}");
    }

    #[test]
    fn a_difference_is_shown_and_fails() {
        let (exit, text) = tested(&folder(&[HELD, WRONG]), false);
        assert_eq!(exit.unwrap(), Exit::Failed);
        for part in ["FAILED", "wrong (Germany)", "expected  refuse country_denied", "came      allow"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let (exit, text) = tested(&folder(&[HELD, WRONG]), true);
        assert_eq!(exit.unwrap(), Exit::Failed);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&document["failed"], &document["fixtures"][1]["answer"]),
            (&json!(1), &json!({"allow": true}))
        );
        assert_eq!(document["fixtures"][0]["revision"].as_str().map(str::len), Some(16));
    }

    #[test]
    fn what_cannot_be_run_is_told() {
        let (exit, _) = tested(&folder(&[]), false);
        assert_eq!(exit.unwrap_err().code, "fixtures_missing");
        let (exit, _) = tested(&folder(&[("x", "{}")]), false);
        assert_eq!(exit.unwrap_err().code, "fixture_invalid");
        let settings = r#"{"message": {"to": "+447400123456", "text": "Hi"}, "settings": {"countries": 7}}"#;
        let (exit, _) = tested(&folder(&[("x", settings)]), false);
        assert_eq!(exit.unwrap_err().code, "plugin_settings_invalid");
        let inbound = r#"{"inbound": {"from": "+447400123456", "to": "+4915112345678", "text": "Hi"}}"#;
        let (exit, _) = tested(&folder(&[("x", inbound)]), false);
        assert_eq!(exit.unwrap_err().code, "fixture_wrong_role");
    }
}
