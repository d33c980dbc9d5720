//! The `waypost` binary: the gateway and its command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    waypost::transport::install_tls_provider();
    waypost::cli::run()
}
