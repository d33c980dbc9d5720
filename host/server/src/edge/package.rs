//! A package on disk: a folder with the manifest, the components and the record.
//!
//! It is written beside its place and then renamed, so that the folder is always a whole package: the
//! old one or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::application::{Application, Naming};
use super::diff::{Change, changes};
use super::manifest::{self, Layout};
use super::record::Record;
use super::spinkube;

/// The record's file.
const RECORD: &str = "package.json";
/// The manifest's file.
const MANIFEST: &str = "spin.toml";
/// The SpinKube resource's file.
const SPINAPP: &str = "spinapp.yaml";
/// What a manifest of ours begins with.
const OURS: &str = "# Made by `waypost edge package`";
/// Largest record that is read, in bytes.
const RECORD_BYTES_MAX: u64 = 16 << 20;

/// Where a package goes, and what is in it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder.
    pub out: PathBuf,
    /// A second manifest outside the folder, which names components without hashes: for a
    /// repository. The folder has to be below this file's.
    pub manifest: Option<PathBuf>,
    /// With the resource for SpinKube.
    pub spinkube: bool,
}

/// Why a package cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// There is something else at its place.
    #[error("{} is not a package of Waypost, so it is left as it is: choose another place", path.display())]
    NotOurs {
        /// The folder or file.
        path: PathBuf,
    },
    /// The second manifest could not refer to the folder.
    #[error("{} is not below the folder of {}", out.display(), manifest.display())]
    Outside {
        /// The folder.
        out: PathBuf,
        /// The manifest.
        manifest: PathBuf,
    },
    /// The file system does not do it.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl PackageError {
    /// A stable code in snake_case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOurs { .. } => "edge_package_not_ours",
            Self::Outside { .. } => "edge_package_outside",
            Self::Io { .. } => "edge_package_unwritable",
        }
    }
}

/// A package that is ready to be written.
#[derive(Debug)]
pub struct Package {
    /// What it changes in the one that is there.
    pub changes: Vec<Change>,
    /// There is one already.
    pub replaces: bool,
    out: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    manifest: Option<(PathBuf, String)>,
}

/// Compares an application with the package that is there. Nothing is written.
///
/// # Errors
/// The place is taken by something else, or cannot be read.
pub fn prepare(application: &Application, options: &Options) -> Result<Package, PackageError> {
    let out = absolute(&options.out)?;
    restore(&out)?;
    let before = existing(&out)?;
    let naming = if options.manifest.is_some() { Naming::Plain } else { Naming::Hashed };
    let record = Record::of(application, naming);
    let inside = Layout { prefix: String::new(), naming };
    let mut files: BTreeMap<String, Vec<u8>> =
        application.files.iter().map(|file| (file.path(naming), file.bytes.clone())).collect();
    files.insert(MANIFEST.to_owned(), manifest::render(application, &inside).into_bytes());
    files.insert(RECORD.to_owned(), record.text().into_bytes());
    if options.spinkube {
        files.insert(SPINAPP.to_owned(), spinkube::render(application).into_bytes());
    }
    let manifest =
        options.manifest.as_ref().map(|path| aside(application, path, &out, naming)).transpose()?;
    let replaces = before.is_some();
    Ok(Package { changes: changes(before.as_ref(), &record), replaces, out, files, manifest })
}

impl Package {
    /// The files of the folder by path, in their order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Puts the package into its place.
    ///
    /// # Errors
    /// The file system refuses something; the package that was there is there still.
    pub fn write(&self) -> Result<(), PackageError> {
        let (new, old) = (sibling(&self.out, "new"), sibling(&self.out, "old"));
        remove(&new)?;
        let written = self.write_into(&new).and_then(|()| self.swap(&new, &old));
        if written.is_err() {
            // What is reported is why it was not written; the next package clears the rest.
            let _ = remove(&new);
        }
        written?;
        match &self.manifest {
            Some((path, text)) => replace_file(path, text),
            None => Ok(()),
        }
    }

    fn write_into(&self, folder: &Path) -> Result<(), PackageError> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed(parent))?;
            }
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        Ok(())
    }

    fn swap(&self, new: &Path, old: &Path) -> Result<(), PackageError> {
        remove(old)?;
        if self.out.exists() {
            fs::rename(&self.out, old).map_err(failed(&self.out))?;
        }
        if let Err(error) = fs::rename(new, &self.out) {
            // The old package goes back; where that fails too, the next run puts it back.
            let _ = fs::rename(old, &self.out);
            return Err(failed(&self.out)(error));
        }
        remove(old)
    }
}

/// The second manifest and where it goes.
fn aside(
    application: &Application,
    path: &Path,
    out: &Path,
    naming: Naming,
) -> Result<(PathBuf, String), PackageError> {
    let path = absolute(path)?;
    if path.exists() && !fs::read_to_string(&path).is_ok_and(|text| text.starts_with(OURS)) {
        return Err(PackageError::NotOurs { path });
    }
    let below = path.parent().and_then(|folder| out.strip_prefix(folder).ok());
    let Some(below) = below else {
        return Err(PackageError::Outside { out: out.to_owned(), manifest: path });
    };
    let words: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let prefix = format!("{}/", words.join("/"));
    let text = manifest::render(application, &Layout { prefix, naming });
    Ok((path, text))
}

/// The record of the package that is there. None: nothing is.
fn existing(out: &Path) -> Result<Option<Record>, PackageError> {
    let not_ours = || PackageError::NotOurs { path: out.to_owned() };
    if !out.exists() {
        return Ok(None);
    }
    let mut entries = fs::read_dir(out).map_err(|_| not_ours())?;
    if entries.next().is_none() {
        return Ok(None);
    }
    let path = out.join(RECORD);
    let length = fs::metadata(&path).map_err(|_| not_ours())?.len();
    if length > RECORD_BYTES_MAX {
        return Err(not_ours());
    }
    let text = fs::read_to_string(&path).map_err(failed(&path))?;
    Record::parse(&text).map(Some).ok_or_else(not_ours)
}

/// Puts back what a run left that ended between two renames.
fn restore(out: &Path) -> Result<(), PackageError> {
    let old = sibling(out, "old");
    if !out.exists() && old.join(RECORD).exists() {
        fs::rename(&old, out).map_err(failed(out))?;
    }
    Ok(())
}

fn replace_file(path: &Path, text: &str) -> Result<(), PackageError> {
    let new = sibling(path, "new");
    fs::write(&new, text).map_err(failed(&new))?;
    fs::rename(&new, path).map_err(failed(path))
}

/// `.edge-app.new` beside `edge-app`.
fn sibling(path: &Path, state: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{state}"))
}

fn remove(folder: &Path) -> Result<(), PackageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder)(error)),
        _ => Ok(()),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, PackageError> {
    std::path::absolute(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PackageError {
    let path = path.to_owned();
    move |source| PackageError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(out: &Path, text: &str) -> Package {
        let files = BTreeMap::from([
            (RECORD.to_owned(), text.as_bytes().to_vec()),
            ("components/a.wasm".to_owned(), text.as_bytes().to_vec()),
        ]);
        Package { changes: Vec::new(), replaces: false, out: out.to_owned(), files, manifest: None }
    }

    #[test]
    fn a_package_replaces_the_one_before_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("app");
        package(&out, "one").write().unwrap();
        fs::write(out.join("components/old.wasm"), "old").unwrap();
        package(&out, "two").write().unwrap();
        assert_eq!(fs::read_to_string(out.join("components/a.wasm")).unwrap(), "two");
        assert!(!out.join("components/old.wasm").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_run_that_ended_between_two_renames_is_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("app");
        package(&out, "one").write().unwrap();
        fs::rename(&out, sibling(&out, "old")).unwrap();
        restore(&out).unwrap();
        assert_eq!(fs::read_to_string(out.join(RECORD)).unwrap(), "one");
    }

    #[test]
    fn what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(existing(folder.path()).unwrap().is_none(), "an empty folder is nobody's");
        for (name, text) in [("photo.jpg", "x"), (RECORD, "{}"), (RECORD, "{\"format\":\"npm\"}")] {
            fs::write(folder.path().join(name), text).unwrap();
            let refused = existing(folder.path()).unwrap_err();
            assert_eq!(refused.code(), "edge_package_not_ours", "{name}");
        }
        let file = folder.path().join("photo.jpg");
        assert_eq!(existing(&file).unwrap_err().code(), "edge_package_not_ours");
    }
}
