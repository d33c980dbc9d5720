//! How a provider component's requests reach the provider: by HTTP, or inside the process for the
//! simulator. The component writes the request; the host decides whether it may go, fills in the
//! credentials, and says what is known when no answer comes.

#[cfg(test)]
mod allowed;
mod http;
mod simulator;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use waypost_core::flow::Sent;
use waypost_core::provider::{HttpRequest, ProviderTerms, is_allowed, template};

use crate::running::Running;
use crate::secrets::{Secret, SecretMap};

pub use http::{client as http_client, install_tls_provider};
pub use simulator::{SIMULATOR_HOST, SimulatorLink};

/// The ways to providers.
pub struct Transport {
    http: http::HttpTransport,
    simulator: OnceLock<SimulatorLink>,
}

impl Transport {
    /// Without a simulator inside the process.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { http: http::HttpTransport::new()?, simulator: OnceLock::new() })
    }

    /// Starts the simulator inside the process, where it does not run yet.
    pub fn start_simulator(&self, webhook_secret: &Secret, running: &Arc<Running>) -> anyhow::Result<()> {
        if self.simulator.get().is_none() {
            let link = SimulatorLink::start(webhook_secret)?;
            link.connect(running);
            // Another may have been as quick; one is enough.
            let _ = self.simulator.set(link);
        }
        Ok(())
    }

    /// Does one request for a provider, if its hosts allow it.
    pub async fn send(&self, terms: &ProviderTerms, secrets: &SecretMap, request: HttpRequest) -> Sent {
        let headers = match template::fill(&request.headers, |name| secrets.text(name)) {
            Ok(headers) => headers,
            Err(name) => {
                let reason = format!("the component asks for the secret {name}, which is not configured");
                return Sent::Forbidden { code: "secret_unknown", reason };
            }
        };
        if let Some(link) = self.simulator.get()
            && simulator::is_inside(&request.url)
        {
            return link.send(request, headers).await;
        }
        if !is_allowed(&request.url, &terms.hosts) {
            let reason = "the component calls a host that `hosts` of its provider does not list".to_owned();
            return Sent::Forbidden { code: "host_not_allowed", reason };
        }
        self.http.send(request, headers, Duration::from_millis(terms.timeout_ms)).await
    }
}
