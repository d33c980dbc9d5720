//! Compiled code on disk, shared by all processes of this host: a restart costs milliseconds for
//! each component, and a child process can compile what this one runs.
//!
//! An entry is one file: the code, then a line of metadata. Its name is made of everything that the
//! code depends on. Only the host writes into the directory (mode 0700); an entry whose SHA-256
//! does not fit is made again. Code is mapped from the file, so that components which nobody asks
//! take hardly any memory.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use wasmtime::Engine;
use wasmtime::component::Component;
use waypost_core::decision::Role;

use crate::settings::{Revision, hex};
use crate::version::{self, Version};

/// Changes when the form of an entry, or the way from a component to its code, changes.
const FORMAT: u32 = 2;
/// Largest metadata of an entry, in bytes.
const METADATA_BYTES_MAX: u64 = 512 * 1024;
/// How long an entry stays that nobody loads.
const UNUSED_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a file may be under way until it is taken for what a crash has left.
const UNFINISHED_MAX: Duration = Duration::from_secs(3600);
/// Most bytes of all entries: above it those go that were not loaded for the longest time.
const BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
const EXTENSION: &str = "waypost-code";
const UNFINISHED: &str = "tmp";

/// A component that is ready to be linked.
pub(crate) struct Compiled {
    pub component: Component,
    pub version: &'static Version,
    /// It begins as it was after configuring.
    pub snapshotted: bool,
    /// The JSON Schema of its settings.
    pub schema: String,
}

/// The directory of entries.
#[derive(Debug)]
pub(crate) struct Cache {
    directory: PathBuf,
    /// Of the engine's settings and version: code of another engine is never loaded.
    engine_hash: u64,
    /// Removes the directory at the end, where it is not meant to stay.
    _temporary: Option<TempDir>,
}

impl Cache {
    pub fn open(directory: &Path, engine: &Engine) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
        }
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { directory: directory.to_owned(), engine_hash: hasher.finish(), _temporary: None })
    }

    /// A cache that is gone with the process.
    pub fn temporary(engine: &Engine) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("waypost-code").tempdir()?;
        let cache = Self::open(directory.path(), engine)?;
        Ok(Self { _temporary: Some(directory), ..cache })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The entry of a revision in a role. None: there is none, or it is damaged.
    pub fn load(&self, engine: &Engine, revision: &Revision, role: Role) -> Option<Compiled> {
        let path = self.path(revision, role);
        let file = File::open(&path).ok()?;
        // For the order in which entries are removed. A disk that is full or read-only may refuse.
        let _ = file.set_modified(SystemTime::now());
        let entry = read(engine, file, &path);
        if entry.is_none() {
            tracing::warn!(path = %path.display(), "a damaged cache entry is made again");
        }
        entry
    }

    /// Keeps an entry. An entry is either whole or not there.
    pub fn store(&self, revision: &Revision, role: Role, compiled: &Compiled) {
        let path = self.path(revision, role);
        if let Err(error) = self.try_store(&path, compiled) {
            // The cache only saves time: without it the next start takes longer.
            tracing::warn!(path = %path.display(), %error, "compiled code cannot be cached");
        }
    }

    /// Removes the entries of a revision. Components that run go on.
    pub fn forget(&self, revision: &Revision) {
        for role in Role::ALL {
            // Most roles have none.
            let _ = fs::remove_file(self.path(revision, role));
        }
    }

    /// Removes what nobody has loaded for a long time, and what is above the limit.
    pub fn sweep(&self, now: SystemTime) {
        self.sweep_above(now, BYTES_MAX);
    }

    fn sweep_above(&self, now: SystemTime, bytes_max: u64) {
        let Ok(files) = fs::read_dir(&self.directory) else { return };
        let mut entries = Vec::new();
        for file in files.filter_map(Result::ok) {
            let path = file.path();
            let Ok(metadata) = file.metadata() else { continue };
            let age = metadata.modified().ok().and_then(|then| now.duration_since(then).ok());
            let age = age.unwrap_or_default();
            let extension = path.extension().and_then(|it| it.to_str());
            match extension {
                Some(EXTENSION) => entries.push((age, metadata.len(), path)),
                Some(UNFINISHED) if age > UNFINISHED_MAX => remove(&path),
                _ => {}
            }
        }
        entries.sort_by_key(|(age, ..)| *age);
        let mut bytes: u64 = 0;
        for (age, length, path) in entries {
            bytes = bytes.saturating_add(length);
            if age > UNUSED_MAX || bytes > bytes_max {
                remove(&path);
            }
        }
    }

    fn path(&self, revision: &Revision, role: Role) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(FORMAT.to_le_bytes());
        hash.update(self.engine_hash.to_le_bytes());
        hash.update(revision.full().as_bytes());
        hash.update(role.as_str().as_bytes());
        self.directory.join(format!("{}.{EXTENSION}", hex(&hash.finalize()[..16])))
    }

    fn try_store(&self, path: &Path, compiled: &Compiled) -> Result<(), StoreError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let code = compiled.component.serialize().map_err(|_| StoreError::Serialize)?;
        let metadata = Metadata {
            api: compiled.version.name.to_owned(),
            snapshotted: compiled.snapshotted,
            schema: compiled.schema.clone(),
            sha256: hex(&Sha256::digest(&code)),
        };
        let metadata = serde_json::to_vec(&metadata).map_err(|_| StoreError::Serialize)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{}-{number}.{UNFINISHED}", std::process::id()));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(&code)?;
            file.write_all(&metadata)?;
            file.write_all(&(metadata.len() as u64).to_le_bytes())
        });
        let moved = written.and_then(|()| fs::rename(&unfinished, path));
        if moved.is_err() {
            // Nothing to be done about a file that cannot be removed either.
            let _ = fs::remove_file(&unfinished);
        }
        Ok(moved?)
    }
}

/// What stands behind the code.
#[derive(Serialize, Deserialize)]
struct Metadata {
    /// The version of the plugin API.
    api: String,
    snapshotted: bool,
    schema: String,
    /// Of the code.
    sha256: String,
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("the code cannot be serialized")]
    Serialize,
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn read(engine: &Engine, mut file: File, path: &Path) -> Option<Compiled> {
    const TAIL: u64 = size_of::<u64>() as u64;
    let length = file.metadata().ok()?.len();
    let mut metadata_bytes = [0; TAIL as usize];
    file.seek(SeekFrom::Start(length.checked_sub(TAIL)?)).ok()?;
    file.read_exact(&mut metadata_bytes).ok()?;
    let metadata_bytes = u64::from_le_bytes(metadata_bytes);
    if metadata_bytes > METADATA_BYTES_MAX {
        return None;
    }
    let code_bytes = length.checked_sub(TAIL + metadata_bytes)?;
    file.seek(SeekFrom::Start(code_bytes)).ok()?;
    let metadata: Metadata = serde_json::from_reader((&mut file).take(metadata_bytes)).ok()?;
    file.rewind().ok()?;
    if metadata.sha256 != hash(file.take(code_bytes)).ok()? {
        return None;
    }
    Some(Compiled {
        component: trusted(engine, path)?,
        version: version::find(&metadata.api)?,
        snapshotted: metadata.snapshotted,
        schema: metadata.schema,
    })
}

fn hash(mut code: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match code.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn trusted(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: the file must come from `Component::serialize`, and stay as it is. It does: only this
    // host writes into the directory (mode 0700), entries are whole (written aside, then renamed)
    // and never written to again, so that a name always leads to the code that its hash is made
    // of, and code from outside is never put there. The metadata behind the code is no part of the
    // ELF file that wasmtime reads. wasmtime itself refuses code of another version or of other
    // settings.
    #[allow(unsafe_code, reason = "the one place where code that was compiled before is loaded")]
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.ok()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "a cache entry cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(directory: &Path, name: &str, age: Duration) {
        let file = File::create(directory.join(name)).unwrap();
        file.set_len(100).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn what_is_old_or_too_much_is_swept() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path(), &Engine::default()).unwrap();
        let hour = Duration::from_secs(3600);
        for (name, age) in [
            ("new.waypost-code", Duration::ZERO),
            ("used.waypost-code", hour),
            ("third.waypost-code", 2 * hour),
            ("old.waypost-code", 31 * 24 * hour),
            ("under-way.1-1.tmp", Duration::ZERO),
            ("left-over.1-2.tmp", 2 * hour),
            ("foreign", 99 * 24 * hour),
        ] {
            entry(directory.path(), name, age);
        }
        let names = || {
            let files = fs::read_dir(directory.path()).unwrap();
            let mut names: Vec<_> =
                files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        cache.sweep(SystemTime::now());
        let kept =
            ["foreign", "new.waypost-code", "third.waypost-code", "under-way.1-1.tmp", "used.waypost-code"];
        assert_eq!(names(), kept);
        cache.sweep_above(SystemTime::now(), 250);
        assert_eq!(names(), ["foreign", "new.waypost-code", "under-way.1-1.tmp", "used.waypost-code"]);
    }

    #[test]
    fn a_temporary_cache_is_gone_afterwards() {
        let cache = Cache::temporary(&Engine::default()).unwrap();
        let path = cache.directory().to_owned();
        assert!(path.is_dir());
        drop(cache);
        assert!(!path.exists());
    }
}
