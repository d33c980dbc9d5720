//! How a provider component's requests reach the provider: by HTTP, or inside the process for the
//! simulator. The component writes the request; the host decides whether it may go, fills in the
//! credentials, and says what is known when no answer comes.

mod http;
mod simulator;

use waypost_core::flow::Sent;
use waypost_core::provider::{HttpRequest, is_allowed, template};

use crate::provider::Provider;

pub use http::{client as http_client, install_tls_provider};
pub use simulator::{SIMULATOR_HOST, SimulatorLink};

/// The ways to providers.
pub struct Transport {
    http: http::HttpTransport,
    simulator: Option<SimulatorLink>,
}

impl Transport {
    /// With the simulator inside the process where some provider may call it.
    pub fn new(simulator: Option<SimulatorLink>) -> anyhow::Result<Self> {
        Ok(Self { http: http::HttpTransport::new()?, simulator })
    }

    /// Connects the simulator inside the process, where there is one, to the gateway.
    pub fn connect(&self, gateway: &std::sync::Arc<crate::gateway::Gateway>) {
        if let Some(link) = &self.simulator {
            link.connect(gateway);
        }
    }

    /// Does one request for a provider, if its hosts allow it.
    pub async fn send(&self, provider: &Provider, request: HttpRequest) -> Sent {
        let headers = match template::fill(&request.headers, |name| provider.secrets.text(name)) {
            Ok(headers) => headers,
            Err(name) => {
                let reason = format!("the component asks for the secret {name}, which is not configured");
                return Sent::Forbidden { code: "secret_unknown", reason };
            }
        };
        if let Some(link) = &self.simulator
            && simulator::is_inside(&request.url)
        {
            return link.send(request, headers).await;
        }
        if !is_allowed(&request.url, &provider.terms.hosts) {
            let reason = "the component calls a host that `hosts` of its provider does not list".to_owned();
            return Sent::Forbidden { code: "host_not_allowed", reason };
        }
        self.http.send(request, headers, provider.timeout()).await
    }
}
