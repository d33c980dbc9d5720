//! Real Redis servers for tests and measurements: one ([`Server`]), a primary with its replica
//! ([`Pair`]), a cluster of three ([`Cluster`]), and faults in front of any of them ([`Proxy`]).
//!
//! Everything listens on loopback only, keeps its data in a temporary folder, and is gone when it goes
//! out of scope. Calls block the thread; there is no async runtime in here.

mod cluster;
mod connection;
mod error;
mod figures;
mod options;
mod pair;
mod port;
mod process;
mod proxy;
mod reply;
mod server;
mod wait;

pub use cluster::{Cluster, MASTERS, SLOTS};
pub use connection::Connection;
pub use error::KitError;
pub use figures::{CommandStat, NetBytes};
pub use options::{Persistence, ServerOptions};
pub use pair::Pair;
pub use proxy::{Fault, Proxy};
pub use reply::Reply;
pub use server::Server;
