//! An ESME of raw octets: it shares nothing with the simulator.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const SUBMIT: u32 = 4;
pub const DELIVER: u32 = 5;
pub const ANSWER: u32 = 0x8000_0000;
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq)]
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

impl Pdu {
    /// A body that is one string.
    pub fn id(&self) -> String {
        let (end, id) = self.body.split_last().unwrap();
        assert_eq!(*end, 0);
        String::from_utf8(id.to_vec()).unwrap()
    }
}

/// A `deliver_sm`, taken apart.
#[derive(Debug, PartialEq)]
pub struct Delivered {
    pub sequence: u32,
    pub from: (u8, u8, String),
    pub to: (u8, u8, String),
    pub esm_class: u8,
    pub data_coding: u8,
    pub message: Vec<u8>,
    pub tlvs: Vec<(u16, Vec<u8>)>,
}

impl Delivered {
    pub fn text(&self) -> String {
        String::from_utf8(self.message.clone()).unwrap()
    }

    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        self.tlvs.iter().find(|(found, _)| *found == tag).map(|(_, value)| value.as_slice())
    }

    pub fn read(pdu: &Pdu) -> Self {
        assert_eq!((pdu.command, pdu.status), (DELIVER, 0));
        let mut rest = &pdu.body[..];
        let string = |rest: &mut &[u8]| {
            let end = rest.iter().position(|octet| *octet == 0).unwrap();
            let string = String::from_utf8(rest[..end].to_vec()).unwrap();
            *rest = &rest[end + 1..];
            string
        };
        let octet = |rest: &mut &[u8]| {
            let octet = rest[0];
            *rest = &rest[1..];
            octet
        };
        assert_eq!(string(&mut rest), "");
        let from = (octet(&mut rest), octet(&mut rest), string(&mut rest));
        let to = (octet(&mut rest), octet(&mut rest), string(&mut rest));
        let esm_class = octet(&mut rest);
        let _protocol_and_priority = [octet(&mut rest), octet(&mut rest)];
        assert_eq!((string(&mut rest), string(&mut rest)), (String::new(), String::new()));
        let _registered_and_replace = [octet(&mut rest), octet(&mut rest)];
        let data_coding = octet(&mut rest);
        let _default_message = octet(&mut rest);
        let length = usize::from(octet(&mut rest));
        let message = rest[..length].to_vec();
        rest = &rest[length..];
        let mut tlvs = Vec::new();
        while !rest.is_empty() {
            let tag = u16::from_be_bytes([rest[0], rest[1]]);
            let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            tlvs.push((tag, rest[4..4 + length].to_vec()));
            rest = &rest[4 + length..];
        }
        Self { sequence: pdu.sequence, from, to, esm_class, data_coding, message, tlvs }
    }
}

pub struct Esme {
    stream: TcpStream,
    next: u32,
}

impl Esme {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, next: 1 }
    }

    /// A transceiver.
    pub async fn bound(address: SocketAddr) -> Self {
        let mut esme = Self::connect(address).await;
        assert_eq!(esme.bind(9, "waypost", "secret").await, 0);
        esme
    }

    /// Binds with that command, and gives the status.
    pub async fn bind(&mut self, command: u32, system_id: &str, password: &str) -> u32 {
        let body = format!("{system_id}\0{password}\0type\0\x34\0\0\0");
        let sequence = self.send(command, body.as_bytes()).await;
        let answer = self.pdu().await;
        assert_eq!((answer.command, answer.sequence), (command | ANSWER, sequence));
        answer.status
    }

    pub async fn send(&mut self, command: u32, body: &[u8]) -> u32 {
        let sequence = self.next;
        self.next += 1;
        self.write(&pdu(command, 0, sequence, body)).await;
        sequence
    }

    pub async fn write(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
    }

    /// Submits a text with a receipt asked for, and gives the sequence number.
    pub async fn submit(&mut self, to: &str, text: &[u8]) -> u32 {
        let body = submit_body(to, 0, 0, text, &[]);
        self.send(SUBMIT, &body).await
    }

    /// Submits, and gives the answer.
    pub async fn submitted(&mut self, to: &str) -> Pdu {
        let sequence = self.submit(to, b"hello").await;
        let answer = self.pdu().await;
        assert_eq!((answer.command, answer.sequence), (SUBMIT | ANSWER, sequence), "{answer:?}");
        answer
    }

    /// The next PDU.
    pub async fn pdu(&mut self) -> Pdu {
        self.next().await.expect("the link was closed")
    }

    /// The next PDU; `None` where the link ends first.
    pub async fn next(&mut self) -> Option<Pdu> {
        let mut head = [0; 16];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut head)).await;
        read.expect("nothing came").ok()?;
        let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
        let mut body = vec![0; (word(0) as usize).checked_sub(16).expect("a length below 16")];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut body)).await;
        read.expect("nothing came").ok()?;
        Some(Pdu { command: word(4), status: word(8), sequence: word(12), body })
    }

    /// All octets until the link ends; `None` where it ends with an error.
    pub async fn rest(&mut self) -> Option<Vec<u8>> {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        read.expect("the link does not end").ok().map(|_| rest)
    }

    /// Octets as they come.
    pub async fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut octets)).await;
        read.expect("nothing came").unwrap();
        octets
    }

    /// The next `deliver_sm`, answered.
    pub async fn delivered(&mut self) -> Delivered {
        let pdu = self.pdu().await;
        self.write(&self::pdu(DELIVER | ANSWER, 0, pdu.sequence, b"\0")).await;
        Delivered::read(&pdu)
    }
}

pub fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).unwrap();
    let head = [length, command, status, sequence].map(u32::to_be_bytes).concat();
    [&head, body].concat()
}

pub fn submit_body(to: &str, esm_class: u8, data_coding: u8, message: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let mut body = format!("\0\x05\0Shop\0\x01\x01{to}\0").into_bytes();
    body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 1, 0, data_coding, 0]);
    body.push(u8::try_from(message.len()).unwrap());
    [&body, message, tlvs].concat()
}

/// The field of a receipt's text.
pub fn field(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("{name}:")).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split(' ').next().unwrap().to_owned()
}

/// Polls until it holds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
