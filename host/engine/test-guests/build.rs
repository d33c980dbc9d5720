//! Compiles the workspaces `tests/guests` and `examples/plugins`.

use std::path::PathBuf;
use std::{env, fs};

use waypost_guest_build::{build_or_exit, project_root};

/// The examples in Rust.
const EXAMPLES: [&str; 6] =
    ["percentage-split", "prefix-routing", "quiet-hours", "spend-guard", "sticky-sender", "time-of-day"];

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() -> std::io::Result<()> {
    for built in build_or_exit(&project_root().join("tests/guests"), &["deny", "hostile", "keywords"]) {
        println!("cargo::rustc-env=GUEST_{}={}", built.package.to_uppercase(), built.path.display());
    }
    let examples: Vec<(String, String)> = build_or_exit(&project_root().join("examples/plugins"), &EXAMPLES)
        .into_iter()
        .map(|built| (built.package, built.path.display().to_string()))
        .collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("examples.rs"), format!("&{examples:?}"))
}
