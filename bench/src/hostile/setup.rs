//! The hostile tenants, with what each of them needs.

use anyhow::Result;
use serde_json::{Value, json};
use waypost_test_guests::{DENY, HOSTILE, KEYWORDS};

use super::attack::{LOOP, SENDER};
use crate::http::{Client, distinct};
use crate::server::Server;

/// Makes tenants.
pub struct Operator<'s> {
    server: &'s Server,
    client: Client,
}

impl<'s> Operator<'s> {
    pub fn new(server: &'s Server) -> Result<Self> {
        let key = server.key_of("default", &["operator"])?;
        Ok(Self { server, client: Client { address: server.address, key } })
    }

    /// A tenant for an attack, with a component that misbehaves when it is told to. Gives its key.
    pub async fn prepare(&self, attack: &str) -> Result<String> {
        let numbers = if attack == LOOP { json!({ SENDER: "default" }) } else { json!({}) };
        let hostile = self.tenant(&name(attack), &json!({ "numbers": numbers })).await?;
        if attack == LOOP {
            let settings = json!({ "replies": { "HELLO": "hello yourself" } });
            self.use_as("activate", &hostile, "receiving", KEYWORDS, &settings).await?;
            return Ok(hostile.key);
        }
        let settings = json!({ "when": "call" });
        // A backtest needs messages that it can burn on.
        let part = if attack == "shadow" || attack == "backtest" { "shadow" } else { "activate" };
        self.use_as(part, &hostile, "screening", HOSTILE, &settings).await?;
        if attack == "backtest" {
            let to: Vec<String> = (0..100).map(|number| format!("+4474{number:05}014")).collect();
            let body = json!({ "to": to, "text": "x", "tags": ["misbehave:endless-loop"] });
            for _ in 0..5 {
                hostile.json("POST", "/v1/messages", &body).await?;
            }
        }
        Ok(hostile.key)
    }

    async fn use_as(
        &self,
        part: &str,
        hostile: &Client,
        role: &str,
        component: &[u8],
        settings: &Value,
    ) -> Result<()> {
        let revision = hostile.ready("bad", role, component, settings).await?;
        hostile.json("POST", &format!("/v1/plugins/bad/{part}"), &json!({ "revision": revision })).await?;
        Ok(())
    }

    async fn tenant(&self, name: &str, settings: &Value) -> Result<Client> {
        let body = json!({ "settings": settings });
        self.client.json("PUT", &format!("/v1/tenants/{name}"), &body).await?;
        let key = self.server.key_of(name, &["send", "read", "inbox", "plugins"])?;
        Ok(Client { address: self.client.address, key })
    }
}

/// The tenant of an attack.
fn name(attack: &str) -> String {
    format!("bad-{attack}")
}

/// The good component with a function that is too much for the compiler.
pub fn bomb(number: usize) -> Vec<u8> {
    const ADDITIONS: usize = 300_000;
    // local.get 0, local.get 0, i32.load offset=0, i32.add, local.tee 0
    let mut body = vec![0];
    body.extend([0x20, 0, 0x20, 0, 0x28, 2, 0, 0x6a, 0x22, 0].repeat(ADDITIONS));
    body.extend(std::iter::repeat_n(0x6a, ADDITIONS - 1));
    body.push(0x0b);
    let mut code = vec![1];
    leb(&mut code, body.len());
    code.extend(body);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in [(1, &[1, 0x60, 1, 0x7f, 1, 0x7f][..]), (3, &[1, 0]), (5, &[1, 0, 1]), (10, &code)] {
        section(&mut module, id, content);
    }
    let mut component = DENY.to_vec();
    section(&mut component, 1, &module);
    distinct(&component, number)
}

fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    leb(bytes, content.len());
    bytes.extend_from_slice(content);
}

fn leb(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return;
        }
    }
}
