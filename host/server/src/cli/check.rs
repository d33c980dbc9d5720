//! `waypost check`: what is wrong with a configuration, before anything is started.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use waypost_core::config::{Config, ConfigErrors, Parsed, Problem, limits};

use super::error::{CliError, Exit, Result};
use super::message_args::read_input;
use super::output::Output;
use super::wire::counted;

/// Check a configuration file and load its components, without starting anything
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost check waypost.toml
  waypost check waypost.toml --json

Every problem is a line `file:line:column: key: reason; help (code)`. Warnings alone leave the exit
code at 0.")]
pub(super) struct CheckArgs {
    /// Configuration file
    #[arg(value_name = "FILE")]
    config: PathBuf,
}

/// What a check found.
#[derive(Debug, Default)]
struct Findings {
    errors: Vec<Problem>,
    /// Errors beyond the number that is listed.
    omitted: usize,
    warnings: Vec<Problem>,
    components: Vec<String>,
}

pub(super) fn run(output: &mut Output, args: &CheckArgs) -> Result<Exit> {
    let findings = check(&args.config)?;
    let file = args.config.display().to_string();
    if output.is_json() {
        output.document(&document(&findings, &file))?;
    } else {
        print(output, &findings, &file)?;
    }
    Ok(if findings.is_good() { Exit::Ok } else { Exit::Failed })
}

impl Findings {
    fn is_good(&self) -> bool {
        self.errors.is_empty() && self.components.is_empty()
    }
}

fn check(path: &Path) -> Result<Findings> {
    // One byte more than is allowed, so that the configuration itself says that it is too much.
    let bytes = read_input(path, limits::FILE_BYTES_MAX + 1)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        CliError::failed("config_not_utf8", format!("{} is not UTF-8 at byte {at}", path.display()))
    })?;
    let built_in: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|built_in| built_in.name).collect();
    Ok(match Config::parse(&text, &path.display().to_string(), &built_in) {
        Ok(Parsed { config, warnings }) => {
            let loaded = crate::check::components(&config, &crate::serve::base_of(path));
            Findings { warnings, components: loaded.err().unwrap_or_default(), ..Findings::default() }
        }
        Err(ConfigErrors { problems, omitted }) => {
            Findings { errors: problems, omitted, ..Findings::default() }
        }
    })
}

fn print(output: &mut Output, findings: &Findings, file: &str) -> Result<()> {
    let mut line = |text: String| output.text(&super::output::printable_lines(&text));
    for problem in &findings.errors {
        line(problem.to_string())?;
    }
    if findings.omitted > 0 {
        line(format!("and {} more", findings.omitted))?;
    }
    for component in &findings.components {
        line(format!("{file}: {component}"))?;
    }
    for warning in &findings.warnings {
        line(format!("warning: {warning}"))?;
    }
    let errors = findings.errors.len() + findings.omitted + findings.components.len();
    let warnings = counted(findings.warnings.len() as u64, "warning");
    if findings.is_good() {
        line(format!("{file} is good, {warnings}"))
    } else {
        line(format!("{file}: {}, {warnings}", counted(errors as u64, "error")))
    }
}

fn document(findings: &Findings, file: &str) -> Value {
    json!({
        "file": file,
        "good": findings.is_good(),
        "errors": findings.errors.iter().map(problem).collect::<Vec<_>>(),
        "errors_omitted": findings.omitted,
        "components": findings.components,
        "warnings": findings.warnings.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({ "code": problem.code.as_str(), "file": &*problem.file_name, "line": problem.line,
        "column": problem.column, "path": problem.path, "reason": problem.reason, "help": problem.help })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &[u8], json: bool) -> (Result<Exit>, String) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("w.toml");
        std::fs::write(&config, text).unwrap();
        let (mut output, memory) = Output::memory(json);
        (run(&mut output, &CheckArgs { config }), memory.text())
    }

    #[test]
    fn a_wrong_file_is_told_line_by_line() {
        let text =
            b"[server]\nlisten = \"nowhere\"\n[providers.a]\ncomponent = \"simulater\"\n[tenants.demo]\n";
        let (exit, printed) = checked(text, false);
        assert_eq!(exit.unwrap(), Exit::Failed);
        assert!(printed.contains("w.toml:2:10: server.listen:"), "{printed}");
        assert!(printed.contains("simulator"), "{printed}");
        assert!(printed.trim_end().ends_with("2 errors, 0 warnings"), "{printed}");
        let (exit, printed) = checked(text, true);
        assert_eq!(exit.unwrap(), Exit::Failed);
        let document: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((&document["good"], &document["errors"][0]["line"]), (&json!(false), &json!(2)));
        assert!(document["errors"][0]["code"].as_str().unwrap().starts_with("config_"));
    }

    #[test]
    fn a_good_file_is_good() {
        let text = b"[providers.a]\ncomponent = \"simulator\"\n[tenants.demo]\n";
        let (exit, printed) = checked(text, false);
        assert_eq!(exit.unwrap(), Exit::Ok);
        assert!(printed.contains("is good"), "{printed}");
    }

    #[test]
    fn what_is_no_text_is_no_configuration() {
        assert_eq!(checked(b"a\xff", false).0.unwrap_err().code, "config_not_utf8");
        let gone = CheckArgs { config: PathBuf::from("/nowhere/waypost.toml") };
        let error = run(&mut Output::memory(false).0, &gone).unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("file_unreadable", Exit::Usage));
    }
}
