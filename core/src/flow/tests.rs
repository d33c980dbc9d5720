//! The order of decisions, and what a try and a webhook lead to, with components that answer by
//! table.

use std::cell::RefCell;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::decide::{Decided, decide, other_route};
use super::exchange::{Exchanged, exchange, settlement};
use super::webhook::{self, Refused};
use super::*;
use crate::config::{Config, OnFailure};
use crate::decision::{
    Acceptance, Candidate, Choice, DecisionRecord, Failure, FailureClass, FaultClass, Given, Health, Name,
    Outcome, Ranking, Refusal, Role, Verdict,
};
use crate::id::MessageId;
use crate::lifecycle::accept::{self, Submission as Wanted};
use crate::message::{Draft, Envelope, Progress, State};
use crate::provider::{
    HttpRequest, HttpResponse, Method, ProviderTerms, Submission, WebhookReading, WebhookRequest,
    WebhookResult,
};
use crate::store::{ClaimedMessage, Settle};
use crate::tenant::TenantTerms;
use crate::text::{Body, EncodingChoice};

const NOW_MS: u64 = 1_700_000_000_000;
const CONFIG: &str = r#"
[providers.a]
component = "sim"
weight = 10
price = { currency = "EUR", default = "0.02" }
[providers.b]
component = "sim"
weight = 20
countries = ["GB"]
[tenants.acme]
"#;

struct Carrier {
    terms: ProviderTerms,
    health: Health,
}

impl Provider for Carrier {
    fn terms(&self) -> &ProviderTerms {
        &self.terms
    }

    fn health(&self, _now_ms: u64) -> Health {
        self.health
    }

    fn permits(&self, wanted: usize, _now_ms: u64) -> usize {
        if self.health == Health::Down { 0 } else { wanted }
    }

    fn backlog(&self) -> u64 {
        7
    }
}

type Answer<T> = (Result<T, FaultClass>, OnFailure);

/// A tenant whose components say what they are told to.
struct Acme {
    terms: TenantTerms,
    providers: Vec<Arc<Carrier>>,
    screening: Vec<Answer<Verdict>>,
    sender: Option<Answer<Choice>>,
    routing: Option<Answer<Ranking>>,
}

impl Acme {
    fn new() -> Self {
        let config = Config::parse(CONFIG, "test", &["sim"]).unwrap().config;
        let terms = |name: &str| ProviderTerms::new(name.into(), &config.providers[name], false, "http://x");
        let carrier = |name| Arc::new(Carrier { terms: terms(name), health: Health::Healthy });
        Self {
            terms: TenantTerms::new("acme".into(), &config.tenants["acme"], None),
            providers: vec![carrier("a"), carrier("b")],
            screening: Vec::new(),
            sender: None,
            routing: None,
        }
    }

    fn with_down(mut self, down: &str) -> Self {
        for carrier in &mut self.providers {
            let health = if *carrier.terms.name == *down { Health::Down } else { Health::Healthy };
            *carrier = Arc::new(Carrier { terms: carrier.terms.clone(), health });
        }
        self
    }
}

fn asked<T: Clone>(role: Role, (answer, on_failure): &Answer<T>) -> Asked<T> {
    Asked { decision: decision(role, answer.clone()), on_failure: *on_failure }
}

fn decision<T>(role: Role, answer: Result<T, FaultClass>) -> Decision<T> {
    let record = DecisionRecord {
        role,
        component: role.as_str().into(),
        revision: "r".into(),
        result: String::new(),
        fault: answer.as_ref().err().copied(),
        fuel: 0,
        memory_bytes: 0,
        time_ns: 0,
        log: Vec::new(),
        given: None,
    };
    Decision { answer: answer.map_err(|class| Fault::new(class, "secret words")), record }
}

impl Tenant for Acme {
    type Provider = Carrier;

    fn terms(&self) -> &TenantTerms {
        &self.terms
    }

    fn providers(&self) -> &[Arc<Carrier>] {
        &self.providers
    }

    fn screen(&self, place: usize, _draft: &Draft, _id: MessageId) -> Option<Asked<Verdict>> {
        self.screening.get(place).map(|answer| asked(Role::Screening, answer))
    }

    fn choose(&self, _draft: &Draft, _id: MessageId) -> Option<Asked<Choice>> {
        self.sender.as_ref().map(|answer| asked(Role::SenderIdentity, answer))
    }

    fn rank(&self, _draft: &Draft, candidates: &[Candidate], _id: MessageId) -> Option<Asked<Ranking>> {
        assert!(candidates.iter().all(|candidate| candidate.backlog == 7));
        self.routing.as_ref().map(|answer| asked(Role::Routing, answer))
    }
}

fn draft(tenant: &Acme, to: &str) -> Draft {
    let submission = Wanted {
        to,
        from: None,
        body: &Body::Text("hi".to_owned()),
        encoding: EncodingChoice::Auto,
        segments_max: None,
        replace_lookalikes: false,
        priority: 0,
        tags: &[],
    };
    accept::plan(&submission, &tenant.terms.rules, NOW_MS).unwrap().draft
}

fn id() -> MessageId {
    MessageId::from_parts(MessageId::first_key_at(NOW_MS), 5)
}

fn decided(tenant: &Acme) -> Decided<Carrier> {
    decide(tenant, draft(tenant, "+447400123456"), id(), NOW_MS)
}

/// The routes, or the code of the refusal.
fn routes(tenant: &Acme) -> Result<Vec<String>, String> {
    let admission = decided(tenant).answer.map_err(|refusal| refusal.code)?;
    let all = std::iter::once(&admission.route).chain(&admission.further_routes);
    Ok(all.map(|carrier| carrier.terms.name.to_string()).collect())
}

fn refusal(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), reason: "because".to_owned() }
}

#[test]
fn without_components_a_message_goes_by_weight_to_what_is_up() {
    assert_eq!(routes(&Acme::new()).unwrap(), ["b", "a"]);
    assert_eq!(routes(&Acme::new().with_down("b")).unwrap(), ["a", "b"]);
    let tenant = Acme::new();
    let abroad = decide(&tenant, draft(&tenant, "+14155552671"), id(), NOW_MS).answer.ok().unwrap();
    assert_eq!((&*abroad.route.terms.name, abroad.further_routes.len()), ("a", 0));
    assert_eq!(abroad.price_micros, Some(20_000));
    let none = Acme { providers: Vec::new(), ..Acme::new() };
    assert_eq!(routes(&none).unwrap_err(), "no_route");
}

#[test]
fn screening_stops_at_the_first_refusal_and_holds_the_longest() {
    let ok = |verdict| (Ok(verdict), OnFailure::Refuse);
    let hold = |ms| ok(Verdict::HoldUntil(NOW_MS + ms));
    let held = Acme { screening: vec![hold(5), ok(Verdict::Allow), hold(9), hold(7)], ..Acme::new() };
    let found = decided(&held);
    assert_eq!(found.answer.ok().unwrap().held_until_ms, Some(NOW_MS + 9));
    assert_eq!(found.records.len(), 4);
    let refuse = ok(Verdict::Refuse(refusal("no")));
    let refused = Acme { screening: vec![hold(5), refuse, hold(9)], ..Acme::new() };
    let found = decided(&refused);
    assert_eq!((found.answer.err().unwrap().code.as_str(), found.records.len()), ("no", 2));
}

#[test]
fn a_fault_leads_to_what_the_binding_says() {
    let fault = FaultClass::OutOfFuel;
    for (on_failure, goes) in [(OnFailure::Refuse, false), (OnFailure::Skip, true)] {
        let screened = Acme { screening: vec![(Err(fault), on_failure)], ..Acme::new() };
        let chosen = Acme { sender: Some((Err(fault), on_failure)), ..Acme::new() };
        for tenant in [screened, chosen] {
            assert_eq!(routes(&tenant).is_ok(), goes, "{on_failure:?}");
        }
    }
    let ranked = |on_failure| Acme { routing: Some((Err(fault), on_failure)), ..Acme::new() };
    assert_eq!(routes(&ranked(OnFailure::Default)).unwrap(), ["b", "a"]);
    let refusal = decided(&ranked(OnFailure::Refuse)).answer.err().unwrap();
    assert_eq!(refusal.code, "component_failed");
    assert!(refusal.reason.contains("routing") && refusal.reason.contains("out-of-fuel"));
    assert!(!refusal.reason.contains("secret words"), "{}", refusal.reason);
}

#[test]
fn a_chosen_sender_is_read_like_any_other() {
    let choose = |text: &str| Acme {
        sender: Some((Ok(Choice::Replace(text.to_owned())), OnFailure::Refuse)),
        ..Acme::new()
    };
    let sender = decided(&choose("Acme")).draft.sender.unwrap();
    assert_eq!(sender.address.as_str(), "Acme");
    assert_eq!(routes(&choose("€€€")).unwrap_err(), "chosen_sender_invalid");
    let refused = Acme { sender: Some((Ok(Choice::Refuse(refusal("no"))), OnFailure::Skip)), ..Acme::new() };
    assert_eq!(routes(&refused).unwrap_err(), "no");
}

#[test]
fn what_a_decision_was_given_is_recorded_for_that_many_of_a_hundred() {
    let tenant = || Acme {
        sender: Some((Ok(Choice::Replace("Acme".to_owned())), OnFailure::Refuse)),
        routing: Some((Ok(Ranking::Ranked(vec!["a".into()])), OnFailure::Default)),
        ..Acme::new()
    };
    let found = decided(&tenant());
    let [choice, ranking] = found.records.as_slice() else { panic!("{:?}", found.records) };
    assert_eq!(choice.given, Some(Given::Sender(None)));
    let Some(Given::Candidates(candidates)) = &ranking.given else { panic!("{ranking:?}") };
    let names: Vec<_> = candidates.iter().map(|candidate| (&*candidate.id, candidate.weight)).collect();
    assert_eq!(names, [("a", 10), ("b", 20)]);
    let kept = Acme { sender: Some((Ok(Choice::Keep), OnFailure::Refuse)), ..tenant() };
    assert_eq!(decided(&kept).records[0].given, None, "the stored message has that sender");

    let recorded = |percent, nonce| {
        let mut tenant = tenant();
        tenant.terms.recorded_percent = percent;
        let id = MessageId::from_parts(id().key(), nonce);
        let found = decide(&tenant, draft(&tenant, "+447400123456"), id, NOW_MS);
        found.records.iter().filter(|record| record.given.is_some()).count()
    };
    for (percent, nonce, expected) in
        [(0, 0, 0), (25, 24, 2), (25, 25, 0), (25, 100, 2), (100, 99, 2), (100, u64::MAX, 2)]
    {
        assert_eq!(recorded(percent, nonce), expected, "{percent} {nonce}");
    }
    let mut again = Vec::new();
    let asked_again =
        other_route(&tenant(), &envelope(draft(&tenant(), "+447400123456")), &[], NOW_MS, &mut again);
    assert_eq!((asked_again.as_deref(), again[0].given.is_none()), (Some("a"), true));
}

#[test]
fn only_routes_that_were_offered_are_taken() {
    let rank = |names: &[&str]| {
        let names: Vec<Name> = names.iter().map(|name| Name::from(*name)).collect();
        Acme { routing: Some((Ok(Ranking::Ranked(names)), OnFailure::Default)), ..Acme::new() }
    };
    assert_eq!(routes(&rank(&["a", "b"])).unwrap(), ["a", "b"]);
    assert_eq!(routes(&rank(&["x", "a"])).unwrap(), ["a"]);
    assert_eq!(routes(&rank(&[])).unwrap_err(), "no_route");
}

#[test]
fn another_route_is_one_that_works_and_was_not_tried() {
    let envelope = |tenant: &Acme| envelope(draft(tenant, "+447400123456"));
    let find = |tenant: &Acme, tried: &[&str]| {
        let tried: Vec<Name> = tried.iter().map(|name| Name::from(*name)).collect();
        other_route(tenant, &envelope(tenant), &tried, NOW_MS, &mut Vec::new())
    };
    let tenant = Acme::new();
    assert_eq!(find(&tenant, &["b"]).as_deref(), Some("a"));
    assert_eq!(find(&tenant, &["a", "b"]), None);
    assert_eq!(find(&Acme::new().with_down("a"), &["b"]), None);
}

fn envelope(draft: Draft) -> Envelope {
    Envelope {
        id: id(),
        key: "key".into(),
        draft,
        valid_until_ms: NOW_MS + 60_000,
        client_ref: None,
        callback_url: None,
        hops: 0,
    }
}

/// A provider whose component and network say what they are told to.
struct Wire {
    submit: Result<Result<(), FailureClass>, FaultClass>,
    sent: Sent,
    read: Result<Outcome, FaultClass>,
    webhooks: RefCell<Vec<Result<WebhookResult, FaultClass>>>,
}

impl Wire {
    fn new(sent: Sent) -> Self {
        let acceptance = Acceptance { reference: "r-1".to_owned(), parts: None, price_micros: None };
        let webhooks = RefCell::new(Vec::new());
        Self { submit: Ok(Ok(())), sent, read: Ok(Outcome::Accepted(acceptance)), webhooks }
    }
}

fn request() -> HttpRequest {
    let url = "https://a.example/".to_owned();
    HttpRequest { method: Method::Post, url, headers: Vec::new(), body: Vec::new() }
}

fn response() -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }
}

fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "code".to_owned(), reason: String::new(), retry_after_ms: None }
}

impl ProviderLink for Wire {
    fn hook_url(&self) -> &str {
        "http://x/hooks/a"
    }

    fn submit_request(&self, submission: Submission<'_>) -> Decision<Result<HttpRequest, Failure>> {
        assert_eq!(submission.valid_for_s, Some(60));
        assert_eq!(submission.receipt_url, format!("http://x/hooks/a?m={}", id()));
        decision(Role::Provider, self.submit.map(|asked| asked.map(|()| request()).map_err(failure)))
    }

    fn read_response(&self, _submission: Submission<'_>, _response: &HttpResponse) -> Decision<Outcome> {
        decision(Role::Provider, self.read.clone())
    }

    fn read_webhook(&self, _request: &WebhookRequest) -> Decision<WebhookResult> {
        decision(Role::Provider, self.webhooks.borrow_mut().remove(0))
    }

    fn send(&self, _request: HttpRequest) -> impl Future<Output = Sent> {
        ready(self.sent.clone())
    }
}

/// Nothing here waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn exchanged(wire: &Wire) -> Exchanged {
    let envelope = envelope(draft(&Acme::new(), "+447400123456"));
    now(exchange(wire, &envelope, 1, NOW_MS))
}

#[test]
fn what_is_known_after_a_request_decides_who_has_to_act() {
    let class = |wire: &Wire| match exchanged(wire).outcome {
        Outcome::Accepted(_) => None,
        Outcome::Failed(failure) => Some(failure.class),
        Outcome::InDoubt(_) => Some(FailureClass::InDoubt),
    };
    let answered = || Wire::new(Sent::Answered(response()));
    let not_sent = Sent::NotSent { code: "connection_failed", reason: String::new() };
    let forbidden = Sent::Forbidden { code: "host_not_allowed", reason: String::new() };
    for (wire, expected) in [
        (answered(), None),
        (Wire::new(not_sent), Some(FailureClass::Transient)),
        (Wire::new(forbidden), Some(FailureClass::System)),
        (Wire::new(Sent::Lost(String::new())), Some(FailureClass::InDoubt)),
        (Wire { submit: Ok(Err(FailureClass::Sender)), ..answered() }, Some(FailureClass::Sender)),
        // Nothing was sent.
        (Wire { submit: Err(FaultClass::Trap), ..answered() }, Some(FailureClass::Transient)),
        // It was.
        (Wire { read: Err(FaultClass::Trap), ..answered() }, Some(FailureClass::InDoubt)),
    ] {
        assert_eq!(class(&wire), expected);
    }
}

#[test]
fn a_settlement_names_another_route_only_where_one_is_wanted() {
    let settle = |outcome| -> Settle {
        let tenant = Acme::new();
        let mut progress = Progress::new(State::Submitting, NOW_MS);
        progress.attempts = 3;
        let envelope = Arc::new(envelope(draft(&tenant, "+447400123456")));
        let exchanged = Exchanged { outcome, decisions: Vec::new() };
        let message = ClaimedMessage { envelope, progress };
        settlement(Some(&tenant), &tenant.providers[1].terms, message, exchanged, NOW_MS)
    };
    let failed = settle(Outcome::Failed(failure(FailureClass::Transient)));
    assert_eq!((failed.other_route.as_deref(), &*failed.route, failed.attempt), (Some("a"), "b", 3));
    for outcome in [Outcome::InDoubt(String::new()), Outcome::Failed(failure(FailureClass::Message))] {
        assert_eq!(settle(outcome).other_route, None);
    }
}

#[test]
fn a_webhook_is_read_with_at_most_one_request_of_its_own() {
    let read = |webhooks: Vec<_>, sent: Sent| {
        let wire = Wire { webhooks: RefCell::new(webhooks), ..Wire::new(sent) };
        let request = WebhookRequest {
            method: "POST".to_owned(),
            url: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            now_ms: NOW_MS,
            fetched: None,
        };
        now(webhook::read(&wire, request))
    };
    let answered = || Sent::Answered(response());
    let reading = || Ok(WebhookResult::Read(WebhookReading { events: Vec::new(), answer: response() }));
    let fetch = || Ok(WebhookResult::Fetch(request()));
    assert!(read(vec![reading()], answered()).is_ok());
    assert!(read(vec![fetch(), reading()], answered()).is_ok());
    let twice = read(vec![fetch(), fetch()], answered());
    assert!(matches!(twice, Err(Refused::Malformed(_))));
    let lost = read(vec![fetch()], Sent::Lost(String::new()));
    assert!(matches!(lost, Err(Refused::NoAnswer)));
    let forbidden = Sent::Forbidden { code: "host_not_allowed", reason: String::new() };
    assert!(matches!(read(vec![fetch()], forbidden), Err(Refused::Forbidden("host_not_allowed"))));
    let fault = read(vec![Err(FaultClass::Trap)], answered());
    assert!(matches!(fault, Err(Refused::Component(FaultClass::Trap))));
}
