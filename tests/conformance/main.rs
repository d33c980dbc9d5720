//! Conformance: the same requests, answers and states for every shell and store. A folder of `cases`
//! for each case, a file of `targets` for each target. See docs/conformance.md.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say what they expect by unwrapping it"
)]

#[path = "../kit/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the black-box tests, and each uses a part of it")]
mod kit;

mod answer;
mod case;
mod configuration;
mod documented;
mod matcher;
mod pattern;
mod player;
mod runner;
mod script;
mod shape;
mod target;
mod targets;
mod template;
mod variables;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_with_sqlite() {
    runner::run(&targets::Native::SQLITE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_with_redis() {
    runner::run(&targets::Native::REDIS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edge_in_the_test_host() {
    runner::run(&targets::Edge::HOSTED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edge_in_spin() {
    if !targets::Edge::spin_is_there() {
        println!("not run: there is no `spin` on the PATH");
        return;
    }
    runner::run(&targets::Edge::SPIN).await;
}
