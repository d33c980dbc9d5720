//! Providers as the caller's tenant sees them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use waypost_api::answer::json;
use waypost_core::decision::Health;
use waypost_core::flow::Provider as _;
use waypost_core::store::Scope;

use super::Api;
use super::auth::{Administration, Authorised};
use super::documented::documented;
use super::problem;
use super::reply::{Failed, reply};
use crate::clock;
use crate::gateway::Gateway;
use crate::pipeline::Tenant;
use crate::provider::{Provider, Speaks};

documented!(ListProblems: problem::KEY);

/// The providers that a tenant may use.
#[derive(Serialize, ToSchema)]
#[schema(as = Providers)]
struct ProviderList<'a> {
    /// In the order of the configuration.
    providers: Vec<ProviderObject<'a>>,
}

/// A provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderObject<'a> {
    /// Its name in the configuration.
    name: &'a str,
    /// The component that speaks to it; `smpp` where the gateway itself does, over SMPP.
    component: &'a str,
    /// For people.
    title: &'a str,
    /// From its circuit breaker.
    health: HealthName,
    /// Messages that wait for it, of all tenants: there where the provider is the tenant's alone, or the
    /// key has the scope `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    backlog: Option<u64>,
    /// Segments a second, where there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_per_second: Option<f64>,
    /// The hash of component and settings, or of the SMPP table.
    revision: &'a str,
}

/// Whether a provider can be used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Health)]
enum HealthName {
    /// It is used.
    Healthy,
    /// It is tried with a few messages after it failed.
    Recovering,
    /// It failed and is left alone for now.
    Down,
}

/// List the providers that the tenant may use, with their health.
#[utoipa::path(
    get,
    path = "/v1/providers",
    operation_id = "listProviders",
    tag = "providers",
    responses((status = 200, description = "In the order of the configuration", body = ProviderList), ListProblems),
    security(("key" = ["admin"])),
)]
pub async fn list(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Administration>,
) -> Result<Response, Failed> {
    let now_ms = clock::now_ms();
    let (gateway, tenant) = (&api.gateway, &authorised.caller.tenant);
    let is_operator = authorised.key.scopes.contains(&Scope::Operator);
    let providers = tenant.providers().iter().map(|provider| {
        let shows_backlog = is_operator || is_alone(gateway, tenant, provider);
        ProviderObject {
            backlog: shows_backlog.then(|| provider.backlog()),
            ..object(gateway, provider, now_ms)
        }
    });
    let providers = providers.collect();
    reply(json(StatusCode::OK, &ProviderList { providers }))
}

/// True where no other tenant may use the provider: what waits for it is the tenant's own.
fn is_alone(gateway: &Gateway, tenant: &Tenant, provider: &Provider) -> bool {
    let mut others = gateway.tenants.values().filter(|other| other.terms.name != tenant.terms.name);
    // Of those that are disabled or cannot run here messages may wait.
    let all = gateway.file.tenants.len() + gateway.plugins.registered_count();
    gateway.tenants.len() >= all
        && others.all(|other| other.providers().iter().all(|it| it.name() != provider.name()))
}

fn object<'a>(gateway: &'a Gateway, provider: &'a Provider, now_ms: u64) -> ProviderObject<'a> {
    let config = gateway.config.providers.get(&**provider.name());
    let (component, title, revision) = match &provider.speaks {
        Speaks::Component(component) => {
            let info = component.adapter.info();
            (&*info.name, component.description.title.as_str(), &**info.revision.short())
        }
        Speaks::Smpp(sessions) => ("smpp", sessions.title(), sessions.revision()),
    };
    ProviderObject {
        name: provider.name(),
        component,
        title,
        health: provider.health(now_ms).into(),
        backlog: None,
        rate_per_second: config.and_then(|config| config.rate).map(|rate| rate.per_second),
        revision,
    }
}

impl From<Health> for HealthName {
    fn from(health: Health) -> Self {
        match health {
            Health::Healthy => Self::Healthy,
            Health::Recovering => Self::Recovering,
            Health::Down => Self::Down,
        }
    }
}
