//! Structured logs to standard error. Phone numbers and bodies are never above DEBUG; secrets are
//! nowhere.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use waypost_core::config::{Log, LogFormat};

/// Starts logging as configured; `WAYPOST_LOG` in the environment has the last word on levels.
pub fn start(log: &Log) {
    let level = log.level.as_str();
    let filter = EnvFilter::try_from_env("WAYPOST_LOG").unwrap_or_else(|_| {
        EnvFilter::new(format!("warn,waypost={level},waypost_store={level},waypost_engine={level}"))
    });
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first: tests do that.
    let _ = match log.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.try_init(),
    };
}
