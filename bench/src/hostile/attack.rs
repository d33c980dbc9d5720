//! What a hostile tenant does, again and again until it is ended.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use waypost_test_guests::DENY;

use super::setup::bomb;
use crate::http::Client;

/// The list of the issue, and what else a tenant can have the gateway do.
pub const ATTACKS: [&str; 13] = [
    CONTROL,
    "endless-loop",
    "memory-bomb",
    "trap",
    "huge-log",
    "many-recipients",
    "uploads",
    "gibibyte",
    "settings",
    LOOP,
    "shadow",
    "backtest",
    "compile-bomb",
];
/// No attack at all, but a program that keeps a processor busy with the lowest priority that there is: what
/// everybody pays for using what is left over, whoever uses it.
const CONTROL: &str = "busy-processor";
/// The attack of a receiving component that answers every message.
pub const LOOP: &str = "send-loop";
/// The number that it answers from.
pub const SENDER: &str = "+447400900101";
const CONNECTIONS: usize = 4;
/// Between two requests of a connection: a flood of requests is another limit's.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two large uploads of a connection: all of them together come to a link of 1 Gbit/s, with the 32 MiB
/// that the gateway reads of each.
const LINK_PAUSE: Duration = Duration::from_secs(1);
const GIB: usize = 1 << 30;

/// Attacks from several connections. The arguments: what to do, where, with which key.
pub fn attack(arguments: &[String]) -> Result<()> {
    let [attack, address, key] = arguments else { anyhow::bail!("what, where and with which key") };
    let client = Client { address: address.parse()?, key: key.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|place| {
                let (attack, client) = (attack.clone(), client.clone());
                tokio::spawn(async move {
                    for number in (place..).step_by(CONNECTIONS) {
                        // Whatever is answered.
                        let _ = once(&attack, &client, number).await;
                        tokio::time::sleep(PAUSE).await;
                    }
                })
            })
            .collect();
        for connection in connections {
            connection.await?;
        }
        Ok(())
    })
}

async fn once(attack: &str, client: &Client, number: usize) -> Result<()> {
    match attack {
        CONTROL => loop {
            std::hint::spin_loop();
        },
        "uploads" => {
            let settings = json!({ "countries": [], "number": number }).to_string();
            client.upload("flood", "screening", DENY, settings.as_bytes()).await?;
        }
        "gibibyte" => {
            // Whoever refuses it ends the connection.
            let _ = gibibyte(client, number.is_multiple_of(2)).await;
            tokio::time::sleep(LINK_PAUSE).await;
        }
        "settings" => {
            tokio::time::sleep(LINK_PAUSE).await;
            let settings = format!("[{}0]", "0,".repeat(5 * 1024 * 1024));
            client.upload("flood", "screening", DENY, settings.as_bytes()).await?;
        }
        "compile-bomb" => {
            let plugin = format!("bomb-{}", number % CONNECTIONS);
            client.upload(&plugin, "screening", &bomb(number % 100), b"{\"countries\":[]}").await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        "backtest" => {
            let (_, plugin) = client.call("GET", "/v1/plugins/bad", "text/plain", b"").await?;
            let revision = plugin["shadow"].as_str().context("no shadow")?;
            client.json("POST", "/v1/plugins/bad/backtest", &json!({ "revision": revision })).await?;
        }
        "many-recipients" => {
            let to: Vec<String> = (0..100).map(|to| format!("+4474{to:05}014")).collect();
            let body = json!({ "to": to, "text": "x", "tags": ["misbehave:endless-loop"] });
            client.json("POST", "/v1/messages", &body).await?;
        }
        LOOP => {
            // Who answers `Hello`.
            let to = format!("+4474{:05}033", number % 100_000);
            client.json("POST", "/v1/messages", &json!({ "to": to, "from": SENDER, "text": "x" })).await?;
        }
        "shadow" => send(client, number, "endless-loop").await?,
        misdeed => send(client, number, misdeed).await?,
    }
    Ok(())
}

/// A message whose tag says what the component is to do.
async fn send(client: &Client, number: usize, misdeed: &str) -> Result<()> {
    let to = format!("+4474{:05}014", number % 100_000);
    let body = json!({ "to": to, "text": "x", "tags": [format!("misbehave:{misdeed}")] });
    client.json("POST", "/v1/messages", &body).await.map(drop)
}

/// Zeros, declared or in chunks, for as long as they are taken.
async fn gibibyte(client: &Client, is_chunked: bool) -> Result<()> {
    let mut stream = TcpStream::connect(client.address).await?;
    let length =
        if is_chunked { "transfer-encoding: chunked".to_owned() } else { format!("content-length: {GIB}") };
    let head = client.head("PUT", "/v1/plugins/flood?role=screening", "application/wasm", &length);
    stream.write_all(head.as_bytes()).await?;
    let mut piece = vec![0_u8; 64 * 1024];
    if is_chunked {
        piece.splice(0..0, b"10000\r\n".iter().copied());
        piece.extend_from_slice(b"\r\n");
    }
    for _ in 0..GIB / (64 * 1024) {
        stream.write_all(&piece).await?;
    }
    Ok(())
}
