//! PyPI's `smpplib` as a client: an independent implementation has to understand the simulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use waypost_simulator::smsc::{Event, Submitted};

use crate::start;

const VERSION: &str = "2.2.3";

/// The Python with smpplib in `target/smpplib`, installed if it is not there. `cargo xtask test` does
/// the same before.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/smpplib");
    let python = folder.join("bin/python");
    let has = Command::new(&python).args(["-c", "import smpplib.client"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &format!("smpplib=={VERSION}")]));
    python
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{command:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test]
async fn smpplib_binds_submits_and_receives() {
    let script = r#"
[[systems]]
system_id = "python"
password = "secret"
[receipts]
delay_ms = 10
[[inbound]]
system_id = "python"
from = "+420601123456"
to = "10000"
text = "Ahoj €"
"#;
    let smsc = start(script).await;
    let address = smsc.addr;
    let printed = tokio::task::spawn_blocking(move || {
        let esme = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smsc/esme.py");
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        run(Command::new(python()).arg(esme).args([&host, &port, "secret"]))
    })
    .await
    .unwrap();
    let seen: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(seen["inbound"][0]["hex"], "41686f6a201b65");
    assert_eq!(
        (&seen["inbound"][0]["from"], &seen["inbound"][0]["coding"]),
        (&"420601123456".into(), &0.into())
    );
    assert_eq!(seen["errors"], serde_json::json!([0x58]));

    let submitted = submits(&smsc.control.log(0, 1_000));
    let taken: Vec<&Submitted> = submitted.iter().filter(|submitted| submitted.id.is_some()).collect();
    let ids: Vec<&str> = taken.iter().filter_map(|submitted| submitted.id.as_deref()).collect();
    assert_eq!(serde_json::json!(ids), seen["ids"]);
    let whole: Vec<String> = taken[2..].iter().filter_map(|submitted| submitted.text.clone()).collect();
    let texts = [taken[0].text.clone().unwrap(), taken[1].text.clone().unwrap(), whole.concat()];
    assert_eq!(serde_json::json!(texts), seen["texts"]);
    assert!(taken[2..].iter().all(|submitted| submitted.part.is_some_and(|part| part.total == 3)));
    let receipts = seen["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), taken.len());
    for (receipt, id) in receipts.iter().zip(&ids) {
        assert_eq!((&receipt["id"], &receipt["state"]), (&Value::from(*id), &Value::from(2)));
        assert!(receipt["text"].as_str().unwrap().starts_with(&format!("id:{id} ")));
    }
}

fn submits(entries: &[waypost_simulator::smsc::Entry]) -> Vec<Submitted> {
    let submits = entries.iter().filter_map(|entry| match &entry.event {
        Event::Submit(submitted) => Some((**submitted).clone()),
        _ => None,
    });
    submits.collect()
}
