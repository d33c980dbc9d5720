//! Webhooks over HTTP/1.1.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Url};

use crate::scheduler::{DeliveryError, WebhookSink};
use crate::webhook::Webhook;

/// How long a receiver may take to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Sends webhooks with POST. Follows no redirects, uses no proxy, and speaks plain HTTP only.
pub struct HttpSink {
    client: Client,
    remote_allowed: bool,
}

impl HttpSink {
    /// A sink. Unless `remote_allowed`, webhooks go to this machine only, so that nobody can use
    /// the simulator to send requests into a network.
    ///
    /// # Errors
    /// What the HTTP client said.
    pub fn new(remote_allowed: bool) -> Result<Self, reqwest::Error> {
        // Webhooks go over plain HTTP. But where another crate of the process has reqwest compiled
        // with TLS, a client is not made without this. The error is that it was done before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WAIT)
            .build()?;
        Ok(Self { client, remote_allowed })
    }
}

#[async_trait]
impl WebhookSink for HttpSink {
    async fn deliver(&self, webhook: Webhook) -> Result<(), DeliveryError> {
        let url = Url::parse(&webhook.url).map_err(|_| DeliveryError::Refused("the URL is not valid"))?;
        if !self.remote_allowed && !is_loopback(&url) {
            return Err(DeliveryError::Refused(
                "the URL is not of this machine; start the simulator with --allow-remote to send there",
            ));
        }
        let mut request = self.client.post(url).body(webhook.body);
        for (name, value) in webhook.headers {
            request = request.header(name, value);
        }
        // Without the URL: it may carry a secret.
        let answered = request
            .send()
            .await
            .map_err(|error| DeliveryError::Unanswered(error.without_url().to_string()))?;
        let status = answered.status();
        if !status.is_success() {
            return Err(DeliveryError::NotAccepted(status.as_u16()));
        }
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known() {
        for (url, expected) in [
            ("http://127.0.0.1:1/hooks", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:80/", true),
            ("http://localhost/", true),
            ("http://localhost.example.com/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://127.0.0.1@example.com/", false),
            ("http://10.0.0.1/", false),
            ("http://169.254.169.254/", false),
            ("http://[2001:db8::1]/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
