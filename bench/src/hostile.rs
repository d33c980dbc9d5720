//! What a hostile tenant costs the others: a tenant sends at a fixed rate, by turns alone and beside another
//! tenant that does its worst. Each thing that it can do has a tenant of its own, so that what one has used
//! up helps no other.

mod attack;
mod setup;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use attack::ATTACKS;
pub use attack::attack;
use setup::Operator;

use crate::figure::Report;
use crate::gateway::config;
use crate::neighbour::{Turns, turn};
use crate::server::Server;

/// The argument that makes this program the one that attacks.
pub const CHILD: &str = "hostile-attack";
const ROUNDS: usize = 9;
/// An attack has begun when its turn begins.
const BEGUN: Duration = Duration::from_millis(300);
/// An attack before all turns.
const FIRST: Duration = Duration::from_secs(1);

/// One attack after the other.
pub async fn measure(report: &mut Report) -> Result<()> {
    let server = Server::start(&config("")).await?;
    let operator = Operator::new(&server)?;
    turn(&server).await?;
    for attack in ATTACKS {
        let key = operator.prepare(attack).await.with_context(|| format!("preparing {attack}"))?;
        let mut turns = Turns::default();
        // The first slow calls of a tenant run with everybody's; after them the tenant counts as slow.
        let first = Attacker::start(attack, &server, &key)?;
        tokio::time::sleep(FIRST).await;
        drop(first);
        for _ in 0..ROUNDS {
            turns.quiet.push(turn(&server).await?);
            let _attacker = Attacker::start(attack, &server, &key)?;
            tokio::time::sleep(BEGUN).await;
            turns.beside.push(turn(&server).await?);
        }
        turns.compare(report, attack);
    }
    Ok(())
}

/// The attacking program, which gets what everything else leaves over: what it takes itself is not the
/// gateway's.
struct Attacker(Child);

impl Attacker {
    fn start(attack: &str, server: &Server, key: &str) -> Result<Self> {
        let child = Command::new("chrt")
            .args(["--idle", "0"])
            .arg(std::env::current_exe()?)
            .args([CHILD, attack, &server.address.to_string(), key])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        // It goes on until it is ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
