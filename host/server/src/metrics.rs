//! Counters for Prometheus. Labels come from the configuration and from closed lists only, so
//! that nobody can make them grow without bound.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use waypost_core::decision::{DecisionRecord, Health, Name, Outcome, ReceiptStatus};
use waypost_core::flow::receive::{Received, Reply};
use waypost_core::flow::webhook::{Refused, WebhookAnswer};
use waypost_core::message::State;
use waypost_core::rate::LimitKind;
use waypost_core::store::ReceiptResult;
use waypost_smpp::Capacity;

use crate::notices::{Notice, Notices};
use crate::plugins::Scrape;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TenantState {
    tenant: Name,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TenantLimit {
    tenant: Name,
    limit: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentResult {
    tenant: Name,
    role: &'static str,
    component: Name,
    fault: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderResult {
    provider: Name,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderStatus {
    provider: Name,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderLabel {
    provider: Name,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NoticeLabel {
    notice: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TenantResult {
    tenant: Name,
    result: &'static str,
}

/// All counters of the process.
pub struct Metrics {
    /// What names no tenant.
    common: Registry,
    /// What has a label `tenant`, or would tell one tenant of another.
    by_tenant: Registry,
    messages: Family<TenantState, Counter>,
    limits: Family<TenantLimit, Counter>,
    decisions: Family<ComponentResult, Counter>,
    decision_seconds: Histogram,
    submits: Family<ProviderResult, Counter>,
    settled: Family<ProviderResult, Counter>,
    leases_lost: Family<ProviderLabel, Counter>,
    leases_short: Family<ProviderLabel, Counter>,
    notices: Family<NoticeLabel, Gauge>,
    store_up: Gauge,
    store_seconds: Histogram,
    clock_offset_seconds: Gauge<f64, AtomicU64>,
    config_version: Gauge<u64, AtomicU64>,
    receipts: Family<ProviderResult, Counter>,
    webhooks: Family<ProviderResult, Counter>,
    inbound: Family<ProviderResult, Counter>,
    received: Family<TenantResult, Counter>,
    callbacks: Family<TenantResult, Counter>,
    backlog: Family<ProviderLabel, Gauge<u64, AtomicU64>>,
    circuit_open: Family<ProviderLabel, Gauge>,
    swept: Counter,
    smpp_answers: Family<ProviderStatus, Counter>,
    smpp_deliveries: Family<ProviderResult, Counter>,
    smpp_binds: Family<ProviderResult, Gauge>,
    smpp_window: Family<ProviderResult, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let (mut common, mut by_tenant) =
            (Registry::with_prefix("waypost"), Registry::with_prefix("waypost"));
        let mut metrics = Self {
            messages: Family::default(),
            limits: Family::default(),
            decisions: Family::default(),
            // 1 µs to 65 ms.
            decision_seconds: Histogram::new(exponential_buckets(1e-6, 2.0, 17)),
            submits: Family::default(),
            settled: Family::default(),
            leases_lost: Family::default(),
            leases_short: Family::default(),
            notices: Family::default(),
            store_up: Gauge::default(),
            // 50 µs to 6.5 s.
            store_seconds: Histogram::new(exponential_buckets(5e-5, 2.0, 18)),
            clock_offset_seconds: Gauge::default(),
            config_version: Gauge::default(),
            receipts: Family::default(),
            webhooks: Family::default(),
            inbound: Family::default(),
            received: Family::default(),
            callbacks: Family::default(),
            backlog: Family::default(),
            circuit_open: Family::default(),
            swept: Counter::default(),
            smpp_answers: Family::default(),
            smpp_deliveries: Family::default(),
            smpp_binds: Family::default(),
            smpp_window: Family::default(),
            common: Registry::default(),
            by_tenant: Registry::default(),
        };
        metrics.register(&mut common);
        metrics.register_by_tenant(&mut by_tenant);
        (metrics.common, metrics.by_tenant) = (common, by_tenant);
        metrics
    }
}

impl Metrics {
    fn register_by_tenant(&self, registry: &mut Registry) {
        registry.register("messages_accepted", "Messages taken in, by first state", self.messages.clone());
        registry.register("limits_reached", "Requests refused by a limit", self.limits.clone());
        registry.register("decisions", "Calls of components, by fault", self.decisions.clone());
        registry.register("received", "What receiving components caused, by result", self.received.clone());
        registry.register("callbacks", "Reports to applications", self.callbacks.clone());
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("decision_seconds", "Time of a component's call", self.decision_seconds.clone());
        registry.register("submits", "Answers of providers, by class", self.submits.clone());
        registry.register("settled", "States that submits led to", self.settled.clone());
        registry.register("leases_lost", "Answers after the lease had run out", self.leases_lost.clone());
        registry.register(
            "leases_too_short",
            "Messages let go because their lease was nearly over",
            self.leases_short.clone(),
        );
        registry.register(
            "notices",
            "1 while an operator should know this, see /readyz",
            self.notices.clone(),
        );
        registry.register("store_up", "1 while the store answers", self.store_up.clone());
        registry.register("store_seconds", "Time of an exchange with Redis", self.store_seconds.clone());
        registry.register(
            "clock_offset_seconds",
            "The machine's clock less the time of Redis",
            self.clock_offset_seconds.clone(),
        );
        registry.register(
            "config_version",
            "Version of the shared configuration that runs; 0: the host's own",
            self.config_version.clone(),
        );
        registry.register("receipts", "Delivery receipts, by status", self.receipts.clone());
        registry.register("webhooks", "Webhooks, by what became of them", self.webhooks.clone());
        registry.register("inbound", "Inbound messages, by provider", self.inbound.clone());
        registry.register("backlog", "Messages that wait for a provider", self.backlog.clone());
        registry.register("circuit_open", "1 while a provider's circuit is open", self.circuit_open.clone());
        registry.register("swept", "Messages that time has moved on", self.swept.clone());
        registry.register("smpp_answers", "Answers to submit_sm, by status", self.smpp_answers.clone());
        registry.register(
            "smpp_deliveries",
            "deliver_sm and data_sm, by what became of them",
            self.smpp_deliveries.clone(),
        );
        registry.register("smpp_binds", "SMPP sessions that are bound", self.smpp_binds.clone());
        registry.register("smpp_window", "Places in the windows of SMPP sessions", self.smpp_window.clone());
    }

    /// The text that Prometheus reads; without what names a tenant, where the reader may be one, with
    /// what is seen of tenants' plugins otherwise.
    pub fn render(&self, with_tenants: Option<Scrape>) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        if let Some(plugins) = with_tenants {
            let _ = encode_registry(&mut text, &self.by_tenant);
            let mut registry = Registry::with_prefix("waypost");
            registry.register_collector(Box::new(plugins));
            let _ = encode_registry(&mut text, &registry);
        }
        let _ = encode(&mut text, &self.common);
        text
    }

    /// A message was taken in.
    pub fn accepted(&self, tenant: &Name, state: State) {
        let labels = TenantState { tenant: tenant.clone(), state: state.as_str() };
        self.messages.get_or_create(&labels).inc();
    }

    /// A limit refused a request.
    pub fn limited(&self, tenant: &Name, limit: LimitKind) {
        let labels = TenantLimit { tenant: tenant.clone(), limit: limit.as_str() };
        self.limits.get_or_create(&labels).inc();
    }

    /// Components were called.
    pub fn decisions(&self, tenant: &Name, records: &[DecisionRecord]) {
        for record in records {
            let labels = ComponentResult {
                tenant: tenant.clone(),
                role: record.role.as_str(),
                component: record.component.clone(),
                fault: record.fault.map_or("none", |fault| fault.as_str()),
            };
            self.decisions.get_or_create(&labels).inc();
            self.decision_seconds.observe(record.time_ns as f64 / 1e9);
        }
    }

    /// A submit was settled.
    pub fn settled(&self, provider: &Name, outcome: &Outcome, state: State) {
        let result = match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Failed(failure) => failure.class.as_str(),
            Outcome::InDoubt(_) => "in_doubt",
        };
        self.submits.get_or_create(&provider_result(provider, result)).inc();
        self.settled.get_or_create(&provider_result(provider, state.as_str())).inc();
    }

    /// An answer came after its lease had run out.
    pub fn lease_lost(&self, provider: &Name) {
        self.leases_lost.get_or_create(&ProviderLabel { provider: provider.clone() }).inc();
    }

    /// A message was let go before its submit: its lease would have run out meanwhile.
    pub fn lease_too_short(&self, provider: &Name) {
        self.leases_short.get_or_create(&ProviderLabel { provider: provider.clone() }).inc();
    }

    /// Which notices stand.
    pub fn notices(&self, notices: &Notices) {
        for notice in Notice::ALL {
            let label = NoticeLabel { notice: notice.as_str() };
            self.notices.get_or_create(&label).set(i64::from(notices.has(notice)));
        }
    }

    /// Whether the store answers.
    pub fn store_up(&self, up: bool) {
        self.store_up.set(i64::from(up));
    }

    /// Redis has answered, or not, within this time.
    pub fn store_asked(&self, time: Duration) {
        self.store_seconds.observe(time.as_secs_f64());
    }

    /// By how much the machine's own clock is ahead of the time of Redis, in milliseconds.
    pub fn clock_offset(&self, offset_ms: i64) {
        self.clock_offset_seconds.set(offset_ms as f64 / 1e3);
    }

    /// The version of the shared configuration that runs.
    pub fn config_version(&self, version: u64) {
        self.config_version.set(version);
    }

    /// A receipt came.
    pub fn receipt(&self, provider: &Name, status: ReceiptStatus, result: &ReceiptResult) {
        let label = match (result, status) {
            (ReceiptResult::Kept, _) => "kept",
            (ReceiptResult::NoNews(_), _) => "no_news",
            (ReceiptResult::Applied(..), ReceiptStatus::Delivered) => "delivered",
            (ReceiptResult::Applied(..), _) => "other",
        };
        self.receipts.get_or_create(&provider_result(provider, label)).inc();
    }

    /// A webhook came.
    pub fn webhook(&self, provider: &Name, answer: &WebhookAnswer) {
        let result = match answer {
            WebhookAnswer::Answer(_) => "taken",
            WebhookAnswer::UnknownProvider => "unknown_provider",
            WebhookAnswer::Refused(Refused::Forged(_)) => "forged",
            WebhookAnswer::Refused(Refused::Malformed(_)) => "malformed",
            WebhookAnswer::Refused(Refused::Unrouted) => "unrouted",
            WebhookAnswer::Refused(_) => "unavailable",
        };
        self.webhooks.get_or_create(&provider_result(provider, result)).inc();
    }

    /// Receiving components dealt with an inbound message.
    pub fn received(&self, received: &Received) {
        let count = |result, times: usize| {
            if times > 0 {
                let labels = TenantResult { tenant: received.tenant.clone(), result };
                self.received.get_or_create(&labels).inc_by(times as u64);
            }
        };
        let sent = |wanted: fn(&Reply) -> bool| received.sent.iter().filter(|reply| wanted(reply)).count();
        count("dropped", usize::from(received.inboxes.is_empty()));
        count("opted_out", usize::from(received.opted_out == Some(true)));
        count("opted_in", usize::from(received.opted_out == Some(false)));
        count("sent", sent(|reply| matches!(reply, Reply::Taken(_, state) if *state != State::Refused)));
        count("refused", sent(|reply| matches!(reply, Reply::Taken(_, State::Refused))));
        count("invalid", sent(|reply| matches!(reply, Reply::Invalid(_))));
    }

    /// An inbound message is in an inbox.
    pub fn inbound(&self, provider: &Name) {
        self.inbound.get_or_create(&provider_result(provider, "stored")).inc();
    }

    /// An application was called back.
    pub fn callback(&self, tenant: &Name, taken: bool) {
        let result = if taken { "taken" } else { "failed" };
        self.callbacks.get_or_create(&TenantResult { tenant: tenant.clone(), result }).inc();
    }

    /// How many messages wait for a provider, and whether its circuit is open.
    pub fn backlog(&self, provider: &Name, messages: u64, health: Health) {
        let label = ProviderLabel { provider: provider.clone() };
        self.backlog.get_or_create(&label).set(messages);
        self.circuit_open.get_or_create(&label).set(i64::from(health != Health::Healthy));
    }

    /// A `submit_sm` was answered, or will not be.
    pub fn smpp_answer(&self, provider: &Name, status: &'static str) {
        self.smpp_answers.get_or_create(&ProviderStatus { provider: provider.clone(), status }).inc();
    }

    /// A `deliver_sm` or `data_sm` came.
    pub fn smpp_delivery(&self, provider: &Name, result: &'static str) {
        self.smpp_deliveries.get_or_create(&provider_result(provider, result)).inc();
    }

    /// The SMPP sessions of a provider now.
    pub fn smpp_sessions(&self, provider: &Name, state: waypost_smpp::State, capacity: Capacity) {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        for (result, binds) in [("sending", state.sending), ("receiving", state.receiving)] {
            self.smpp_binds.get_or_create(&provider_result(provider, result)).set(whole(binds));
        }
        for (result, places) in [("all", capacity.window), ("free", capacity.free)] {
            self.smpp_window.get_or_create(&provider_result(provider, result)).set(whole(places));
        }
    }

    /// Time has moved messages on.
    pub fn swept(&self, messages: usize) {
        self.swept.inc_by(messages as u64);
    }
}

fn provider_result(provider: &Name, result: &'static str) -> ProviderResult {
    ProviderResult { provider: provider.clone(), result }
}
