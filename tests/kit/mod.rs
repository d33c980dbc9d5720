//! What the tests need: a gateway in a folder of its own, a client, providers on loopback.

mod client;
mod fake_twilio;
mod gateway;
mod receiver;
mod simulator;

pub use client::{Answer, Client};
pub use fake_twilio::{FakeTwilio, Sent};
#[allow(unused_imports, reason = "each test binary uses its part of the kit")]
pub use gateway::{Gateway, free_address};
pub use receiver::Receiver;
pub use simulator::Simulator;

use std::time::{Duration, Instant};

/// A number of a British mobile whose last three digits are the simulator's script.
pub fn number(index: u32, suffix: &str) -> String {
    format!("+4474{:05}{suffix}", index % 100_000)
}

/// Asks until the answer is there, for at most 20 seconds.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl FnMut() -> F) -> T {
    eventually_within(20, what, ask).await
}

/// The same for what takes long on a busy machine.
pub async fn eventually_within<T, F: Future<Output = Option<T>>>(
    seconds: u64,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within {seconds} s: {what}");
}
