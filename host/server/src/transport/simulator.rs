//! The simulator inside the process: its requests and webhooks take the same way through the
//! provider component as any other, without a socket.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use waypost_core::flow::Sent;
use waypost_core::flow::webhook::{self, Refused, WebhookAnswer};
use waypost_core::provider::template::Filled;
use waypost_core::provider::{HttpRequest, HttpResponse, WebhookRequest};
use waypost_simulator::{
    Carrier, DeliveryError, Options, Scheduler, SchedulerOptions, Signer, Webhook, WebhookSink,
};

use crate::clock;
use crate::running::Running;
use crate::secrets::Secret;

/// The host name that stands for the simulator inside the process.
pub const SIMULATOR_HOST: &str = "simulator.internal";
const SUBMIT_URL: &str = "http://simulator.internal/v1/messages";

/// True where the URL means the simulator inside the process.
pub(super) fn is_inside(url: &str) -> bool {
    url == SUBMIT_URL
}

/// The carrier, and the way of its webhooks back into the gateway.
pub struct SimulatorLink {
    carrier: Carrier,
    sink: Arc<InsideSink>,
}

impl SimulatorLink {
    /// Starts the simulator. `webhook_secret` signs its webhooks, as a real provider's would be.
    pub fn start(webhook_secret: &Secret) -> anyhow::Result<Self> {
        let sink = Arc::new(InsideSink::default());
        let signer = Signer::new(webhook_secret.expose());
        let scheduler = Scheduler::start(signer, sink.clone(), SchedulerOptions::default());
        let carrier = Carrier::new(Options::default(), Arc::new(scheduler))?;
        Ok(Self { carrier, sink })
    }

    /// Where the webhooks go. Before this they are refused and tried again.
    pub fn connect(&self, running: &Arc<Running>) {
        // Connected once, at the start.
        let _ = self.sink.running.set(Arc::downgrade(running));
    }

    pub(super) async fn send(&self, request: HttpRequest, headers: Vec<Filled>) -> Sent {
        let authorization = headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("authorization"))
            .map(|header| header.value.as_str());
        let answer = self.carrier.submit(authorization, &request.body);
        if let Some(delay) = answer.delay {
            tokio::time::sleep(delay.min(Duration::from_secs(30))).await;
        }
        if answer.lost {
            return Sent::Lost("the simulator lost its answer, as the recipient's script says".to_owned());
        }
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = answer.headers.iter().map(text).collect();
        Sent::Answered(HttpResponse { status: answer.status, headers, body: answer.body })
    }
}

#[derive(Default)]
struct InsideSink {
    running: OnceLock<Weak<Running>>,
}

#[async_trait]
impl WebhookSink for InsideSink {
    async fn deliver(&self, webhook: Webhook) -> Result<(), DeliveryError> {
        let gateway = self
            .running
            .get()
            .and_then(Weak::upgrade)
            .map(|running| running.now())
            .ok_or_else(|| DeliveryError::Unanswered("the gateway has ended".to_owned()))?;
        let provider = provider_of(&webhook.url).ok_or(DeliveryError::Refused("not a hook"))?.to_owned();
        let request = WebhookRequest {
            method: "POST".to_owned(),
            url: webhook.url.to_string(),
            headers: webhook.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: webhook.body,
            now_ms: clock::now_ms(),
            fetched: None,
        };
        match webhook::take(&*gateway, &provider, request).await {
            WebhookAnswer::Answer(answer) if answer.status < 300 => Ok(()),
            WebhookAnswer::Answer(answer) => Err(DeliveryError::NotAccepted(answer.status)),
            WebhookAnswer::UnknownProvider => Err(DeliveryError::NotAccepted(404)),
            WebhookAnswer::Refused(Refused::Forged(_)) => Err(DeliveryError::NotAccepted(403)),
            WebhookAnswer::Refused(Refused::Malformed(_)) => Err(DeliveryError::NotAccepted(400)),
            WebhookAnswer::Refused(_) => Err(DeliveryError::NotAccepted(503)),
        }
    }
}

/// `…/hooks/{provider}?…`
fn provider_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("/hooks/")?;
    rest.split(['?', '/', '#']).next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::provider_of;

    #[test]
    fn the_provider_stands_after_hooks() {
        assert_eq!(provider_of("http://127.0.0.1:7700/hooks/sim?m=msg_1"), Some("sim"));
        assert_eq!(provider_of("http://127.0.0.1:7700/other"), None);
        assert_eq!(provider_of("http://127.0.0.1:7700/hooks/"), None);
    }
}
