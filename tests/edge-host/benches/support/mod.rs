//! An application in a folder of its own, a client, and a Redis server.

mod client;
mod redis_server;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use waypost_edge_host::{EdgeHost, EdgeHostError, Options};

pub use client::Client;
pub use redis_server::RedisServer;

/// The folder of an application.
pub struct Folder(TempDir);

impl Folder {
    /// A folder with this manifest after the first lines that every manifest has.
    pub fn new(manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("spin_manifest_version = 2\n[application]\nname = 'test'\n{manifest}");
        fs::write(folder.path().join("spin.toml"), text).unwrap();
        Self(folder)
    }

    /// Puts a file into the folder.
    #[allow(dead_code, reason = "the measurement has no need of it")]
    pub fn with(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.0.path().join(name), bytes).unwrap();
        self
    }

    pub fn manifest(&self) -> PathBuf {
        self.0.path().join("spin.toml")
    }

    pub async fn start(&self, options: Options) -> Result<EdgeHost, EdgeHostError> {
        EdgeHost::start(&self.manifest(), options).await
    }
}

/// Starts an application that needs no files but those it names by their full paths.
#[allow(dead_code, reason = "the measurement has no need of it")]
pub async fn start(manifest: &str) -> EdgeHost {
    Folder::new(manifest).start(Options::default()).await.unwrap()
}
