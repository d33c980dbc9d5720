//! The `waypost` binary: the gateway and its command line.

use std::process::ExitCode;

/// Messages are many small allocations that one thread makes and another frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    waypost::transport::install_tls_provider();
    waypost::cli::run()
}
