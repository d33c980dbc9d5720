//! Everything that a component should not do, or not learn anything by.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::waypost::sms::log::{self, Level};

static CALLS: AtomicU32 = AtomicU32::new(0);

/// Does it, and says what came of it, where the component is still there to say it.
pub fn commit(misdeed: &str) -> String {
    match misdeed {
        "endless-loop" => loop {
            black_box(());
        },
        "deep-recursion" => recurse(u64::MAX).to_string(),
        "memory-bomb" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(black_box(Vec::with_capacity(1 << 20)));
            }
        }
        "panic" => panic!("I wanted to"),
        "trap" => core::arch::wasm32::unreachable(),
        "exit" => std::process::exit(1),
        "huge-log" => {
            for line in 0..1000 {
                log::write(Level::Info, &format!("line {line:04}"));
            }
            "logged".to_owned()
        }
        "huge-log-line" => {
            log::write(Level::Info, &"x".repeat(1 << 20));
            "logged".to_owned()
        }
        "log" => {
            log::write(Level::Debug, "one");
            log::write(Level::Warn, "two\nthree");
            "logged".to_owned()
        }
        "print" => {
            println!("printed");
            eprint!("also ");
            eprintln!("this");
            "printed".to_owned()
        }
        "count-calls" => (CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string(),
        "grow-by-call" => {
            std::mem::forget(black_box(Vec::<u8>::with_capacity(1 << 20)));
            "grown".to_owned()
        }
        "read-clock" => match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(time) => time.as_millis().to_string(),
            Err(_) => "before 1970".to_owned(),
        },
        "measure-time" => {
            let start = Instant::now();
            black_box((0..10_000_u64).map(black_box).sum::<u64>());
            start.elapsed().as_nanos().to_string()
        }
        "read-random" => RandomState::new().build_hasher().finish().to_string(),
        "read-env" => {
            let variables = std::env::vars().count();
            let arguments = std::env::args().count();
            format!("{variables} {arguments}")
        }
        "open-file" => match std::fs::read("/etc/passwd") {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => format!("error {:?}", error.kind()),
        },
        "connect-socket" => match std::net::TcpStream::connect("127.0.0.1:80") {
            Ok(_) => "connected".to_owned(),
            Err(error) => format!("error {:?}", error.kind()),
        },
        "read-stdin" => {
            let mut line = String::new();
            match std::io::stdin().read_line(&mut line) {
                Ok(bytes) => format!("{bytes} bytes"),
                Err(error) => format!("error {:?}", error.kind()),
            }
        }
        "sleep" => {
            std::thread::sleep(Duration::from_secs(3600));
            "slept".to_owned()
        }
        "spawn-thread" => match std::thread::Builder::new().spawn(|| ()) {
            Ok(_) => "spawned".to_owned(),
            Err(error) => format!("error {:?}", error.kind()),
        },
        other => other.to_owned(),
    }
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let room = black_box([depth; 8]);
    if depth == 0 { room[0] } else { recurse(depth - 1) + room[7] }
}
