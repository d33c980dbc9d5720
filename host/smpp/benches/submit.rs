//! Submits a second over loopback, one bind and window 100, against a peer that only answers; and
//! deliveries a second, 100 outstanding.
//! `cargo bench -p waypost-smpp --bench submit [messages]`

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use waypost_core::smpp::pdu::{Address, SubmitSm};
use waypost_smpp::{Client, CommandStatus, Delivery, Endpoint, Incoming, Options, Password, Submitted};

const WINDOW: usize = 100;
const SUBMITTERS: usize = 400;

struct Nothing;

#[async_trait::async_trait]
impl Incoming for Nothing {
    async fn deliver(&self, _delivery: Delivery) -> Result<(), CommandStatus> {
        Ok(())
    }
}

#[allow(clippy::print_stdout, reason = "it prints its figure")]
fn main() {
    let messages = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(300_000);
    for workers in [1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let peer = std::thread::spawn(move || answer(&listener.accept().expect("the client connects").0));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build()
            .expect("a runtime");
        let (elapsed, sent) = runtime.block_on(submit_all(port, messages));
        drop(runtime);
        let (reads, submits) = peer.join().expect("the peer ends with the connection");
        assert_eq!(submits, sent);
        println!(
            "{workers} worker(s): {:.0} submits/s, {:.1} submits a write, window {WINDOW}, {sent} messages",
            sent as f64 / elapsed.as_secs_f64(),
            submits as f64 / reads as f64,
        );
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let elapsed = runtime.block_on(deliver_all(messages));
    println!("{:.0} deliveries/s, {messages} messages", messages as f64 / elapsed.as_secs_f64());
}

async fn deliver_all(messages: usize) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let peer =
        std::thread::spawn(move || deliver(&listener.accept().expect("the client connects").0, messages));
    let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port };
    let options = Options::new(endpoint, "bench", Password::new("bench"));
    let _client = Client::start(options, Arc::new(Nothing)).expect("the options are right");
    tokio::task::spawn_blocking(|| peer.join().expect("the peer delivers")).await.expect("it is waited for")
}

/// Answers the bind, then delivers; gives how long that took.
fn deliver(mut stream: &TcpStream, messages: usize) -> Duration {
    stream.set_nodelay(true).expect("an option of TCP");
    let mut buffer = vec![0; 64 * 1024];
    let bind = stream.read(&mut buffer).expect("the bind");
    assert!(bind > 16);
    let answer = [0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    stream.write_all(&answer).expect("it reads");
    let text = b"id:0123456789 sub:001 dlvrd:001 submit date:2611220323 done date:2611220324 stat:DELIVRD err:000 text:";
    let mut body = b"\0\x01\x014917012345678\0\x05\0ACME\0\x04\0\0\0\0\0\0\0\0".to_vec();
    body.push(u8::try_from(text.len()).expect("it is short"));
    body.extend_from_slice(text);
    let began = Instant::now();
    for batch in 0..messages / WINDOW {
        let mut out = Vec::new();
        for at in 0..WINDOW {
            out.extend((16 + body.len() as u32).to_be_bytes());
            out.extend([0, 0, 0, 5, 0, 0, 0, 0]);
            out.extend(((batch * WINDOW + at) as u32 + 1).to_be_bytes());
            out.extend(&body);
        }
        stream.write_all(&out).expect("it reads");
        // Each answer has 17 octets.
        stream.read_exact(&mut buffer[..17 * WINDOW]).expect("it answers");
    }
    began.elapsed()
}

async fn submit_all(port: u16, messages: usize) -> (Duration, usize) {
    let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port };
    let mut options = Options::new(endpoint, "bench", Password::new("bench"));
    options.window = WINDOW;
    let client = Client::start(options, Arc::new(Nothing)).expect("the options are right");
    client.state().wait_for(|state| state.sending == 1).await.expect("it binds");
    let began = Instant::now();
    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|submitter| {
            let client = client.clone();
            tokio::spawn(async move {
                let pdu = submit(submitter);
                for _ in 0..messages / SUBMITTERS {
                    let outcome = client.submit(&pdu).await;
                    assert!(matches!(outcome, Submitted::Accepted { .. }), "{outcome:?}");
                }
            })
        })
        .collect();
    for submitter in submitters {
        submitter.await.expect("it submits");
    }
    let elapsed = began.elapsed();
    client.stop().await;
    (elapsed, messages / SUBMITTERS * SUBMITTERS)
}

fn submit(submitter: usize) -> SubmitSm {
    SubmitSm {
        source: Address { ton: 5, npi: 0, value: "ACME".to_owned() },
        dest: Address { ton: 1, npi: 1, value: format!("4917012{submitter:05}") },
        registered_delivery: 1,
        short_message: b"Your code is 123456. Do not tell it to anybody.".to_vec(),
        ..SubmitSm::default()
    }
}

/// Answers each PDU as simply as can be. Gives how many reads and submits there were.
fn answer(mut stream: &TcpStream) -> (usize, usize) {
    stream.set_nodelay(true).expect("an option of TCP");
    let (mut buffer, mut filled) = (vec![0; 256 * 1024], 0);
    let (mut reads, mut submits) = (0, 0);
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap_or(0);
        if read == 0 {
            return (reads, submits);
        }
        reads += 1;
        filled += read;
        let (mut at, mut out) = (0, Vec::new());
        while filled - at >= 16 {
            let number = |offset: usize| {
                let four = &buffer[at + offset..at + offset + 4];
                u32::from_be_bytes([four[0], four[1], four[2], four[3]])
            };
            let length = number(0) as usize;
            if filled - at < length {
                break;
            }
            let body: &[u8] = if number(4) == 4 { b"0123456789abcdef\0" } else { b"" };
            submits += usize::from(number(4) == 4);
            out.extend((16 + body.len() as u32).to_be_bytes());
            out.extend((number(4) | 0x8000_0000).to_be_bytes());
            out.extend([0; 4]);
            out.extend(number(12).to_be_bytes());
            out.extend(body);
            at += length;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if stream.write_all(&out).is_err() {
            return (reads, submits);
        }
    }
}
