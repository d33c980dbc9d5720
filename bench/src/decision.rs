//! What a decision costs: in a fresh instance from the snapshot and in a reused one, for each
//! built-in component of the three roles, and the two calls of a provider's component.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use waypost_core::decision::{Candidate, Health, Name, Role};
use waypost_core::id::MessageId;
use waypost_core::message::Draft;
use waypost_core::number::{parse_recipient, parse_sender};
use waypost_core::provider::{HttpResponse, Submission};
use waypost_core::text::{Body, Encoding};
use waypost_engine::{CallContext, Engine, EngineOptions, Limits, LoadRequest, Loaded, NoSecrets, Reuse};

use crate::figure::{Report, median_ns};

const BATCHES: usize = 200;
const CALLS: usize = 200;
const REUSED: Reuse = Reuse::Calls { max: 1_000_000 };
const FRESH_TARGET_US: f64 = 12.0;
const REUSED_TARGET_US: f64 = 1.2;

/// Measures every kind of call in both modes.
pub fn measure(report: &mut Report) -> Result<()> {
    let engine = Engine::new(&EngineOptions::default())?;
    let draft = draft()?;
    let context = CallContext::of_message(MessageId::from_parts(1 << 40, 7), draft.time_ms);
    for (mode, reuse, target) in
        [("fresh", Reuse::Fresh, FRESH_TARGET_US), ("reused", REUSED, REUSED_TARGET_US)]
    {
        let settings = json!({ "deny": ["CI", "GF", "GP", "MQ", "NC", "PF", "RE"] });
        let screening = load(&engine, "country-blacklist", Role::Screening, &settings, reuse)?
            .screening()
            .context("not a screening component")?;
        let ns = median_ns(BATCHES, CALLS, || drop(black_box(screening.screen(&draft, &context))));
        report.at_most(&format!("decision, screening, {mode} instance"), ns / 1e3, "µs", target);

        let settings = json!({ "by_country": { "US": "+16462345678", "GB": "Waypost" } });
        let sender = load(&engine, "sender-override", Role::SenderIdentity, &settings, reuse)?
            .sender_identity()
            .context("not a sender component")?;
        let ns = median_ns(BATCHES, CALLS, || drop(black_box(sender.choose(&draft, &context))));
        report.figure(&format!("decision, sender, {mode} instance"), ns / 1e3, "µs");

        let routing = load(&engine, "least-cost", Role::Routing, &json!({}), reuse)?
            .routing()
            .context("not a routing component")?;
        let candidates = candidates();
        let ns = median_ns(BATCHES, CALLS, || drop(black_box(routing.rank(&draft, &candidates, &context))));
        report.figure(&format!("decision, routing of 3 candidates, {mode} instance"), ns / 1e3, "µs");

        measure_provider(report, &engine, &draft, &context, mode, reuse)?;
    }
    Ok(())
}

fn measure_provider(
    report: &mut Report,
    engine: &Engine,
    draft: &Draft,
    context: &CallContext,
    mode: &str,
    reuse: Reuse,
) -> Result<()> {
    let provider = load(engine, "simulator", Role::Provider, &json!({}), reuse)?
        .provider()
        .context("not a provider component")?;
    let submission = Submission {
        id: MessageId::from_parts(1 << 40, 7),
        attempt: 1,
        draft,
        valid_for_s: Some(3600),
        receipt_url: "http://127.0.0.1:7700/hooks/simulator?m=msg_00000000000000000000000000",
    };
    let ns = median_ns(BATCHES, CALLS, || drop(black_box(provider.submit_request(submission, context))));
    report.figure(&format!("provider writes a request, {mode} instance"), ns / 1e3, "µs");
    let response = HttpResponse {
        status: 201,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"reference":"sim-0000000000000001","parts":1}"#.to_vec(),
    };
    let ns = median_ns(BATCHES, CALLS, || drop(black_box(provider.read_response(&response, context))));
    report.figure(&format!("provider reads an answer, {mode} instance"), ns / 1e3, "µs");
    Ok(())
}

fn load(engine: &Engine, name: &str, role: Role, settings: &Value, reuse: Reuse) -> Result<Loaded> {
    let built_in = waypost_builtins::find(name).with_context(|| format!("no component {name}"))?;
    let request = LoadRequest {
        name: Name::from(name),
        role,
        component: built_in.component,
        settings,
        limits: Limits::default(),
        reuse,
        secrets: Arc::new(NoSecrets),
    };
    engine.load(request).map_err(|error| anyhow::anyhow!("{name}: {error}"))
}

/// A usual message.
pub fn draft() -> Result<Draft> {
    Ok(Draft {
        tenant: Name::from("default"),
        time_ms: 1_700_000_000_000,
        to: parse_recipient("+447400123456", None).map_err(|error| anyhow::anyhow!("{error}"))?,
        sender: Some(parse_sender("Waypost", None).map_err(|error| anyhow::anyhow!("{error}"))?),
        body: Body::Text("Your code is 123456. It is good for ten minutes.".to_owned()),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 0,
        tags: Vec::new(),
    })
}

fn candidates() -> Vec<Candidate> {
    [("first", 40_000), ("second", 30_000), ("third", 50_000)]
        .map(|(name, micros)| Candidate {
            id: Name::from(name),
            price_micros: Some(micros),
            health: Health::Healthy,
            backlog: 0,
            weight: 100,
        })
        .to_vec()
}
