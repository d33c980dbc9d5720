//! `waypost plugin build`: the folder's own command, with what is missing named.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use super::super::error::{CliError, Exit, Result};
use super::super::output::Output;
use super::folder::{At, Folder, Lang};

/// Where tools lie that belong to the folder, before those of the machine.
const OWN_TOOLS: [&str; 3] = ["node_modules/.bin", ".venv/bin", ".venv/Scripts"];
/// What would put the component elsewhere than the manifest says.
const MISLEADING: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// Build the component with the folder's own tools
#[derive(Debug, Args)]
#[command(after_help = "Runs `build` of plugin.toml in the folder. Tools in .venv and node_modules come \
before those of the machine.")]
pub(super) struct BuildArgs {
    #[command(flatten)]
    at: At,
}

pub(super) fn run(output: &mut Output, args: &BuildArgs) -> Result<Exit> {
    let folder = args.at.open()?;
    build(&folder)?;
    let bytes = folder.component()?.len();
    let path = folder.component_path();
    let revision = folder.revision()?;
    if output.is_json() {
        output.document(
            &json!({ "component": path.display().to_string(), "bytes": bytes, "revision": revision }),
        )?;
    } else {
        output.text(&format!("{}: {bytes} bytes, revision {revision}", path.display()))?;
    }
    Ok(Exit::Ok)
}

fn build(folder: &Folder) -> Result<()> {
    let lang = folder.manifest.lang;
    let Some((program, arguments)) = folder.manifest.build.split_first() else {
        return Err(CliError::usage("plugin_manifest_invalid", "`build` names no command"));
    };
    if lang == Lang::Javascript && !folder.dir().join("node_modules").is_dir() {
        return Err(CliError::failed("tool_missing", "the packages of package.json are not installed")
            .hint(how_to_install(lang)));
    }
    let path = search_path(folder.dir())?;
    let mut command = Command::new(found_in(program, &path, folder.dir()));
    command.args(arguments).current_dir(folder.dir()).env("PATH", &path).stdin(Stdio::null());
    // Standard output is for the result.
    command.stdout(io::stderr());
    for variable in MISLEADING {
        command.env_remove(variable);
    }
    let status = command.status().map_err(|error| match error.kind() {
        ErrorKind::NotFound => CliError::failed("tool_missing", format!("`{program}` is not installed"))
            .hint(how_to_install(lang)),
        _ => CliError::failed("build_failed", format!("cannot run `{program}`: {error}")),
    })?;
    if status.success() {
        return Ok(());
    }
    let line = folder.manifest.build.join(" ");
    Err(CliError::failed("build_failed", format!("`{line}` failed ({status})")).hint(how_to_install(lang)))
}

fn how_to_install(lang: Lang) -> &'static str {
    match lang {
        Lang::Rust => {
            "if a tool is missing: Rust is at https://rustup.rs; the target comes by \
             `rustup target add wasm32-wasip2`"
        }
        Lang::Javascript => {
            "if a tool is missing: Node.js 20 or newer is at https://nodejs.org; `npm install` in the \
             folder installs the rest"
        }
        Lang::Python => {
            "if a tool is missing: Python 3.10 or newer is at https://python.org; \
             `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in the folder installs the \
             rest"
        }
    }
}

/// The folder's own tools, then those of the machine.
fn search_path(dir: &Path) -> Result<OsString> {
    let dir = dir.canonicalize().map_err(|error| {
        CliError::usage("file_unreadable", format!("cannot read {}: {error}", dir.display()))
    })?;
    let machine = env::var_os("PATH").unwrap_or_default();
    let own = OWN_TOOLS.iter().map(|tools| dir.join(tools));
    env::join_paths(own.chain(env::split_paths(&machine))).map_err(|error| {
        CliError::failed("build_failed", format!("the folder's name cannot stand in PATH: {error}"))
    })
}

/// The program by its whole path: the system looks for it in the path of this process only.
fn found_in(program: &str, path: &OsString, dir: &Path) -> PathBuf {
    if Path::new(program).components().count() > 1 {
        return dir.canonicalize().unwrap_or_else(|_| dir.to_owned()).join(program);
    }
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
    env::split_paths(path)
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{program}{ending}"))))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| PathBuf::from(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(build: &str, lang: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let manifest = format!(
            "name = \"x\"\nrole = \"screening\"\nlang = \"{lang}\"\nbuild = {build}\ncomponent = \"x.wasm\"\n"
        );
        std::fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
        folder
    }

    fn built(folder: &tempfile::TempDir) -> Result<Exit> {
        let dir = folder.path().to_owned();
        run(&mut Output::memory(false).0, &BuildArgs { at: At::of(dir) })
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = built(&folder("[\"no-such-tool-here\"]", "rust")).unwrap_err();
        assert_eq!(error.code, "tool_missing");
        assert!(
            error.text().contains("no-such-tool-here") && error.text().contains("rustup"),
            "{}",
            error.text()
        );
        let error = built(&folder("[\"npm\"]", "javascript")).unwrap_err();
        assert!(error.code == "tool_missing" && error.text().contains("npm install"), "{}", error.text());
        assert_eq!(built(&folder("[]", "rust")).unwrap_err().code, "plugin_manifest_invalid");
        let nowhere = BuildArgs { at: At::of(PathBuf::from("/nowhere")) };
        assert_eq!(run(&mut Output::memory(false).0, &nowhere).unwrap_err().code, "plugin_folder_missing");
    }

    #[cfg(unix)]
    #[test]
    fn the_folders_own_tools_come_first() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder("[\"make-it\", \"x.wasm\"]", "python");
        let tools = folder.path().join(".venv/bin");
        std::fs::create_dir_all(&tools).unwrap();
        std::fs::write(tools.join("make-it"), "#!/bin/sh\necho built > \"$1\"\n").unwrap();
        std::fs::set_permissions(tools.join("make-it"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(built(&folder).unwrap(), Exit::Ok);
        std::fs::write(tools.join("make-it"), "#!/bin/sh\nexit 3\n").unwrap();
        let error = built(&folder).unwrap_err();
        assert!(error.code == "build_failed" && error.detail.contains("make-it x.wasm"), "{}", error.detail);
    }
}
