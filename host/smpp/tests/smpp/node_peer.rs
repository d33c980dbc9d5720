//! Against `smpp` of npm, an SMSC that others wrote.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use waypost_core::smpp::pdu::{Tlv, tag};
use waypost_smpp::{
    BindMode, CommandStatus, Endpoint, Event, InterfaceVersion, NotBound, Options, Password, Submitted,
};

use crate::smsc::{Received, message, start, until, within};

/// The SMSC in JavaScript, ended with this.
struct Node {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Node {
    async fn start() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let modules = root.join("target/smpp-peers/node_modules");
        assert!(
            modules.join("smpp").is_dir(),
            "this test needs Node.js and the package `smpp`: npm install --prefix target/smpp-peers smpp@0.5.1"
        );
        let mut child = Command::new("node")
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/smpp/node_peer.js"))
            .env("NODE_PATH", modules)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("this test needs Node.js: apt-get install nodejs");
        let stdout = child.stdout.take().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let port = within(lines.next_line()).await.unwrap().expect("the port").parse().unwrap();
        Self { _child: child, lines, port }
    }

    fn options(&self, mode: BindMode) -> Options {
        let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port: self.port };
        let mut options = Options::new(endpoint, "me", Password::new("secret"));
        options.binds = vec![mode];
        options.timeouts.enquire_link = Duration::from_millis(200);
        options
    }

    async fn line(&mut self) -> String {
        within(self.lines.next_line()).await.unwrap().expect("a line")
    }
}

async fn bound(received: &mut Received) {
    let event = received.event().await;
    assert!(matches!(&event, Event::Bound { smsc, .. } if smsc == "node"), "{event:?}");
}

#[tokio::test]
async fn a_transmitter_submits_and_a_receiver_hears_of_it() {
    let mut node = Node::start().await;
    let (receiver, mut heard) = start(node.options(BindMode::Receiver));
    bound(&mut heard).await;
    assert_eq!(node.line().await, "bound receiver 52");
    let (transmitter, mut events) = start(node.options(BindMode::Transmitter));
    bound(&mut events).await;
    assert_eq!(node.line().await, "bound transmitter 52");

    let outcome = within(transmitter.submit(&message(1))).await;
    assert_eq!(outcome, Submitted::Accepted { message_id: "id-1".to_owned(), tlvs: vec![] });
    let receipt = heard.delivery().await.pdu;
    assert_eq!((receipt.esm_class, receipt.source.value.as_str()), (4, "4917012345678"));
    assert_eq!(receipt.tlv(tag::RECEIPTED_MESSAGE_ID), Some(&b"id-1\0"[..]));
    assert_eq!(receipt.tlv(tag::MESSAGE_STATE), Some(&[2][..]));
    assert!(receipt.short_message.starts_with(b"id:id-1 sub:001 dlvrd:001"), "{receipt:?}");
    assert_eq!(node.line().await, "delivered 0");
    transmitter.stop().await;
    receiver.stop().await;
}

#[tokio::test]
async fn a_transceiver_sends_all_there_is_in_a_submit() {
    let mut node = Node::start().await;
    let mut options = node.options(BindMode::Transceiver);
    options.interface_version = InterfaceVersion::V5_0;
    let (client, mut received) = start(options);
    bound(&mut received).await;
    assert_eq!(node.line().await, "bound transceiver 80");

    let mut long = message(7);
    long.esm_class = 0x40;
    long.data_coding = 8;
    long.registered_delivery = 1;
    long.validity = "000001000000000R".to_owned();
    long.short_message = Vec::new();
    long.tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, vec![0xd8; 3_000]), Tlv::new(0x1400, *b"vendor")];
    assert!(matches!(within(client.submit(&long)).await, Submitted::Accepted { .. }));
    assert_eq!(received.delivery().await.pdu.esm_class, 4);
    // 1000: the text asks for a refusal.
    let refused = within(client.submit(&message(1_000))).await;
    assert_eq!(refused, Submitted::Refused { status: CommandStatus(0x0b), tlvs: vec![] });
    until("a sign of life", || client.counts().octets_in > 250).await;
    client.stop().await;
    assert_eq!(client.state().borrow().bound, 0);
}

#[tokio::test]
async fn a_wrong_password_is_refused_for_good() {
    let node = Node::start().await;
    let mut options = node.options(BindMode::Transceiver);
    options.password = Password::new("guess");
    let (_client, mut received) = start(options);
    let Event::NotBound { why: NotBound::Refused { status, for_good: true }, .. } = received.event().await
    else {
        panic!("not refused")
    };
    assert_eq!(status, CommandStatus::RINVPASWD);
}
