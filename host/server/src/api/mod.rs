//! The HTTP API, version 1, as the server of the host answers it: routing, the key cache, reading of
//! bodies, long polling, and the OpenAPI document. What the calls do is in [`waypost_api`].

mod auth;
mod blocks;
mod body;
mod dead_letters;
mod documented;
mod explain;
mod hooks;
mod inbox;
mod keys;
mod messages;
mod ops;
mod path;
#[path = "plugins/mod.rs"]
mod plugin_calls;
mod providers;
mod reply;
mod tenants;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, Uri};
use tokio::sync::Semaphore;
use utoipa::PartialSchema as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use waypost_core::decision::Name;

use crate::gateway::Gateway;
use auth::KeyCache;
use plugin_calls::calls as plugins;
use problem::ProblemDocument;
use reply::Failed;
use waypost_api::route;

pub use waypost_api::problem;

/// What all requests to one gateway share.
struct Api {
    gateway: Arc<Gateway>,
    lasting: Arc<Lasting>,
}

/// What stays when another gateway takes over.
struct Lasting {
    keys: KeyCache,
    /// A place for each request that waits for inbound messages.
    polls: Semaphore,
    /// The OpenAPI document, written once.
    document: Bytes,
}

/// The HTTP API, whichever gateway answers it.
pub struct Front {
    calls: Router<Arc<Api>>,
    lasting: Arc<Lasting>,
}

impl Default for Front {
    fn default() -> Self {
        let (calls, document) = calls().split_for_parts();
        // The document is made of strings and numbers; a test writes it.
        let document = document.to_json().unwrap_or_default().into();
        let calls = calls.fallback(path_unknown).method_not_allowed_fallback(method_not_allowed);
        let polls = Semaphore::new(inbox::POLLS_MAX);
        Self { calls, lasting: Arc::new(Lasting { keys: KeyCache::default(), polls, document }) }
    }
}

impl Front {
    /// The keys that were used since this was asked last, each with the time in Unix milliseconds.
    pub fn take_key_uses(&self) -> Vec<(Name, u64)> {
        self.lasting.keys.take_uses()
    }

    /// Everything that this gateway answers over HTTP.
    pub fn of(&self, gateway: Arc<Gateway>) -> Router {
        self.calls.clone().with_state(Arc::new(Api { gateway, lasting: self.lasting.clone() }))
    }
}

/// The OpenAPI document, generated from the calls themselves.
pub fn openapi() -> OpenApi {
    calls().into_openapi()
}

/// Every call is added here, and so to the router and to the document.
fn calls() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(frame())
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(explain::explain))
        .routes(routes!(messages::read, messages::cancel))
        .routes(routes!(messages::trace))
        .routes(routes!(inbox::read))
        .routes(routes!(inbox::acknowledge))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::redrive_all))
        .routes(routes!(dead_letters::redrive))
        .routes(routes!(dead_letters::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::rotate))
        .routes(routes!(providers::list))
        .routes(routes!(plugins::list))
        .routes(routes!(plugins::upload, plugins::read, plugins::delete))
        .routes(routes!(plugins::upload_settings))
        .routes(routes!(plugins::bind))
        .routes(routes!(plugins::activate))
        .routes(routes!(plugins::deactivate))
        .routes(routes!(plugins::shadow))
        .routes(routes!(plugins::roll_back))
        .routes(routes!(plugins::test))
        .routes(routes!(plugins::backtest))
        .routes(routes!(plugins::diff))
        .routes(routes!(plugins::activity))
        .routes(routes!(plugins::logs))
        .routes(routes!(plugins::read_revision, plugins::delete_revision))
        .routes(routes!(plugins::component))
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::read, tenants::put, tenants::delete))
        .routes(routes!(keys::create_for))
        .routes(routes!(hooks::get, hooks::post))
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
        .routes(routes!(ops::document))
}

/// The document without its calls.
fn frame() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Waypost")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A programmable SMS gateway. Errors are problem documents (RFC 9457) with a stable `code`.",
        ))
        .license(Some(license))
        .build();
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "`Authorization: Bearer wp_…`. Each call names the scope that the key has to have.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("key", SecurityScheme::Http(key))
        .schema("Problem", ProblemDocument::schema())
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

async fn path_unknown(uri: Uri) -> Failed {
    route::path_unknown(uri.path()).into()
}

async fn method_not_allowed(method: Method) -> Failed {
    route::method_unfit(&method).into()
}
