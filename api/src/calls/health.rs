//! Whether the gateway is well.

use http::StatusCode;
use serde::Serialize;
use waypost_core::flow::Shell;
use waypost_core::store::Store as _;

use crate::answer::{Answer, json};
use crate::problem::Problem;

/// That it is well.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Ok))]
pub struct Well {
    /// `ok`.
    status: &'static str,
    /// What an operator should know nevertheless, each as `code: text`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
}

/// Whether it lives.
///
/// # Errors
/// `internal`.
pub fn healthz() -> Result<Answer, Problem> {
    json(StatusCode::OK, &Well { status: "ok", notices: Vec::new() })
}

/// Whether it takes messages: it is not shutting down, and its store can be written to. The shell
/// bounds the time that the store takes.
///
/// # Errors
/// `shutting_down`, or the store.
pub async fn readyz<S: Shell>(shell: &S) -> Result<Answer, Problem> {
    if shell.is_draining() {
        return Err(Problem::shutting_down());
    }
    shell.store().ping().await?;
    json(StatusCode::OK, &Well { status: "ok", notices: shell.notices() })
}
