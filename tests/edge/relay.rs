//! An address that is known before the application starts: its configuration names it, and its own
//! port is free until then.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A listener whose connections go somewhere once it is known where.
pub struct Relay(TcpListener);

/// A relay at work. Stops when dropped.
pub struct Relaying(JoinHandle<()>);

impl Relay {
    pub async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    pub fn to(self, address: SocketAddr) -> Relaying {
        Relaying(tokio::spawn(async move {
            while let Ok((mut from, _)) = self.0.accept().await {
                tokio::spawn(async move {
                    let Ok(mut to) = TcpStream::connect(address).await else { return };
                    // Either side may end it.
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        }))
    }
}

impl Drop for Relaying {
    fn drop(&mut self) {
        self.0.abort();
    }
}
