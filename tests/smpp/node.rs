//! Against `smpp` of npm, an SMSC in JavaScript that others wrote: what it reads is what was sent.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::kit::{Gateway, eventually, number};
use crate::world::{PASSWORD, config};

/// The SMSC, ended with this.
struct Node {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Node {
    async fn start() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let modules = install(&root);
        let mut child = Command::new("node")
            .arg(root.join("tests/smpp/smsc.js"))
            .env("NODE_PATH", modules)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("this test needs Node.js: apt-get install nodejs npm");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("the port").parse().unwrap();
        Self { _child: child, lines, port }
    }

    /// The next thing of that kind that it tells.
    async fn told(&mut self, kind: &str) -> Value {
        loop {
            let line = timeout(Duration::from_secs(20), self.lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("no {kind}")).unwrap().expect("a line");
            let told: Value = serde_json::from_str(&line).unwrap();
            if told["kind"] == kind {
                return told;
            }
        }
    }
}

/// `cargo xtask test` has installed it before; where only this test runs, it is done here.
fn install(root: &std::path::Path) -> PathBuf {
    let peers = root.join("target/smpp-peers");
    let modules = peers.join("node_modules");
    if !modules.join("smpp/package.json").is_file() {
        let mut npm = std::process::Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "smpp@0.5.1", "--prefix"]).arg(&peers);
        let output = npm.output().expect("this test needs npm: apt-get install nodejs npm");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    modules
}

#[tokio::test]
async fn node_smpp_reads_what_was_sent_and_is_understood() {
    let mut node = Node::start().await;
    let address = format!("127.0.0.1:{}", node.port);
    let gateway = Gateway::start_with(&config(&address, ""), &[("CARRIER_PASSWORD", PASSWORD)]).await;
    let client = gateway.client();
    let bound = node.told("bind").await;
    assert_eq!((&bound["system_id"], &bound["version"]), (&json!("shop"), &json!(0x34)));
    let cases = [
        ("Waypost", (5, 0), "Hello {€}", 0, "48656c6c6f201b281b651b29"),
        ("12345", (3, 0), "@£$", 0, "000102"),
        ("+447400900101", (1, 1), "ř👍", 8, "0159d83ddc4d"),
    ];
    for (index, (from, (ton, npi), text, coding, octets)) in (0..).zip(cases) {
        let to = number(index, "999");
        let answer = client.post("/v1/messages", &json!({ "to": to, "from": from, "text": text })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let seen = node.told("submit").await;
        let fields = ["source_addr", "source_addr_ton", "source_addr_npi", "destination_addr", "data_coding"];
        let seen_fields: Vec<_> = fields.iter().map(|field| seen[*field].clone()).collect();
        let wanted = [
            from.trim_start_matches('+').into(),
            ton.into(),
            npi.into(),
            to[1..].into(),
            Value::from(coding),
        ];
        assert_eq!(seen_fields, wanted, "{seen}");
        assert_eq!(seen["octets"], octets, "{seen}");
        client.wait_for(answer.body["id"].as_str().unwrap(), "delivered").await;
    }
    // Long: each part has its header, and its octets follow.
    let text = "0123456789".repeat(40);
    let id = client
        .post("/v1/messages", &json!({ "to": number(9, "999"), "from": "Waypost", "text": text }))
        .await;
    let mut whole = String::new();
    for part in 1..=3_u8 {
        let seen = node.told("submit").await;
        assert_eq!((&seen["esm_class"], &seen["data_coding"]), (&json!(0x40), &json!(0)), "{seen}");
        let octets = seen["octets"].as_str().unwrap();
        assert!(octets.starts_with("050003") && octets[8..12] == format!("03{part:02x}"), "{octets}");
        whole.push_str(&octets[12..]);
    }
    assert_eq!(
        whole,
        "0123456789".bytes().map(|octet| format!("{octet:02x}")).collect::<String>().repeat(40)
    );
    client.wait_for(id.body["id"].as_str().unwrap(), "delivered").await;
    // The SMSC answers each short message with one of its own.
    let inbox = eventually("inbound messages", || async {
        let found = client.get("/v1/inbox?limit=100").await.body;
        (found["messages"].as_array()?.len() == 3).then_some(found)
    })
    .await;
    assert!(inbox["messages"].as_array().unwrap().iter().all(|it| it["text"] == "Ahoj ř"), "{inbox}");
}
