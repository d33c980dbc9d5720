//! Calls to the private components of providers, inside the application.

use std::time::Duration;

use edge_shell::{Outgoing, Unanswered};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use waypost_core::edge::CALL_BYTES_MAX;
use waypost_core::flow::Provider as _;

use crate::tenant::EdgeProvider;

/// How much longer than the provider itself its component may take.
const MARGIN: Duration = Duration::from_secs(5);

/// Longest that a call may take: the component makes one request to the provider.
pub(crate) fn limit(provider: &EdgeProvider) -> Duration {
    Duration::from_millis(provider.terms().timeout_ms) + MARGIN
}

/// Calls the component of a provider.
pub(crate) async fn call<T: DeserializeOwned>(
    provider: &EdgeProvider,
    path: &str,
    body: &impl Serialize,
    limit: Duration,
) -> Result<T, Unanswered> {
    let body = serde_json::to_vec(body).map_err(|_| Unanswered::Invalid)?;
    let outgoing = Outgoing {
        method: Method::POST,
        url: format!("{}{path}", provider.url),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        body,
        limit,
        answer_bytes_max: CALL_BYTES_MAX,
    };
    let response = edge_shell::send(outgoing).await?;
    let lost = |reason: String| Unanswered::Lost(reason);
    if response.status != 200 {
        return Err(lost(format!("the provider's component answered {}", response.status)));
    }
    // The error of serde may repeat a value.
    serde_json::from_slice(&response.body)
        .map_err(|_| lost("the provider's component is of another version".to_owned()))
}
