//! Too many uploads, too large ones, settings without measure.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waypost_test_guests::DENY;

use super::{World, deciding::futures, try_upload};

const GIB: usize = 1 << 30;
const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_uploads_in_a_minute_the_plans_are_taken() {
    let world = World::start(&json!({ "revisions_max": 10 })).await;
    let work = async {
        let mut codes = std::collections::BTreeMap::new();
        for index in 0..100 {
            let settings = json!({ "countries": [country(index)] }).to_string();
            let answer = try_upload(&world.author, "flood", DENY, settings.as_bytes()).await;
            let limit = answer.body["limit"].as_str().unwrap_or_default().to_owned();
            if answer.status == 429 {
                let wait_s = answer.header("retry-after").unwrap().parse::<u64>().unwrap();
                assert!((1..=60).contains(&wait_s), "{}", answer.text);
                assert!(answer.body["detail"].as_str().unwrap().contains("60 uploads in an hour"));
            }
            *codes.entry((answer.status, answer.code().to_owned(), limit)).or_insert(0) += 1;
        }
        codes
    };
    let codes = world.while_others_send("a flood of uploads", work).await;
    // One comes free in each minute that the test takes.
    let limited = codes[&(429, "uploads_limited".to_owned(), "uploads_per_hour".to_owned())];
    assert!((35..=40).contains(&limited), "{codes:?}");
    // Of those that were taken, no more wait for their check than the plan keeps.
    for (status, code, limit) in codes.keys() {
        let named = (*status, code.as_str(), limit.as_str());
        let expected = [
            (202, "", ""),
            (409, "revisions_full", "revisions_max"),
            (429, "uploads_limited", "uploads_per_hour"),
        ];
        assert!(expected.contains(&named), "{codes:?}");
    }
    // Another tenant's upload has its turn while those wait.
    let revision = world.good.upload("deny", "screening", DENY, &json!({ "countries": ["GB"] })).await;
    world.good.ready("deny", &revision).await;
}

/// Two letters for each number below 676.
fn country(index: u8) -> String {
    [b'A' + index / 26, b'A' + index % 26].map(char::from).iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_uploads_leave_room_for_those_of_others() {
    let world = World::start(&json!({})).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(slow_upload(&world).await);
    }
    let refused = try_upload(&world.author, "deny", DENY, br#"{"countries":[]}"#).await;
    assert_eq!((refused.code(), &refused.body["limit"]), ("uploads_limited", &json!("uploads_at_once")));
    let work = async {
        let revision = world.good.upload("deny", "screening", DENY, &json!({ "countries": ["GB"] })).await;
        world.good.ready("deny", &revision).await;
        assert_eq!(world.good.delete("/v1/plugins/deny").await.status, 204);
    };
    world.while_others_send("slow uploads", work).await;
}

/// An upload of which the server has begun to read the body (RFC 9110 section 10.1.1), and that goes no further.
async fn slow_upload(world: &World) -> TcpStream {
    let mut slow = TcpStream::connect(world.gateway.address()).await.unwrap();
    let head = head(world, "content-length: 1000000\r\nexpect: 100-continue");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    slow.write_all(b"\0asm").await.unwrap();
    slow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_is_refused_before_it_is_there() {
    let world = World::start(&json!({})).await;
    // The usual way once, so that what is measured is not what a first upload takes.
    let usual = try_upload(&world.author, "deny", DENY, br#"{"countries":[]}"#).await;
    assert_eq!(usual.status, 202, "{}", usual.text);
    let before = world.gateway.memory_peak_bytes();
    let work = async {
        for length in [format!("content-length: {GIB}"), "transfer-encoding: chunked".to_owned()] {
            let (answer, sent) = send_until_refused(&world, &length).await;
            assert!(answer.starts_with("HTTP/1.1 413 "), "{length}: {answer}");
            assert!(answer.contains(r#""code":"body_too_large""#), "{length}: {answer}");
            assert!(answer.contains(r#""limit":"component_bytes_max""#), "{length}: {answer}");
            assert!(answer.contains("25296896 bytes"), "the limit of the body: {answer}");
            assert!(sent < GIB / 4, "{length}: {sent} bytes were taken");
        }
        // At most two at once, and none of them leaves anything behind.
        let answers = futures(4, |_| send_until_refused(&world, "transfer-encoding: chunked")).await;
        for (answer, _) in answers {
            assert!(answer.starts_with("HTTP/1.1 413 ") || answer.starts_with("HTTP/1.1 429 "), "{answer}");
        }
    };
    world.while_others_send("uploads of 1 GiB", work).await;
    let grown = world.gateway.memory_peak_bytes() - before;
    assert!(grown < 256 * MIB, "{} MiB more", grown / MIB);
    assert_eq!(world.author.get("/v1/plugins").await.body["plugins"].as_array().unwrap().len(), 1);
}

/// Sends zeros until the server has answered and takes no more. Gives the answer and how much was sent.
async fn send_until_refused(world: &World, length: &str) -> (String, usize) {
    let stream = TcpStream::connect(world.gateway.address()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let (head, is_chunked) = (head(world, length), length.contains("chunked"));
    let sending = tokio::spawn(async move {
        let piece = vec![0_u8; 64 * 1024];
        let mut sent = 0;
        if writing.write_all(head.as_bytes()).await.is_err() {
            return sent;
        }
        while sent < GIB {
            let mut framed = Vec::with_capacity(piece.len() + 16);
            if is_chunked {
                framed.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            }
            framed.extend_from_slice(&piece);
            if is_chunked {
                framed.extend_from_slice(b"\r\n");
            }
            if writing.write_all(&framed).await.is_err() {
                break;
            }
            sent += piece.len();
        }
        sent
    });
    let mut answer = Vec::new();
    // The connection ends with or without a reset behind the answer.
    let read = timeout(Duration::from_secs(60), reading.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the connection is left open");
    (String::from_utf8_lossy(&answer).into_owned(), sending.await.unwrap())
}

/// The head of an upload.
fn head(world: &World, length: &str) -> String {
    let key = world.author.key();
    format!(
        "PUT /v1/plugins/huge?role=screening HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {key}\r\n\
         content-type: application/wasm\r\n{length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_without_measure_are_refused_by_their_size() {
    let world = World::start(&json!({})).await;
    let before = world.gateway.memory_peak_bytes();
    let settings = {
        let mut settings = b"{\"countries\":[0".to_vec();
        settings.resize(10 * 1024 * 1024, b' ');
        for place in (20..settings.len() - 2).step_by(2) {
            settings[place..place + 2].copy_from_slice(b",0");
        }
        settings.extend_from_slice(b"]}");
        settings
    };
    let work = async {
        let answer = try_upload(&world.author, "deny", DENY, &settings).await;
        assert_eq!((answer.status, answer.code()), (413, "plugin_settings_too_large"), "{}", answer.text);
        assert_eq!(
            (&answer.body["limit"], &answer.body["bytes_max"]),
            (&json!("settings_bytes_max"), &json!(65536))
        );

        // What is well-formed, and too much all the same.
        let large = json!({ "countries": vec!["GB"; 20_000] });
        let answer = try_upload(&world.author, "deny", DENY, large.to_string().as_bytes()).await;
        assert_eq!((answer.status, answer.code()), (413, "plugin_settings_too_large"), "{}", answer.text);
        assert!(answer.body["detail"].as_str().unwrap().contains("65536"), "{}", answer.text);

        // Of a revision that is there.
        let revision = world.author.upload("deny", "screening", DENY, &json!({ "countries": [] })).await;
        let answer = world.author.put("/v1/plugins/deny/settings", &json!({ "settings": large })).await;
        assert_eq!((answer.status, answer.code()), (413, "plugin_settings_too_large"), "{}", answer.text);
        let huge = json!({ "settings": { "countries": "x".repeat(10 * 1024 * 1024) } });
        let answer = world.author.put("/v1/plugins/deny/settings", &huge).await;
        assert_eq!((answer.status, answer.code()), (413, "body_too_large"), "{}", answer.text);

        // As deep as a stack is high.
        let deep = [&b"["[..], &b"]"[..]].map(|bracket| bracket.repeat(60_000)).concat();
        let answer = try_upload(&world.author, "deny", DENY, &deep).await;
        assert_eq!((answer.status, answer.code()), (400, "plugin_form_invalid"), "{}", answer.text);
        revision
    };
    let revision = world.while_others_send("settings of 10 MB", work).await;
    world.author.ready("deny", &revision).await;
    let grown = world.gateway.memory_peak_bytes() - before;
    assert!(grown < 256 * MIB, "{} MiB more", grown / MIB);
}
