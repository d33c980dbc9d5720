//! The other side of the wire, octet by octet. Shares no code with the client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use waypost_core::smpp::pdu::{Address, SubmitSm};
use waypost_smpp::{
    Client, CommandStatus, Delivery, Endpoint, Event, Incoming, Options, Password, Reconnect,
};

pub const SUBMIT_SM: u32 = 4;
pub const DELIVER_SM: u32 = 5;
pub const UNBIND: u32 = 6;
pub const ENQUIRE_LINK: u32 = 0x15;
pub const RESPONSE: u32 = 0x8000_0000;
pub const GENERIC_NACK: u32 = 0x8000_0000;

/// Long enough for a busy machine; nothing waits for it when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A PDU that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

/// A listener that waits for binds.
pub struct Smsc {
    listener: TcpListener,
}

/// A connection that a client has made.
pub struct Peer<S = TcpStream> {
    pub stream: S,
}

impl Smsc {
    pub async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn endpoint(&self) -> Endpoint {
        let address: SocketAddr = self.listener.local_addr().unwrap();
        Endpoint { host: address.ip().to_string(), port: address.port() }
    }

    /// Options for a client of this SMSC that comes back quickly.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.endpoint(), "me", Password::new("secret"));
        options.reconnect = Reconnect {
            base: Duration::from_millis(10),
            max: Duration::from_millis(100),
            refused: Duration::from_secs(600),
        };
        options.timeouts.stop = Duration::from_secs(2);
        options
    }

    pub async fn accept(&self) -> Peer {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { stream }
    }

    /// A connection whose bind has been answered.
    pub async fn bound(&self) -> Peer {
        let mut peer = self.accept().await;
        let bind = peer.read().await.unwrap();
        peer.answer(&bind, 0, b"SMSC\0").await;
        peer
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// The next PDU; none when the client has closed.
    pub async fn read(&mut self) -> Option<Pdu> {
        let mut header = [0; 16];
        within(self.stream.read_exact(&mut header)).await.ok()?;
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; number(0) as usize - 16];
        within(self.stream.read_exact(&mut body)).await.ok()?;
        Some(Pdu { command: number(4), status: number(8), sequence: number(12), body })
    }

    pub async fn send(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        self.raw(&pdu(command, status, sequence, body)).await;
    }

    pub async fn answer(&mut self, request: &Pdu, status: u32, body: &[u8]) {
        self.send(request.command | RESPONSE, status, request.sequence, body).await;
    }

    pub async fn raw(&mut self, octets: &[u8]) {
        within(self.stream.write_all(octets)).await.unwrap();
        within(self.stream.flush()).await.unwrap();
    }

    /// Reads the next PDU, which has to be a submit.
    pub async fn submit(&mut self) -> Pdu {
        let pdu = self.read().await.unwrap();
        assert_eq!(pdu.command, SUBMIT_SM);
        pdu
    }

    /// Answers all submits and `enquire_link` until the client unbinds or closes; gives how many
    /// submits there were.
    pub async fn serve(mut self) -> usize {
        let mut submits = 0;
        while let Some(request) = self.read().await {
            match request.command {
                SUBMIT_SM => {
                    submits += 1;
                    self.answer(&request, 0, format!("{submits}\0").as_bytes()).await;
                }
                UNBIND => {
                    self.answer(&request, 0, b"").await;
                    break;
                }
                ENQUIRE_LINK => self.answer(&request, 0, b"").await,
                _ => {}
            }
        }
        submits
    }
}

pub fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + u32::try_from(body.len()).unwrap();
    let mut octets: Vec<u8> =
        [length, command, status, sequence].into_iter().flat_map(u32::to_be_bytes).collect();
    octets.extend_from_slice(body);
    octets
}

/// The body of a `deliver_sm` with that text.
pub fn delivery(text: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x014917012345678\0\x05\0ACME\0\x04\0\0\0\0\0\0\0\0".to_vec();
    body.push(u8::try_from(text.len()).unwrap());
    body.extend_from_slice(text);
    body
}

/// A message with that number in its text.
pub fn message(number: usize) -> SubmitSm {
    SubmitSm {
        source: Address { ton: 5, npi: 0, value: "ACME".to_owned() },
        dest: Address { ton: 1, npi: 1, value: "4917012345678".to_owned() },
        short_message: number.to_string().into_bytes(),
        ..SubmitSm::default()
    }
}

/// The number in a message.
pub fn number_of(submit: &Pdu) -> usize {
    let length = usize::from(submit.body[submit.body.len() - 1 - digits(&submit.body)]);
    let text = &submit.body[submit.body.len() - length..];
    std::str::from_utf8(text).unwrap().parse().unwrap()
}

fn digits(body: &[u8]) -> usize {
    body.iter().rev().take_while(|octet| octet.is_ascii_digit()).count()
}

pub async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it takes too long")
}

/// Waits until it is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Keeps what comes in, and answers as it is told to.
pub struct Inbox {
    pub deliveries: mpsc::UnboundedSender<Delivery>,
    pub events: mpsc::UnboundedSender<Event>,
    /// What to answer.
    pub answer: Result<(), CommandStatus>,
    /// Where there is one, each delivery waits for it.
    pub gate: Option<Arc<Notify>>,
    /// How many are being worked on.
    pub working: AtomicUsize,
}

pub struct Received {
    pub deliveries: mpsc::UnboundedReceiver<Delivery>,
    pub events: mpsc::UnboundedReceiver<Event>,
}

impl Inbox {
    pub fn new() -> (Self, Received) {
        let (deliveries, delivered) = mpsc::unbounded_channel();
        let (events, happened) = mpsc::unbounded_channel();
        let inbox = Self { deliveries, events, answer: Ok(()), gate: None, working: AtomicUsize::new(0) };
        (inbox, Received { deliveries: delivered, events: happened })
    }
}

impl Received {
    pub async fn event(&mut self) -> Event {
        within(self.events.recv()).await.unwrap()
    }

    pub async fn delivery(&mut self) -> Delivery {
        within(self.deliveries.recv()).await.unwrap()
    }
}

#[async_trait::async_trait]
impl Incoming for Inbox {
    async fn deliver(&self, delivery: Delivery) -> Result<(), CommandStatus> {
        self.working.fetch_add(1, Ordering::SeqCst);
        let panics = delivery.pdu.short_message == b"panic";
        let _ = self.deliveries.send(delivery);
        assert!(!panics, "as the test wants it");
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        self.working.fetch_sub(1, Ordering::SeqCst);
        self.answer
    }

    fn event(&self, event: &Event) {
        let _ = self.events.send(event.clone());
    }
}

pub fn start(options: Options) -> (Client, Received) {
    let (inbox, received) = Inbox::new();
    (Client::start(options, Arc::new(inbox)).unwrap(), received)
}

/// Waits until as many binds can send.
pub async fn sending(client: &Client, binds: usize) {
    within(client.state().wait_for(|state| state.sending == binds)).await.unwrap();
}
