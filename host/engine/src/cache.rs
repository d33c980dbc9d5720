//! Compiled code on disk, so that a restart costs milliseconds for each component.
//!
//! An entry is one file: a line of metadata, then the code. Its name is made of everything that
//! the code depends on. Only the host writes into the directory (mode 0700); an entry whose
//! SHA-256 does not fit is made again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::settings::{Revision, hex};

/// Changes when the form of an entry, or the way from a component to its code, changes.
const FORMAT: u32 = 1;
/// Longest line of metadata, in bytes.
const METADATA_BYTES_MAX: usize = 512 * 1024;

/// A component that is ready to be linked.
pub(crate) struct Compiled {
    pub component: Component,
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
        Ok(Self { directory: directory.to_owned(), engine_hash: hasher.finish() })
    }

    /// The entry of a revision in a role. None: there is none, or it is damaged.
    pub fn load(&self, engine: &Engine, revision: &Revision, variant: &str) -> Option<Compiled> {
        let path = self.path(revision, variant);
        let bytes = fs::read(&path).ok()?;
        let entry = read(engine, &bytes);
        if entry.is_none() {
            tracing::warn!(path = %path.display(), "a damaged cache entry is made again");
        }
        entry
    }

    /// Keeps an entry. An entry is either whole or not there.
    pub fn store(&self, revision: &Revision, variant: &str, compiled: &Compiled) {
        let path = self.path(revision, variant);
        if let Err(error) = self.try_store(&path, compiled) {
            // The cache only saves time: without it the next start takes longer.
            tracing::warn!(path = %path.display(), %error, "compiled code cannot be cached");
        }
    }

    fn path(&self, revision: &Revision, variant: &str) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(FORMAT.to_le_bytes());
        hash.update(self.engine_hash.to_le_bytes());
        hash.update(revision.full().as_bytes());
        hash.update(variant.as_bytes());
        self.directory.join(format!("{}.waypost-code", hex(&hash.finalize()[..16])))
    }

    fn try_store(&self, path: &Path, compiled: &Compiled) -> Result<(), StoreError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let code = compiled.component.serialize().map_err(|_| StoreError::Serialize)?;
        let metadata = json!({
            "snapshotted": compiled.snapshotted,
            "schema": compiled.schema,
            "sha256": hex(&Sha256::digest(&code)),
        });
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let written = fs::File::create(&unfinished).and_then(|mut file| {
            file.write_all(metadata.to_string().as_bytes())?;
            file.write_all(b"\n")?;
            file.write_all(&code)
        });
        let moved = written.and_then(|()| fs::rename(&unfinished, path));
        if moved.is_err() {
            // Nothing to be done about a file that cannot be removed either.
            let _ = fs::remove_file(&unfinished);
        }
        Ok(moved?)
    }
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("the code cannot be serialized")]
    Serialize,
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn read(engine: &Engine, bytes: &[u8]) -> Option<Compiled> {
    let end = bytes.iter().take(METADATA_BYTES_MAX).position(|byte| *byte == b'\n')?;
    let metadata: Value = serde_json::from_slice(&bytes[..end]).ok()?;
    let code = &bytes[end + 1..];
    if metadata.get("sha256")?.as_str()? != hex(&Sha256::digest(code)) {
        return None;
    }
    Some(Compiled {
        component: trusted(engine, code)?,
        snapshotted: metadata.get("snapshotted")?.as_bool()?,
        schema: metadata.get("schema")?.as_str()?.to_owned(),
    })
}

fn trusted(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the code must come from `Component::serialize`. It does: only this host writes into
    // the directory (mode 0700), entries are whole (written aside, then renamed), the bytes that
    // were hashed are the very bytes that are loaded, and code from outside is never put there.
    // wasmtime itself refuses code of another version or of other settings.
    #[allow(unsafe_code, reason = "the one place where code that was compiled before is loaded")]
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}
