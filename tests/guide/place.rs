//! An empty folder, and a shell in it that knows the built `waypost` and the tools of the machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WAYPOST: &str = env!("CARGO_BIN_EXE_waypost");
/// The project's own toolchain, so that none is downloaded for a folder that asks for the stable one.
const TOOLCHAIN: &str = include_str!("../../rust-toolchain.toml");
/// Variables of the cargo that runs this test: its flags and folders are not for what a newcomer builds.
const OF_THIS_CARGO: [&str; 6] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "RUSTC_WRAPPER",
];

/// A folder that begins empty. It is left where it is when a test fails.
pub struct Place {
    root: PathBuf,
    now: PathBuf,
    variables: BTreeMap<String, String>,
    took: Vec<(Duration, String)>,
}

impl Place {
    /// Makes it, always the same one for a name: compiled crates are known by their path.
    pub fn empty(name: &str) -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
        let root = tmp.join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).unwrap();
        }
        std::fs::create_dir_all(&root).unwrap();
        let mut place = Self { now: root.clone(), root, variables: BTreeMap::new(), took: Vec::new() };
        let bin = Path::new(WAYPOST).parent().unwrap().display().to_string();
        place.set("PATH", &format!("{bin}:{}", std::env::var("PATH").unwrap()));
        place.set("RUSTUP_TOOLCHAIN", toolchain());
        // What is downloaded, and crates of others, are kept for the next run; nothing outside of `target`.
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests");
        place.set("CARGO_BUILD_BUILD_DIR", &std::path::absolute(guests).unwrap().display().to_string());
        place.set("CARGO_INCREMENTAL", "0");
        place.set("npm_config_cache", &tmp.join("cache/npm").display().to_string());
        place.set("PIP_CACHE_DIR", &tmp.join("cache/pip").display().to_string());
        // Compiled components are not: two builds of the same policy are not the same bytes.
        place.set("XDG_CACHE_HOME", &place.root.join("cache").display().to_string());
        place
    }

    /// Sets a variable for what is run from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Runs a line, and gives what it wrote to its standard output. Fails where the exit code is another
    /// one than the guide says.
    pub fn run(&mut self, line: &str, fails: bool) -> String {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.now.push(folder);
            assert!(self.now.is_dir(), "`{line}`: there is no such folder");
            return String::new();
        }
        let began = Instant::now();
        let mut shell = Command::new("sh");
        for variable in OF_THIS_CARGO {
            shell.env_remove(variable);
        }
        shell.args(["-c", line]).current_dir(&self.now).envs(&self.variables).stdin(Stdio::null());
        let output = shell.output().unwrap();
        self.took.push((began.elapsed(), line.to_owned()));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_right = if fails { output.status.code() == Some(1) } else { output.status.success() };
        assert!(
            is_right,
            "`{line}` in {}: {}\n{said}\n{}",
            self.now.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        said
    }

    /// Removes it, and shows what each line took.
    pub fn leave(self) {
        let name = self.root.file_name().unwrap().to_string_lossy().into_owned();
        for (took, line) in &self.took {
            println!("{name}: {:6.1} s  {line}", took.as_secs_f64());
        }
        std::fs::remove_dir_all(&self.root).unwrap();
    }
}

fn toolchain() -> &'static str {
    let channel = TOOLCHAIN.lines().find_map(|line| line.strip_prefix("channel = "));
    channel.unwrap().trim_matches('"')
}
