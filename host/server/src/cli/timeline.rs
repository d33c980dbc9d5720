//! The trace of a message as people read it.

use serde_json::Value;

use super::error::Result;
use super::explain::{decisions, print_logs};
use super::output::{Output, printable};
use super::wire::{Step, Trace};

/// A line for each step, and under it what components decided.
pub(super) fn print(output: &mut Output, trace: &Trace) -> Result<()> {
    for step in &trace.steps {
        output.text(&line(step))?;
        if !step.decisions.is_empty() {
            output.table(decisions(&step.decisions))?;
            print_logs(output, &step.decisions)?;
            output.text("")?;
        }
    }
    Ok(())
}

/// `2026-01-02 15:04:05.678  queued      attempt 1 by a: transient 500: busy; next b`
fn line(step: &Step) -> String {
    let time = step.at.replacen('T', " ", 1);
    let time = time.trim_end_matches('Z');
    printable(&format!("{time:23}  {:11}  {}", step.status, what(step))).trim_end().to_owned()
}

fn what(step: &Step) -> String {
    let text = |name: &str| step.rest.get(name).and_then(Value::as_str);
    let route = text("route").map(|route| format!(" by {route}")).unwrap_or_default();
    let failure = step.rest.get("failure").filter(|failure| failure.is_object()).map(failure);
    match step.kind.as_str() {
        "accepted" => {
            let held = text("held_until").map(|until| format!(", held until {until}")).unwrap_or_default();
            let route = text("route").map(|route| format!(" for {route}")).unwrap_or_default();
            format!("accepted{route}{held}{}", cause(step))
        }
        "refused" => format!("refused: {}{}", failure.unwrap_or_default(), cause(step)),
        "attempt" => {
            let number = step.rest.get("attempt").map(|number| format!(" {number}")).unwrap_or_default();
            let reference = text("reference").map(|reference| format!(": taken as {reference}"));
            let result = failure.map(|failure| format!(": {failure}")).or(reference).unwrap_or_default();
            let next = text("next_route").map(|next| format!("; next {next}")).unwrap_or_default();
            format!("attempt{number}{route}{result}{next}")
        }
        "rerouted" => {
            format!("rerouted from {} to {}", text("from").unwrap_or("?"), text("to").unwrap_or("?"))
        }
        "receipt" => receipt(step, &route),
        "time_passed" => "time passed".to_owned(),
        // Of a kind that this version does not know, everything it says.
        kind if step.rest.is_empty() => kind.to_owned(),
        kind => format!("{kind} {}", Value::Object(step.rest.clone())),
    }
}

/// `, caused by in-1 of a`
fn cause(step: &Step) -> String {
    let Some(cause) = step.rest.get("caused_by") else { return String::new() };
    let text = |name: &str| cause.get(name).and_then(Value::as_str).unwrap_or("?");
    format!(", caused by {} of {}", text("reference"), text("provider"))
}

/// `receipt by a: undelivered (30003: off)`
fn receipt(step: &Step, route: &str) -> String {
    let text = |name: &str| step.rest.get("receipt")?.get(name)?.as_str();
    let status = text("status").unwrap_or("?");
    let details: Vec<&str> = [text("code"), text("reason")].into_iter().flatten().collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(": ")) };
    let news = match step.rest.get("applied").and_then(Value::as_bool) {
        Some(false) => ", nothing new",
        _ => "",
    };
    format!("receipt{route}: {status}{details}{news}")
}

fn failure(failure: &Value) -> String {
    let text = |name: &str| failure[name].as_str().unwrap_or("?");
    format!("{} {}: {}", text("class"), text("code"), text("reason"))
}

#[cfg(test)]
mod tests {
    use super::super::wire;
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_read_as_sentences() {
        let failure = json!({ "class": "transient", "code": "500", "reason": "busy\u{1b}" });
        for (step, expected) in [
            (json!({ "kind": "accepted", "route": "a" }), "accepted for a"),
            (json!({ "kind": "accepted", "held_until": "T" }), "accepted, held until T"),
            (json!({ "kind": "refused", "failure": failure }), "refused: transient 500: busy\\u{1b}"),
            (
                json!({ "kind": "attempt", "attempt": 1, "route": "a", "failure": failure, "next_route": "b" }),
                "attempt 1 by a: transient 500: busy\\u{1b}; next b",
            ),
            (
                json!({ "kind": "attempt", "attempt": 2, "route": "b", "reference": "SM1" }),
                "attempt 2 by b: taken as SM1",
            ),
            (json!({ "kind": "rerouted", "from": "a", "to": "b" }), "rerouted from a to b"),
            (
                json!({ "kind": "receipt", "route": "b", "applied": true,
                "receipt": { "status": "undelivered", "code": "30003", "reason": "off" } }),
                "receipt by b: undelivered (30003: off)",
            ),
            (
                json!({ "kind": "receipt", "route": "b", "applied": false, "receipt": { "status": "sent" } }),
                "receipt by b: sent, nothing new",
            ),
            (json!({ "kind": "time_passed" }), "time passed"),
            (json!({ "kind": "cancelled" }), "cancelled"),
            (json!({ "kind": "teleported", "where": "Mars" }), "teleported {\"where\":\"Mars\"}"),
        ] {
            let mut step = step;
            step["at"] = json!("2026-01-02T15:04:05.678Z");
            step["status"] = json!("queued");
            let step: Step = wire::read(&step).unwrap();
            assert_eq!(line(&step), format!("2026-01-02 15:04:05.678  queued       {expected}"));
        }
    }
}
