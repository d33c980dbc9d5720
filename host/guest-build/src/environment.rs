//! What a nested cargo may know of the outer one.

use std::env;
use std::process::Command;

/// Variables of cargo that say how to reach the registry, not how to compile.
const CARGO_KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_CACHE_",
];

/// Takes from `command` every variable by which the outer build would change the guests: flags and
/// profiles meant for the host's target, `clippy-driver` as the compiler, the outer target
/// directory, the outer job server.
pub(crate) fn isolate(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(leaks) {
            command.env_remove(name);
        }
    }
    if let Some(jobs) = env::var_os("NUM_JOBS") {
        command.env("CARGO_BUILD_JOBS", jobs);
    }
}

fn leaks(name: &str) -> bool {
    let kept = CARGO_KEPT.iter().any(|kept| name.starts_with(kept));
    let of_cargo = name.starts_with("CARGO_") && !kept;
    let of_rustc = (name.starts_with("RUSTC") || name.starts_with("RUSTDOC"))
        || matches!(name, "RUSTFLAGS" | "RUST_TARGET_PATH");
    let of_the_script = matches!(
        name,
        "MAKEFLAGS" | "MFLAGS" | "TARGET" | "HOST" | "OUT_DIR" | "PROFILE" | "DEBUG" | "OPT_LEVEL"
    );
    of_cargo || of_rustc || of_the_script
}

#[cfg(test)]
mod tests {
    use super::leaks;

    #[test]
    fn build_settings_leak_and_registry_settings_do_not() {
        let table = [
            ("CARGO_ENCODED_RUSTFLAGS", true),
            ("RUSTFLAGS", true),
            ("RUSTC", true),
            ("RUSTC_WRAPPER", true),
            ("RUSTC_WORKSPACE_WRAPPER", true),
            ("RUSTDOCFLAGS", true),
            ("CARGO_TARGET_DIR", true),
            ("CARGO_BUILD_TARGET", true),
            ("CARGO_BUILD_TARGET_DIR", true),
            ("CARGO_BUILD_RUSTFLAGS", true),
            ("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", true),
            ("CARGO_PROFILE_RELEASE_LTO", true),
            ("CARGO_MAKEFLAGS", true),
            ("CARGO_INCREMENTAL", true),
            ("MAKEFLAGS", true),
            ("OUT_DIR", true),
            ("CARGO_HOME", false),
            ("CARGO_NET_OFFLINE", false),
            ("CARGO_HTTP_PROXY", false),
            ("CARGO_REGISTRIES_MINE_TOKEN", false),
            ("RUSTUP_TOOLCHAIN", false),
            ("PATH", false),
            ("HOME", false),
        ];
        for (name, expected) in table {
            assert_eq!(leaks(name), expected, "{name}");
        }
    }
}
