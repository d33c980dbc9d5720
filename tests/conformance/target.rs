//! What cases run against.

use std::net::SocketAddr;

use async_trait::async_trait;

use crate::configuration::Configuration;

/// A shell with a store: knows how to bring up gateways of its kind.
#[async_trait]
pub trait Target: Sync {
    /// Its name in `case.toml`, in docs/conformance.md and in failures.
    fn name(&self) -> &'static str;

    /// Starts a gateway with the configuration and waits until it is ready.
    async fn start(&self, configuration: &Configuration) -> Box<dyn Deployment>;
}

/// A running gateway with all that belongs to it. Stopped when it is dropped.
pub trait Deployment: Send + Sync {
    /// Where requests go.
    fn address(&self) -> SocketAddr;

    /// What comes before the path of a tenant's call: an edge has an application for each tenant.
    fn base(&self, tenant: &str) -> String {
        let _ = tenant;
        String::new()
    }

    /// A new key of a tenant with these scopes. May block for as long as a process takes.
    fn key(&self, tenant: &str, scopes: &[&str]) -> String;
}
