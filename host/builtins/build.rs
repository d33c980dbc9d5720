//! Compiles the components of `plugins/` and of `edge/`, and puts them where `include_bytes!` finds them.

use std::path::Path;
use std::{env, fs, io};

/// The packages, in the order of [`waypost_core::decision::Role`]; `src/lib.rs` lists the same.
const PACKAGES: [&str; 5] = ["country-blacklist", "sender-override", "least-cost", "simulator", "twilio"];

/// The parts of a Spin application; `src/edge.rs` lists the same.
const EDGE_PACKAGES: [&str; 6] =
    ["edge-gateway", "edge-provider", "edge-signing", "edge-log", "edge-none", "edge-screening-pair"];

fn main() -> io::Result<()> {
    let root = waypost_guest_build::project_root();
    let mut built = waypost_guest_build::build_or_exit(&root.join("plugins"), &PACKAGES);
    built.extend(waypost_guest_build::build_or_exit(&root.join("edge"), &EDGE_PACKAGES));
    let out_dir = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    for component in built {
        // A copy, so that what is embedded stays as it is while guests are compiled again.
        let copy = Path::new(&out_dir).join(&component.package).with_extension("wasm");
        fs::copy(&component.path, copy)?;
    }
    Ok(())
}
