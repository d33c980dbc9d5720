//! The proxy: counters and faults.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use waypost_redis_kit::{Connection, Fault, Proxy, Server};

const WAIT: Duration = Duration::from_millis(300);

fn start() -> (Server, Proxy) {
    let server = Server::start().unwrap();
    let proxy = Proxy::start(server.address()).unwrap();
    (server, proxy)
}

fn ping(connection: &mut Connection) -> bool {
    connection.command(&["PING"]).is_ok_and(|reply| reply.text() == Some("PONG"))
}

/// Without a time-out that matters.
fn open(proxy: &Proxy) -> Connection {
    Connection::open(proxy.address(), Duration::from_secs(10)).unwrap()
}

#[test]
fn bytes_connections_and_turns_are_counted() {
    let (_server, proxy) = start();
    let mut connection = open(&proxy);
    for _ in 0..3 {
        assert!(ping(&mut connection));
    }
    assert_eq!(proxy.turns(), 3);
    assert_eq!(proxy.bytes_up(), 3 * "*1\r\n$4\r\nPING\r\n".len() as u64);
    assert_eq!(proxy.bytes_down(), 3 * "+PONG\r\n".len() as u64);
    assert!(ping(&mut open(&proxy)));
    assert_eq!((proxy.turns(), proxy.connections()), (4, 2));
}

#[test]
fn commands_sent_together_are_one_turn_and_a_half_closed_client_gets_its_answers() {
    let (_server, proxy) = start();
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    stream.write_all("PING\r\n".repeat(10).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers, "+PONG\r\n".repeat(10));
    assert_eq!((proxy.turns(), proxy.connections()), (1, 1));
}

#[test]
fn many_bytes_pass_unchanged() {
    let (_server, proxy) = start();
    let value: Vec<u8> = (0..3_000_000u32).map(|index| (index % 251) as u8).collect();
    let mut connection = open(&proxy);
    connection.command(&[b"SET", b"key".as_slice(), &value]).unwrap();
    let reply = connection.command(&["GET", "key"]).unwrap();
    assert!(reply == waypost_redis_kit::Reply::Bulk(value));
    assert_eq!(proxy.turns(), 2);
}

#[test]
fn delay_is_added_to_each_round_trip_and_not_to_each_command() {
    let (_server, proxy) = start();
    let mut connection = open(&proxy);
    assert!(ping(&mut connection));
    proxy.set(Fault::DelayMs(60));
    let start = Instant::now();
    assert!(ping(&mut connection));
    assert!(ping(&mut connection));
    assert!(start.elapsed() >= Duration::from_millis(120));

    // Twenty commands in twenty packets on the way at a time: far less than twenty delays.
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        stream.write_all(b"PING\r\n").unwrap();
    }
    stream.read_exact(&mut [0; 140]).unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(60) && took < Duration::from_millis(1200), "{took:?}");
}

#[test]
fn refuse_closes_what_is_open_and_what_comes() {
    let (_server, proxy) = start();
    let mut connection = open(&proxy);
    assert!(ping(&mut connection));
    proxy.set(Fault::Refuse);
    let start = Instant::now();
    assert!(!ping(&mut connection));
    assert!(!Connection::open(proxy.address(), WAIT).is_ok_and(|mut new| ping(&mut new)));
    assert!(start.elapsed() < Duration::from_secs(5), "closed, not timed out");
    proxy.set(Fault::None);
    assert!(ping(&mut open(&proxy)));
}

#[test]
fn a_black_hole_is_silent_and_what_it_damaged_ends_with_it() {
    let (_server, proxy) = start();
    let (mut damaged, mut idle) = (Connection::open(proxy.address(), WAIT).unwrap(), open(&proxy));
    assert!(ping(&mut damaged) && ping(&mut idle));
    let up = proxy.bytes_up();
    proxy.set(Fault::Blackhole);
    let start = Instant::now();
    assert!(!ping(&mut damaged));
    assert!(start.elapsed() >= WAIT, "silent, not closed");
    assert!(proxy.bytes_up() > up);
    assert!(!Connection::open(proxy.address(), WAIT).is_ok_and(|mut new| ping(&mut new)));
    proxy.set(Fault::None);
    assert!(!ping(&mut damaged));
    assert!(ping(&mut idle), "it lost nothing");
}

#[test]
fn a_server_that_dies_closes_its_connections_and_comes_back_behind_the_same_address() {
    let (server, proxy) = start();
    let mut connection = open(&proxy);
    assert!(ping(&mut connection));
    server.kill();
    let start = Instant::now();
    assert!(!ping(&mut connection));
    assert!(!ping(&mut open(&proxy)));
    assert!(start.elapsed() < Duration::from_secs(5), "closed, not timed out");
    server.restart().unwrap();
    assert!(ping(&mut open(&proxy)));
}

#[test]
fn a_dropped_proxy_takes_its_connections_and_its_port_with_it() {
    let (server, proxy) = start();
    proxy.set(Fault::DelayMs(60_000));
    let mut connection = open(&proxy);
    let address = proxy.address();
    let start = Instant::now();
    let waiting = std::thread::spawn(move || ping(&mut connection));
    while proxy.bytes_up() == 0 {
        std::thread::yield_now();
    }
    drop(proxy);
    assert!(!waiting.join().unwrap());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err());
    assert!(ping(&mut server.connect().unwrap()));
}
