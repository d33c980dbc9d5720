//! Threads for what nobody's message waits for: messages come first on every processor.

use std::sync::OnceLock;

use tracing::debug;

/// How much everything else comes first, 0 to 19 (nice(2)): beside a gateway that has all it can do, such
/// a thread gets some percent of a processor.
const NICENESS: i32 = 15;

/// Starts a thread of low priority.
///
/// # Errors
/// The system has no thread for it.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let work = move || {
        give_way();
        work();
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// On Linux the priority is the thread's own; elsewhere it would be that of the process.
fn give_way() {
    static TOLD: OnceLock<()> = OnceLock::new();
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        TOLD.get_or_init(|| debug!(%error, "backtests run with the priority of messages"));
    }
}
