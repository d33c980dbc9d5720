//! The store in Redis over redis-rs: the operations are `waypost_core::redis`; here is the way there.

mod answer;
mod batcher;
mod link;
mod options;

use waypost_core::redis::{Clock, Layout, RedisStore as CoreStore};

use crate::StoreError;

pub use link::Link;
pub use options::RedisOptions;

/// The store in Redis, over redis-rs.
pub type RedisStore = CoreStore<Link>;

/// Connects. Fails where no server can be reached now; later losses are made good by themselves.
///
/// # Errors
/// `Unavailable`: no address leads to a server that takes writes. `TooNew`: a newer Waypost made the
/// store.
pub async fn open(options: RedisOptions, clock: Clock) -> Result<RedisStore, StoreError> {
    let layout = Layout::new(&options.prefix);
    let host = options.host.as_str().into();
    let link = Link::connect(options).await?;
    let store = CoreStore::new(link, layout, clock, host);
    store.check_layout().await?;
    Ok(store)
}
