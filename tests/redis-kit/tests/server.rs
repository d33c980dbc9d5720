//! One server: start, death, silence, figures.

use std::time::{Duration, Instant};

use waypost_redis_kit::{Connection, KitError, Persistence, Reply, Server, ServerOptions};

#[test]
fn a_server_answers_and_is_gone_afterwards() {
    let server = Server::start().unwrap();
    assert_eq!(server.url(), format!("redis://{}", server.address()));
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.command(&["SET", "a", "1"]).unwrap(), Reply::Status("OK".to_owned()));
    assert_eq!(server.command(&["INCR", "a"]).unwrap().integer(), Some(2));
    assert_eq!(server.command(&["GET", "a"]).unwrap().text(), Some("2"));
    assert_eq!(server.command(&["GET", "b"]).unwrap(), Reply::Nil);
    assert_eq!(server.command(&["KEYS", "*"]).unwrap().items().len(), 1);
    assert!(server.command(&["INCR", "a", "b"]).unwrap().error().unwrap().starts_with("ERR"));
    assert!(matches!(server.order(&["NONE"]), Err(KitError::Refused { command, .. }) if command == "NONE"));
    server.flush_all().unwrap();
    assert_eq!(server.command(&["DBSIZE"]).unwrap().integer(), Some(0));

    let (address, folder) = (server.address(), server.folder().to_owned());
    drop(server);
    assert!(Connection::open(address, Duration::from_secs(1)).is_err());
    assert!(!folder.exists());
}

#[test]
fn with_appendonly_always_an_answered_write_outlives_sigkill() {
    let options = ServerOptions { appendonly: Persistence::Always, ..ServerOptions::default() };
    let server = Server::start_with(options).unwrap();
    let mut connection = server.connect().unwrap();
    for number in 0..200 {
        connection.command(&["RPUSH", "list", &number.to_string()]).unwrap();
    }
    let address = server.address();
    let first = server.pid().unwrap();
    server.kill();
    assert_eq!(server.pid(), None);
    assert!(server.command(&["PING"]).is_err());
    server.restart().unwrap();
    assert_eq!(server.address(), address);
    assert_ne!(server.pid().unwrap(), first);
    assert_eq!(server.command(&["LLEN", "list"]).unwrap().integer(), Some(200));
}

#[test]
fn without_persistence_nothing_is_left() {
    let server = Server::start().unwrap();
    server.command(&["SET", "a", "1"]).unwrap();
    server.stop().unwrap();
    server.restart().unwrap();
    assert_eq!(server.command(&["DBSIZE"]).unwrap().integer(), Some(0));
}

#[test]
fn a_paused_server_is_silent_until_it_is_resumed() {
    let server = Server::start().unwrap();
    server.pause().unwrap();
    let wait = Duration::from_millis(200);
    let start = Instant::now();
    // The system accepts the connection; the server does not answer.
    let mut connection = Connection::open(server.address(), wait).unwrap();
    assert!(connection.command(&["PING"]).is_err());
    assert!(start.elapsed() >= wait);
    server.resume().unwrap();
    assert_eq!(server.command(&["PING"]).unwrap().text(), Some("PONG"));
    server.pause().unwrap();
    server.stop().unwrap();
    assert!(matches!(server.pause(), Err(KitError::NotRunning(_))));
}

#[test]
fn memory_has_the_limit_and_policy_of_the_options() {
    let options = ServerOptions {
        maxmemory_bytes: Some(2 << 20),
        maxmemory_policy: "allkeys-lru",
        directives: vec![("hz", "50".to_owned())],
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).unwrap();
    let memory = server.info("memory").unwrap();
    assert_eq!(memory["maxmemory"], (2 << 20).to_string());
    assert_eq!(memory["maxmemory_policy"], "allkeys-lru");
    assert_eq!(server.command(&["CONFIG", "GET", "hz"]).unwrap().items()[1].text(), Some("50"));
    assert_eq!(server.command(&["CONFIG", "GET", "save"]).unwrap().items()[1].text(), Some(""));
}

#[test]
fn figures_count_what_was_done() {
    let server = Server::start().unwrap();
    server.reset_stats().unwrap();
    let (cpu_us, net) = (server.cpu_us().unwrap(), server.net_bytes().unwrap());
    let mut connection = server.connect().unwrap();
    let value = "x".repeat(1000);
    for _ in 0..300 {
        connection.command(&["SET", "a", &value]).unwrap();
    }
    assert_eq!(server.commandstats().unwrap()["set"].calls, 300);
    assert!(server.commandstats().unwrap()["set"].time_us > 0);
    assert!(server.net_bytes().unwrap().input - net.input > 300_000);
    assert!(server.net_bytes().unwrap().output > net.output);
    assert!(server.cpu_us().unwrap() > cpu_us);
}

#[test]
fn flushed_scripts_have_to_be_loaded_again() {
    let server = Server::start().unwrap();
    let loaded = server.order(&["SCRIPT", "LOAD", "return 7"]).unwrap();
    let hash = loaded.text().unwrap();
    assert_eq!(server.command(&["EVALSHA", hash, "0"]).unwrap().integer(), Some(7));
    server.flush_scripts().unwrap();
    assert!(server.command(&["EVALSHA", hash, "0"]).unwrap().error().unwrap().starts_with("NOSCRIPT"));
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let options = ServerOptions { maxmemory_policy: "keep-the-best", ..ServerOptions::default() };
    let start = Instant::now();
    assert!(matches!(Server::start_with(options), Err(KitError::Ended { .. })));
    assert!(start.elapsed() < Duration::from_secs(5));
}
