//! `waypost plugin new`: a folder that builds and tests.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::super::error::{CliError, Exit, Result};
use super::super::output::Output;
use super::folder::{Lang, PluginRole, check_name};
use super::template;

/// Names that Cargo, or the language, keeps to itself.
const RESERVED: [&str; 12] = [
    "alloc",
    "app",
    "core",
    "crate",
    "policy",
    "proc-macro",
    "self",
    "std",
    "super",
    "test",
    "waypost",
    "waypost-plugin",
];

/// Make the folder of a new plugin, ready to be built and tested
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  waypost plugin new consent-tag --lang rust --role screening
  waypost plugin new reply --lang python --role receiving --dir plugins/reply

README.md in the folder says what is needed to build it.")]
pub(super) struct NewArgs {
    /// Name of the plugin: a letter, then up to 31 of a-z, 0-9 and -
    #[arg(value_name = "NAME")]
    name: String,

    /// What it is written in
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Lang,

    /// What it decides
    #[arg(long, value_enum, value_name = "ROLE")]
    role: PluginRole,

    /// Folder to make, instead of one with the plugin's name; it must not be there yet
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn run(output: &mut Output, args: &NewArgs) -> Result<Exit> {
    check_name(&args.name)?;
    if RESERVED.contains(&args.name.as_str()) {
        let detail = format!("`{}` is a name that the language keeps to itself", args.name);
        return Err(CliError::usage("plugin_name_invalid", detail).hint("add a word to it"));
    }
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    make(&dir)?;
    let files = template::files(&args.name, args.lang, args.role);
    for (path, text) in &files {
        write(&dir.join(path), text)?;
    }
    if output.is_json() {
        let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        output.document(&json!({ "name": args.name, "dir": dir.display().to_string(), "files": paths }))?;
        return Ok(Exit::Ok);
    }
    output.text(&format!("{}: made, {} files", dir.display(), files.len()))?;
    output.note(&format!("next: cd {}, and go on as README.md says", dir.display()));
    Ok(Exit::Ok)
}

/// Makes the folder, which must be new: nothing is ever overwritten.
fn make(dir: &Path) -> Result<()> {
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    }
    match fs::create_dir(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = format!("{} is there already, and is left as it is", dir.display());
            Err(CliError::failed("folder_exists", detail).hint("name another folder by --dir"))
        }
        Err(error) => Err(unwritable(dir, &error)),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    }
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed("file_unwritable", format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plugin::folder::Folder;

    fn args(name: &str, lang: Lang, role: PluginRole, dir: PathBuf) -> NewArgs {
        NewArgs { name: name.to_owned(), lang, role, dir: Some(dir) }
    }

    #[test]
    fn every_folder_is_one_of_a_plugin() {
        let root = tempfile::tempdir().unwrap();
        for lang in [Lang::Rust, Lang::Javascript, Lang::Python] {
            for role in [
                PluginRole::Screening,
                PluginRole::SenderIdentity,
                PluginRole::Routing,
                PluginRole::Receiving,
            ] {
                let dir = root.path().join(format!("{lang:?}-{role:?}"));
                let (mut output, _) = Output::memory(false);
                run(&mut output, &args("my-plugin", lang, role, dir.clone())).unwrap();
                let folder = Folder::open(&dir).unwrap();
                assert_eq!((folder.manifest.role, folder.manifest.lang), (role, lang));
                assert_eq!(folder.manifest.name, "my-plugin");
                assert!(folder.settings().unwrap().is_object());
                let fixtures = folder.fixtures().unwrap();
                assert!(fixtures.len() >= 2, "{lang:?} {role:?}");
                assert!(
                    fixtures.iter().all(|it| it.fixture.fits(role.role()) && it.fixture.expect.is_some())
                );
                let readme = fs::read_to_string(dir.join("README.md")).unwrap();
                assert!(readme.contains("waypost plugin build") && !readme.contains("{{"), "{readme}");
                assert_eq!(folder.component().unwrap_err().code, "component_missing");
            }
        }
    }

    #[test]
    fn nothing_is_overwritten_and_names_are_checked() {
        let root = tempfile::tempdir().unwrap();
        let (mut output, _) = Output::memory(true);
        let mut new = |name: &str, dir: &str| {
            run(&mut output, &args(name, Lang::Rust, PluginRole::Routing, root.path().join(dir)))
        };
        assert!(new("mine", "a/b").is_ok());
        assert_eq!(new("mine", "a/b").unwrap_err().code, "folder_exists");
        for name in ["", "Mine", "1st", "my_plugin", "-x", "std", &"x".repeat(33), "../x"] {
            let error = new(name, "c").unwrap_err();
            assert_eq!((error.code.as_str(), error.exit), ("plugin_name_invalid", Exit::Usage), "{name}");
        }
        assert!(!root.path().join("c").exists());
    }
}
