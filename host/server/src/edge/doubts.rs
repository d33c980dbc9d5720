//! What a configuration alone says about working at the edge, before any plugin is loaded.

use waypost_core::config::{Binding, Config, OnFailure, Provider};
use waypost_core::provider::Description;

use super::finding::{EdgeCode, Finding};
use crate::transport::SIMULATOR_HOST;

/// Everything that the file says.
pub(super) fn of(config: &Config) -> Vec<Finding> {
    let mut findings = of_store(config);
    if config.tenants.is_empty() {
        let what = "the tenants and providers of this host are in Redis";
        let help = "package the file that `waypost config push` was given";
        findings.push(Finding::new(EdgeCode::ConfigShared, "store.shared_config", what, help));
    }
    if config.server.public_url.is_none() {
        let what = "the application does not know where providers reach it";
        let help = "set it to the address of the application, without a path of a tenant";
        findings.push(Finding::new(EdgeCode::PublicUrlMissing, "server.public_url", what, help));
    }
    for (name, provider) in config.providers.iter().filter(|(_, provider)| provider.enabled) {
        findings.extend(of_provider(&format!("providers.{name}"), provider));
    }
    for (name, tenant) in &config.tenants {
        let screening = tenant.screening.iter().enumerate();
        let bindings = screening
            .map(|(index, binding)| (format!("tenants.{name}.screening[{index}]"), binding))
            .chain(tenant.sender.iter().map(|binding| (format!("tenants.{name}.sender"), binding)))
            .chain(tenant.routing.iter().map(|binding| (format!("tenants.{name}.routing"), binding)));
        for (place, binding) in bindings {
            findings.extend(of_binding(config, &place, binding));
        }
        if !tenant.receiving.is_empty() {
            let place = format!("tenants.{name}.receiving");
            let what =
                "an inbound message that comes in at the edge goes to its inbox, and nobody acts on STOP";
            let help = "let providers report inbound messages to a host";
            findings.push(Finding::new(EdgeCode::ReceivingAbsent, place, what, help));
        }
    }
    findings
}

/// What the adapter of a provider says of itself, beside what the file gives it.
pub(super) fn of_adapter(place: &str, provider: &Provider, description: &Description) -> Vec<Finding> {
    let mut findings = Vec::new();
    for secret in description.secrets.iter().filter(|secret| !provider.secrets.contains_key(*secret)) {
        let what = format!("the component needs the secret {secret}");
        let help = format!("add {secret} = {{ env = \"…\" }} to its `secrets`");
        findings.push(Finding::new(EdgeCode::SecretMissing, place, what, help));
    }
    let listed = |host: &str| {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().unwrap_or(0)),
            _ => (host, 443),
        };
        provider.hosts.iter().any(|entry| entry.allows(name, port))
    };
    for host in description.hosts.iter().filter(|host| !listed(host) && *host != SIMULATOR_HOST) {
        let what = format!("the component calls {host}, which `hosts` does not list");
        let help = "add it, or its messages do not leave";
        findings.push(Finding::new(EdgeCode::HostMissing, place, what, help));
    }
    findings
}

fn of_store(config: &Config) -> Vec<Finding> {
    let Some(redis) = config.store.redis() else {
        let what = "the store is SQLite, so a host with this file never sees what the edge takes";
        let help = "set kind = \"redis\" and its url";
        return vec![Finding::new(EdgeCode::StoreNotRedis, "store.kind", what, help)];
    };
    let mut findings = Vec::new();
    if redis.cluster {
        let what = "the client that Spin brings does not speak to a cluster";
        let help = "use a Redis with replicas for an edge";
        findings.push(Finding::new(EdgeCode::RedisCluster, "store.cluster", what, help));
    }
    findings
}

fn of_provider(place: &str, provider: &Provider) -> Vec<Finding> {
    let Some((component, settings)) = provider.component() else {
        let what = "it is spoken to over SMPP, and a request at the edge keeps no connection";
        let help = "leave it to native hosts, in a file of their own";
        return vec![Finding::new(EdgeCode::SmppProvider, place, what, help)];
    };
    let mut findings = Vec::new();
    let endpoint = settings.get("endpoint").and_then(serde_json::Value::as_str);
    if component == "simulator" && endpoint.is_none_or(|endpoint| endpoint.contains(SIMULATOR_HOST)) {
        let what = "the simulator inside the process does not exist at the edge";
        let help = "start `waypost simulate carrier`, and set `endpoint` and `hosts` to its address";
        findings.push(Finding::new(EdgeCode::SimulatorInside, place, what, help));
    }
    for host in provider.hosts.iter().filter(|host| host.subdomains) {
        let what = format!("{host} lets its component call any host below {}", host.host);
        findings.push(Finding::new(EdgeCode::HostWide, place, what, "list the hosts that it calls"));
    }
    if provider.rate.is_some() {
        let what = "it has a rate, which native hosts keep exactly and a request at the edge cannot";
        let help = "its messages go to the queue also where the mode is at-once";
        findings.push(Finding::new(EdgeCode::RatedProvider, place, what, help));
    }
    findings
}

fn of_binding(config: &Config, place: &str, binding: &Binding) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = config.components.contains_key(&binding.component);
    if own {
        let what = format!("Spin does not bound the time and memory of a call of {}", binding.component);
        let help = "package a tenant that is not trusted as an application of its own, and start it with \
                    --max-instance-concurrent-reuse-count 1 so that a trap ends one request alone";
        findings.push(Finding::new(EdgeCode::LimitsUnenforced, place, what, help));
        let what = format!("{} sees the real clock and real randomness", binding.component);
        let help = "on a native host the clock is the message's own time";
        findings.push(Finding::new(EdgeCode::ClockReal, place, what, help));
    }
    if own && binding.on_failure != OnFailure::Refuse {
        let what = "a trap ends the request with an error, whatever on_failure says";
        let help = "the client tries again; an answer that breaks a rule is handled as stated";
        findings.push(Finding::new(EdgeCode::OnFailure, place, what, help));
    }
    findings
}
