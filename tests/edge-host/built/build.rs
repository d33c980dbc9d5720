//! Compiles the workspace `tests/edge-host/guests`.

use waypost_guest_build::{build_or_exit, project_root};

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    let packages = ["caller", "empty", "inert-log", "noting"];
    for built in build_or_exit(&project_root().join("tests/edge-host/guests"), &packages) {
        let name = built.package.to_uppercase().replace('-', "_");
        println!("cargo::rustc-env=GUEST_{name}={}", built.path.display());
    }
}
