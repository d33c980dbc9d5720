//! What a revision would decide.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use waypost_api::Problem;
use waypost_api::answer::json;
use waypost_api::json::parse;
use waypost_api::wire::Whole;
use waypost_engine::fixture::Fixture;

use super::super::auth::{Authorised, PluginAuthor};
use super::super::documented::documented;
use super::super::path::PathName;
use super::super::problem::{self, Code};
use super::super::reply::{Failed, reply};
use super::super::{Api, body};
use crate::clock;
use crate::plugins::{BACKTEST_MESSAGES_MAX, Backtest, FIXTURES_MAX, Ran, Report};

/// Largest request with fixtures, in bytes.
const FIXTURES_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Messages of a backtest that says neither how many nor when.
const MESSAGES_DEFAULT: u64 = 10_000;
/// Most messages that a report names.
const SAMPLES_MAX: i64 = 1000;
const SAMPLES_DEFAULT: usize = 100;

documented!(TestProblems: problem::KEY, problem::BODY, &[
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::RevisionNotReady,
    Code::PluginNotLoadable,
    Code::FixtureInvalid,
    Code::FieldTooMany,
    Code::PluginTestsFull,
]);
documented!(BacktestProblems: problem::KEY, problem::BODY, &[
    Code::PluginUnknown,
    Code::RevisionUnknown,
    Code::RevisionNotReady,
    Code::PluginNotLoadable,
    Code::BacktestImpossible,
    Code::BacktestsFull,
    Code::FieldRange,
    Code::FieldValue,
]);

/// Fixtures to run against a revision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginTest)]
pub struct TestBody {
    /// The revision that is asked.
    revision: String,
    /// The fixtures, at most 100.
    #[schema(max_items = 100, value_type = Vec<Object>)]
    fixtures: Vec<Value>,
}

/// What came of the fixtures.
#[derive(Serialize, ToSchema)]
#[schema(as = PluginTestReport)]
struct TestReport {
    /// Whether all of them hold.
    passed: bool,
    /// Each, in order.
    fixtures: Vec<FixtureReport>,
}

/// What came of one fixture.
#[derive(Serialize, ToSchema)]
#[schema(as = FixtureReport)]
struct FixtureReport {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether it holds.
    passed: bool,
    /// What the component answered, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// What is not as expected.
    differences: Vec<String>,
    /// Units of fuel that it used.
    fuel: u64,
    /// Nanoseconds that it took.
    time_ns: u64,
    /// What the component wrote to its log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
}

/// Which messages a revision is asked about again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginBacktest)]
pub struct BacktestBody {
    /// The revision that is asked.
    revision: String,
    /// The last so many messages, 1 to 1000000; 10000 without it.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 1_000_000)]
    last: Option<Whole>,
    /// Messages taken in at this time or later (RFC 3339).
    from: Option<String>,
    /// Messages taken in before this time (RFC 3339).
    to: Option<String>,
    /// Most messages that the report names, 0 to 1000; 100 without it.
    #[schema(value_type = Option<u64>, maximum = 1000)]
    samples_max: Option<Whole>,
}

/// What a backtest came to.
#[derive(ToSchema)]
#[schema(as = BacktestReport)]
#[allow(dead_code, reason = "only its schema is used")]
struct ReportSchema {
    /// The revision that was asked.
    revision: String,
    /// What it was compared with: a revision, `recorded` where several had decided, `nothing`.
    against: String,
    /// Messages that were looked at.
    messages: u64,
    /// Messages about which the plugin had not been asked, or of which too little is recorded.
    not_comparable: u64,
    /// Those among them of which too little is recorded, by the plan's `recorded_percent`.
    not_recorded: u64,
    /// Messages that no component had routed: the plugin was shown the candidates of today.
    candidates_of_today: u64,
    /// Messages about which both answers are known.
    compared: u64,
    /// Those whose answers differ.
    differing: u64,
    /// How they differ: `was`, `would_be`, `country`, `messages`; most frequent first.
    by_kind: Vec<Value>,
    /// Calls that gave no answer.
    faults: u64,
    /// Whether two minutes were over before all messages were looked at.
    ended_early: bool,
    /// How long all of it took, in milliseconds.
    took_ms: u64,
}

/// Run fixtures against a revision, with the real component.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/test",
    operation_id = "testPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = TestBody,
    responses((status = 200, description = "Whether they hold", body = TestReport), TestProblems),
    security(("key" = ["plugins"])),
)]
pub async fn test(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let wanted: TestBody = parse(&body::read_json(&parts.headers, body, FIXTURES_BYTES_MAX).await?)?;
    if wanted.fixtures.len() > FIXTURES_MAX {
        let detail = format!("`fixtures` has more than {FIXTURES_MAX} entries. Send them in parts.");
        return Err(Problem::new(Code::FieldTooMany, detail).at("/fixtures").into());
    }
    let mut fixtures = Vec::with_capacity(wanted.fixtures.len());
    for (index, fixture) in wanted.fixtures.iter().enumerate() {
        fixtures.push(Fixture::from_value(fixture).map_err(|error| {
            let problem = Problem::new(Code::FixtureInvalid, format!("The fixture cannot be run: {error}."));
            problem.at(format!("/fixtures/{index}")).with("reason_code", error.code())
        })?);
    }
    let names: Vec<Option<String>> = fixtures.iter().map(|fixture| fixture.name.clone()).collect();
    let tenant = &authorised.caller.tenant;
    let ran = api.gateway.plugins.test(tenant, &name, &wanted.revision, fixtures).await?;
    let fixtures: Vec<_> = names.into_iter().zip(ran).map(|(name, ran)| report(name, ran)).collect();
    let passed = fixtures.iter().all(|fixture| fixture.passed);
    reply(json(StatusCode::OK, &TestReport { passed, fixtures }))
}

/// Ask a revision about messages that were sent, and see what it would have decided otherwise.
#[utoipa::path(
    post,
    path = "/v1/plugins/{name}/backtest",
    operation_id = "backtestPlugin",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    request_body = BacktestBody,
    responses((status = 200, description = "What differs", body = ReportSchema), BacktestProblems),
    security(("key" = ["plugins"])),
)]
pub async fn backtest(
    State(api): State<Arc<Api>>,
    authorised: Authorised<PluginAuthor>,
    PathName(name): PathName,
    request: Request,
) -> Result<Response, Failed> {
    let (parts, body) = request.into_parts();
    let bytes = body::read_json(&parts.headers, body, waypost_core::limits::REQUEST_BYTES_MAX).await?;
    let wanted = parse::<BacktestBody>(&bytes)?.check(name, clock::now_ms())?;
    let report: Report = api.gateway.plugins.backtest(&authorised.caller.tenant, &wanted).await?;
    reply(json(StatusCode::OK, &report))
}

impl BacktestBody {
    fn check(self, plugin: String, now_ms: u64) -> Result<Backtest, Problem> {
        let is_range = self.from.is_some() || self.to.is_some();
        let messages_max = match self.last {
            Some(Whole(last)) => {
                u64::try_from(last).ok().filter(|last| (1..=BACKTEST_MESSAGES_MAX).contains(last))
            }
            None if is_range => Some(BACKTEST_MESSAGES_MAX),
            None => Some(MESSAGES_DEFAULT),
        };
        let messages_max = messages_max.ok_or_else(|| {
            let detail = format!("`last` is 1 to {BACKTEST_MESSAGES_MAX}.");
            Problem::new(Code::FieldRange, detail).at("/last")
        })?;
        let samples_max = match self.samples_max {
            None => SAMPLES_DEFAULT,
            Some(Whole(samples)) if (0..=SAMPLES_MAX).contains(&samples) => samples as usize,
            Some(_) => {
                let detail = format!("`samples_max` is 0 to {SAMPLES_MAX}.");
                return Err(Problem::new(Code::FieldRange, detail).at("/samples_max"));
            }
        };
        let time = |text: Option<String>, pointer: &str, default: u64| match text {
            None => Ok(default),
            Some(text) => waypost_core::time::parse_rfc3339(&text).ok_or_else(|| {
                let detail = "A time is written as `2026-01-31T09:00:00Z` (RFC 3339).";
                Problem::new(Code::FieldValue, detail).at(pointer)
            }),
        };
        Ok(Backtest {
            plugin,
            revision: self.revision,
            messages_max,
            from_ms: time(self.from, "/from", 0)?,
            to_ms: time(self.to, "/to", now_ms.saturating_add(1))?,
            samples_max,
        })
    }
}

fn report(name: Option<String>, ran: Ran) -> FixtureReport {
    match ran {
        Ok(report) => FixtureReport {
            name,
            passed: report.holds(),
            answer: Some(report.record.result),
            differences: report.differences.iter().map(ToString::to_string).collect(),
            fuel: report.record.fuel,
            time_ns: report.record.time_ns,
            log: report.record.log,
        },
        Err(failure) => FixtureReport {
            name,
            passed: false,
            answer: None,
            differences: vec![format!("{failure} ({})", failure.code())],
            fuel: 0,
            time_ns: 0,
            log: Vec::new(),
        },
    }
}
