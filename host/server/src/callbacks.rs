//! Reports of final states to applications that asked for them.
//!
//! A report is a JSON `POST`, signed by the scheme of Standard Webhooks where the tenant has a
//! `callback_secret`: `webhook-signature: v1,base64(HMAC-SHA256(secret, id.timestamp.body))`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use futures_util::stream;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Client;
use serde_json::json;
use sha2::Sha256;
use tracing::{debug, warn};
use waypost_core::backoff::RetryRules;
use waypost_core::store::Callback;
use waypost_core::time::rfc3339;

use crate::clock;
use crate::gateway::Gateway;
use crate::running::Running;
use crate::secrets::Secret;

/// Reports under way at once.
const IN_FLIGHT_MAX: usize = 32;
const TIMEOUT: Duration = Duration::from_secs(10);
/// No other host takes a report up while one is at it.
const HOLD_MS: u64 = 60_000;
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Fourteen tries over about half a day.
const RETRY: RetryRules = RetryRules { attempts_max: 14, base_ms: 5_000, max_ms: 6 * 3600 * 1000 };

/// Runs until the gateway drains.
pub async fn run(running: Arc<Running>, client: Client) {
    loop {
        let gateway = running.now();
        if gateway.is_draining() {
            break;
        }
        let due = gateway.store.callbacks(clock::now_ms(), HOLD_MS, IN_FLIGHT_MAX as u32 * 4).await;
        let idle = match due {
            Ok(callbacks) => {
                let idle = callbacks.is_empty();
                stream::iter(callbacks)
                    .for_each_concurrent(IN_FLIGHT_MAX, |callback| report(&gateway, &client, callback))
                    .await;
                idle
            }
            Err(error) => {
                warn!(%error, "callbacks wait: the store does not answer");
                true
            }
        };
        if idle {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn report(gateway: &Gateway, client: &Client, callback: Callback) {
    let taken = call(gateway, client, &callback).await;
    gateway.metrics.callback(&callback.tenant, taken);
    let failures = callback.failures + 1;
    let retry_at_ms = (!taken && failures < RETRY.attempts_max)
        .then(|| clock::now_ms() + RETRY.wait_ms(failures, callback.id.nonce()));
    if !taken && retry_at_ms.is_none() {
        warn!(message = %callback.id, "a callback was given up after {failures} tries");
    }
    if let Err(error) =
        gateway.store.callback_done(callback.tenant.clone(), callback.sequence, retry_at_ms).await
    {
        debug!(%error, "a callback will be repeated: the store did not take its end");
    }
}

async fn call(gateway: &Gateway, client: &Client, callback: &Callback) -> bool {
    // The configuration may have changed since the message was accepted.
    let Some(tenant) = gateway.tenants.get(&callback.tenant) else { return false };
    if !tenant.terms.permits_callback(&callback.url) {
        return false;
    }
    let id = callback.id.to_string();
    let body = json!({
        "type": "message.state",
        "id": id,
        "status": callback.state.as_str(),
        "at": rfc3339(callback.at_ms),
    })
    .to_string();
    let webhook_id = format!("{id}.{}", callback.state.as_str());
    let timestamp = (clock::now_ms() / 1000).to_string();
    let mut request = client
        .post(&callback.url)
        .timeout(TIMEOUT)
        .header("content-type", "application/json")
        .header("webhook-id", &webhook_id)
        .header("webhook-timestamp", &timestamp);
    if let Some(secret) = &tenant.callback_secret {
        let signed = format!("{webhook_id}.{timestamp}.{body}");
        request = request.header("webhook-signature", signature(secret, signed.as_bytes()));
    }
    match request.body(body).send().await {
        Ok(response) => response.status().is_success(),
        Err(_) => false,
    }
}

fn signature(secret: &Secret, signed: &[u8]) -> String {
    // HMAC takes a key of any length (RFC 2104).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose()) else { return String::new() };
    mac.update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
