//! Long bodies are read in bursts: a fast client has the next piece ready at once, for many megabytes.

use std::time::Duration;

/// So much is read at once, in bytes, and then something else is done for [`PAUSE`].
const BURST: usize = 128 * 1024;
/// With [`BURST`], 24 MiB take 0.57 s at least.
const PAUSE: Duration = Duration::from_millis(3);

/// How much was read since the last pause.
#[derive(Default)]
pub struct Pace(usize);

impl Pace {
    /// Lets others have their turn after a piece of so many bytes, if it is time.
    pub async fn after(&mut self, bytes: usize) {
        self.0 += bytes;
        if self.0 >= BURST {
            self.0 = 0;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
