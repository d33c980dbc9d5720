//! Compiles the workspace `tests/guests`.

use waypost_guest_build::{build_or_exit, project_root};

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    for built in build_or_exit(&project_root().join("tests/guests"), &["deny", "hostile", "keywords"]) {
        println!("cargo::rustc-env=GUEST_{}={}", built.package.to_uppercase(), built.path.display());
    }
}
