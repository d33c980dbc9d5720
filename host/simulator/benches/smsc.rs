//! How many submits the SMSC answers on one core, with the log off; and with a receipt for each.
//!
//! The SMSC has a thread of its own, of which the processor time is counted: what the client uses
//! on the other core is not.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it measured")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use waypost_simulator::smsc::{Report, Script, Smsc};

const SUBMITS: u32 = 1_000_000;
const RECEIPTS: u32 = 300_000;
/// Submits that are written at once, and are under way at a time: twice of it.
const LOT: u32 = 50;

fn main() {
    let quiet = "rows = false\n[log]\nentries = 0\nrecipients = 0\n";
    measure("submits, no receipts", quiet, SUBMITS, 0);
    measure("submits, log of 10,000 on", "rows = false", SUBMITS / 4, 0);
    measure("submits with a receipt for each", &format!("{quiet}[receipts]\ndelay_ms = 0\n"), RECEIPTS, 1);
    let text = format!("{quiet}[receipts]\ndelay_ms = 0\nby = \"text\"\n");
    measure("submits with a receipt by text for each", &text, RECEIPTS, 1);
}

fn measure(name: &str, script: &str, submits: u32, registered_delivery: u8) {
    let (addresses, address) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let script = Script::from_toml(script).unwrap();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let counts: Report = runtime.block_on(async {
            let smsc = Smsc::start(script).await.unwrap();
            addresses.send(smsc.addr).unwrap();
            let _ = stopped.await;
            smsc.control.counts()
        });
        (cpu(), counts)
    });
    let took = drive(address.recv().unwrap(), submits, registered_delivery);
    stop.send(()).unwrap();
    let (cpu, counts) = server.join().unwrap();
    assert_eq!(counts.submits, u64::from(submits));
    println!(
        "{name}: {:.0}/s by the clock, {:.0} ns of processor time each: {:.0}/s on a core; {} delivered",
        f64::from(submits) / took.as_secs_f64(),
        cpu.as_nanos() as f64 / f64::from(submits),
        f64::from(submits) / cpu.as_secs_f64(),
        counts.delivers_confirmed,
    );
}

/// Keeps two lots under way, and answers what is delivered.
fn drive(address: SocketAddr, submits: u32, registered_delivery: u8) -> Duration {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(&pdu(9, 1, b"bench\0secret\0\0\x34\0\0\0")).unwrap();
    let submit = submit(registered_delivery);
    let expected = if registered_delivery == 0 { submits } else { submits * 2 };
    let (mut sent, mut answered, mut delivered) = (0, 0, 0);
    let mut input = vec![0; 256 * 1024];
    let mut filled = 0;
    let started = Instant::now();
    let mut out = Vec::new();
    while answered + delivered < expected {
        while sent < submits && sent < answered + 2 * LOT {
            for sequence in sent..sent + LOT {
                let start = out.len();
                out.extend_from_slice(&submit);
                out[start + 12..start + 16].copy_from_slice(&(sequence + 2).to_be_bytes());
            }
            sent += LOT;
        }
        stream.write_all(&out).unwrap();
        out.clear();
        filled += stream.read(&mut input[filled..]).unwrap();
        let mut start = 0;
        while filled - start >= 16 {
            let word = |at: usize| u32::from_be_bytes(input[start + at..start + at + 4].try_into().unwrap());
            let length = word(0) as usize;
            if filled - start < length {
                break;
            }
            match word(4) {
                0x8000_0004 => answered += 1,
                5 => {
                    delivered += 1;
                    let mut response = pdu(0x8000_0005, word(12), b"\0");
                    out.append(&mut response);
                }
                _ => {}
            }
            start += length;
        }
        input.copy_within(start..filled, 0);
        filled -= start;
    }
    stream.write_all(&out).unwrap();
    stream.write_all(&pdu(6, 0x7FFF_FFFF, b"")).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    started.elapsed()
}

fn submit(registered_delivery: u8) -> Vec<u8> {
    let mut body = b"\0\x05\0Waypost\0\x01\x01447400123456\0\0\0\0\0\0".to_vec();
    body.extend_from_slice(&[registered_delivery, 0, 0, 0]);
    let text = b"Your code is 123456. It is good for ten minutes.";
    body.push(u8::try_from(text.len()).unwrap());
    body.extend_from_slice(text);
    pdu(4, 0, &body)
}

fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 16).unwrap();
    let head = [length, command, 0, sequence].map(u32::to_be_bytes).concat();
    [&head, body].concat()
}

/// Processor time of this thread so far, in nanoseconds (Documentation/scheduler/sched-stats, schedstat of a task).
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default())
}
