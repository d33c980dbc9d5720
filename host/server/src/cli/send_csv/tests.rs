use std::collections::BTreeSet;

use clap::Parser as _;
use serde_json::json;

use super::super::fake::{self, Fake, Reply, Seen};
use super::super::{Cli, Command};
use super::row::Row;
use super::*;

fn rows(text: &str, job: Option<&str>) -> Result<Rows> {
    Rows::new("f.csv", text.as_bytes().to_vec(), b',', Map::new(), job.map(str::to_owned))
}

fn read(text: &str) -> Vec<Row> {
    let rows = rows(text, None).unwrap();
    rows.check().unwrap();
    rows.iter().collect()
}

#[test]
fn cells_become_fields() {
    let text = "\u{feff}To, text ,from,tags,priority,valid_for,replace_lookalikes,max_segments,row\r\n\
                +44 7,\" Hi, \"\"you\"\"\n\",Acme,a; b;,3,2h,yes,2,9\r\n+49,x,,,,,,,\r\n";
    let rows = read(text);
    let first = json!({ "to": "+44 7", "text": " Hi, \"you\"\n", "from": "Acme", "tags": ["a", "b"],
        "priority": 3, "valid_for_seconds": 7200, "replace_lookalikes": true, "max_segments": 2 });
    assert_eq!(rows[0].body, first);
    assert_eq!(rows[1].body, json!({ "to": "+49", "text": "x" }));
    assert_eq!((rows[0].number, rows[1].number), (1, 2));
}

#[test]
fn flags_stand_in_for_empty_cells() {
    let defaults = json!({ "text": "Hello", "from": "Acme" }).as_object().unwrap().clone();
    let text = b"to,from,data\n+44,,\n+49,Other,AAE=\n".to_vec();
    let rows = Rows::new("f.csv", text, b',', defaults, None).unwrap();
    let bodies: Vec<_> = rows.iter().map(|row| row.body).collect();
    assert_eq!(bodies[0], json!({ "to": "+44", "text": "Hello", "from": "Acme" }));
    assert_eq!(bodies[1], json!({ "to": "+49", "data": "AAE=", "from": "Other" }));
}

#[test]
fn wrong_files_are_refused_with_line_and_reason() {
    for (text, expected) in [
        ("", "f.csv:1: the column `to` is missing"),
        ("to\n+44\n", "f.csv:1: the column `text` is missing"),
        ("to,txt\n", "f.csv:1: unknown column `txt`; did you mean `text`?"),
        ("to,text,first_name\n", "unknown column `first_name`; known: to, text, data,"),
        ("to;text\n+44;x\n", "add --delimiter ';'"),
        ("to\ttext\n", "add --delimiter '\\t'"),
        ("to,text,To\n", "f.csv:1: the column `to` is there twice"),
        ("to,text\n", "no rows under the header"),
        ("to,text\n+44,x\n,x\n", "f.csv:3: to: is empty"),
        ("to,text\n+44,\n", "f.csv:2: text: is empty"),
        ("to,text\n+44,a,b\n", "f.csv:2: has 3 columns where the header has 2"),
        ("to,text,priority\n+44,\"a\nb\",1\n+44,x,high\n", "f.csv:4: priority: is not a whole number"),
        ("to,text,valid_for\n+44,x,9d\n", "valid_for_seconds: must be 5s to"),
        ("to,text,replace_lookalikes\n+44,x,maybe\n", "neither true nor false"),
    ] {
        let error = rows(text, None).and_then(|rows| rows.check()).unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("csv_invalid", Exit::Usage));
        assert!(error.detail.contains(expected), "{text:?}: {}", error.detail);
    }
    let bytes = b"to,text\n+44,\xff\n".to_vec();
    let error = Rows::new("f.csv", bytes, b',', Map::new(), None).unwrap().check().unwrap_err();
    assert!(error.detail.contains("f.csv:2: is not UTF-8"), "{}", error.detail);
}

#[test]
fn many_problems_are_cut() {
    let text = format!("to,text\n{}", ",x\n".repeat(50));
    let error = rows(&text, None).unwrap().check().unwrap_err();
    assert_eq!(error.detail.matches("is empty").count(), 20);
    assert!(error.detail.contains("and 30 more"));
}

#[test]
fn keys_follow_job_number_and_content() {
    let key = |text: &str, job: Option<&str>, row: usize| {
        rows(text, job).unwrap().iter().nth(row).unwrap().idempotency_key
    };
    let file = "to,text\n+44,x\n+44,x\n";
    let first = key(file, Some("a"), 0);
    assert_eq!(first.len(), 68);
    assert!(first.len() <= waypost_core::limits::IDEMPOTENCY_KEY_BYTES_MAX);
    // The same when run again, and with rows added where the job has a name.
    assert_eq!(key(file, Some("a"), 0), first);
    assert_eq!(key("to,text\n+44,x\n+44,x\n+49,y\n", Some("a"), 0), first);
    assert_eq!(key("to,text,refused_code\n+44,x,oops\n", Some("a"), 0), first);
    // Another row, job, content or file is another message.
    let others = [
        key(file, Some("a"), 1),
        key(file, Some("b"), 0),
        key("to,text\n+44,y\n", Some("a"), 0),
        key("to,text\n+4,4x\n", Some("a"), 0),
        key("from,to,text\n,+44,x\n", Some("a"), 0),
        key(file, None, 0),
        key("to,text\n+44,x\n+44,x\n+49,y\n", None, 0),
        first,
    ];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
}

#[test]
fn delimiters() {
    for (text, expected) in [
        (";", Some(b';')),
        ("\\t", Some(b'\t')),
        ("\t", Some(b'\t')),
        ("", None),
        (",,", None),
        ("\"", None),
        ("a", None),
    ] {
        assert_eq!(parse_delimiter(text).ok(), expected, "{text:?}");
    }
}

struct Run {
    exit: Exit,
    document: Value,
    failed: String,
    seen: Vec<Seen>,
}

async fn run_file(text: &str, more: &[&str], answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Run {
    let fake = Fake::start(answer).await;
    let (exit, document, failed) = run_against(&fake.client(), text, more).await;
    Run { exit, document, failed, seen: fake.seen() }
}

async fn run_against(client: &Client, text: &str, more: &[&str]) -> (Exit, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let (file, failed) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
    std::fs::write(&file, text).unwrap();
    let mut line =
        vec!["waypost", "send", "--csv", file.to_str().unwrap(), "--failed", failed.to_str().unwrap()];
    line.extend(more);
    let Command::Send(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
    let (mut output, memory) = Output::memory(true);
    let exit = super::super::send::run(client, &mut output, &args).await.unwrap();
    let document = serde_json::from_str(&memory.text()).unwrap();
    (exit, document, std::fs::read_to_string(&failed).unwrap())
}

fn problem(status: u16, code: &str) -> Reply {
    fake::reply(status, json!({ "status": status, "code": code, "detail": "not, so" }))
}

fn many(rows: u32) -> String {
    (0..rows).fold("to,text\n".to_owned(), |text, row| format!("{text}+44{row},Hi\n"))
}

#[tokio::test]
async fn every_row_is_sent_and_counted() {
    let run = run_file(&many(50), &["--in-flight", "4"], |seen| match seen.body["to"].as_str().unwrap() {
        "+447" => problem(422, "number_invalid"),
        "+448" => fake::reply(
            422,
            json!({ "status": 422, "code": "policy_refused", "policy_code": "country_denied", "detail": "no" }),
        ),
        "+449" => fake::reply(202, json!({})).header("idempotency-replayed", "true"),
        _ => fake::reply(202, json!({})),
    })
    .await;
    assert_eq!(run.exit, Exit::Failed);
    assert_eq!((&run.document["accepted"], &run.document["replayed"]), (&json!(47), &json!(1)));
    assert_eq!(run.document["refused"], json!({ "country_denied": 1, "number_invalid": 1 }));
    assert_eq!(run.document["not_sent"], 0);
    assert_eq!(run.seen.len(), 50);
    let keys: BTreeSet<_> = run.seen.iter().map(|seen| seen.idempotency_key.clone().unwrap()).collect();
    assert_eq!(keys.len(), 50);
    let lines: BTreeSet<&str> = run.failed.lines().collect();
    let expected = [
        "to,text,row,refused_code,refused_reason",
        "+447,Hi,8,number_invalid,\"not, so\"",
        "+448,Hi,9,country_denied,country_denied: no",
    ];
    assert_eq!(lines, BTreeSet::from(expected));
    // What was refused can be sent as it is.
    assert_eq!(read(&run.failed).len(), 2);
}

#[tokio::test]
async fn busy_and_limited_rows_come_back_with_the_same_key() {
    let asked = std::sync::Mutex::new(BTreeSet::new());
    let run = run_file(&many(8), &[], move |seen| {
        let first = asked.lock().unwrap().insert(seen.idempotency_key.clone());
        match (first, seen.body["to"].as_str().unwrap()) {
            (true, "+441") => problem(429, "limit_reached").header("retry-after", "0"),
            (true, "+442") => problem(503, "store_unavailable").header("retry-after", "0"),
            (true, "+443") => Reply::text(502, "bad gateway"),
            _ => fake::reply(202, json!({})),
        }
    })
    .await;
    assert_eq!((run.exit, &run.document["accepted"]), (Exit::Ok, &json!(8)));
    assert_eq!(run.seen.len(), 11);
}

#[tokio::test]
async fn a_limit_that_does_not_free_in_time_refuses_the_row() {
    let run = run_file(&many(3), &["--limit-wait", "2s"], |_| {
        problem(429, "limit_reached").header("retry-after", "60")
    })
    .await;
    assert_eq!(run.document["refused"], json!({ "limit_reached": 3 }));
    assert_eq!((run.exit, run.seen.len()), (Exit::Failed, 3));
}

#[tokio::test]
async fn a_wrong_key_ends_the_run() {
    let run = run_file(&many(500), &["--in-flight", "2"], |_| problem(401, "key_invalid")).await;
    assert_eq!(run.exit, Exit::Failed);
    assert_eq!(run.document["stopped"]["code"], "key_invalid");
    assert_eq!(run.document["not_sent"], 500);
    assert!(run.seen.len() <= 4, "{}", run.seen.len());
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_the_run() {
    let client = fake::client_of_nobody().await;
    let (exit, document, _) = run_against(&client, &many(2), &[]).await;
    assert_eq!((exit, &document["stopped"]["code"]), (Exit::Unreachable, &json!("server_unreachable")));
}

#[tokio::test]
async fn a_stopped_run_finishes_what_is_open_and_says_how_to_go_on() {
    let (stop, stopped) = watch::channel(Stop::Not);
    let stop = std::sync::Mutex::new(Some(stop));
    let fake = Fake::start(move |seen| {
        if seen.body["to"] == "+4420" {
            stop.lock().unwrap().as_ref().unwrap().send_replace(Stop::Soon);
        }
        fake::reply(202, json!({}))
    })
    .await;
    let rows = rows(&many(1000), None).unwrap();
    let client = fake.client();
    let sender = Sender::new(&client, Duration::from_secs(1), stopped);
    let report = send_all(&rows, 1000, &sender, 4, None, &ProgressBar::hidden()).await.unwrap();
    assert!((21..40).contains(&report.accepted), "{report:?}");
    assert_eq!(report.accepted + report.not_sent, 1000);
    assert_eq!(report.accepted, fake.seen().len() as u64);
    let error = report.stopped.unwrap();
    assert_eq!(error.code, "interrupted");
    assert!(error.hint.unwrap().contains("run the same command again"));
}
