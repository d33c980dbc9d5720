//! The resource by which SpinKube runs the application: `SpinApp`, `core.spinkube.dev/v1alpha1`
//! (<https://www.spinkube.dev/docs/reference/spin-app/>).

use std::fmt::Write as _;

use super::application::Application;
use super::manifest::NAME;

/// What the image is called until the operator names one.
const IMAGE: &str = "registry.example.com/waypost-edge:latest";
/// The Kubernetes secret that the values of secret variables are in.
pub const SECRET: &str = "waypost-edge";

/// The text of `spinapp.yaml`.
#[must_use]
pub fn render(application: &Application) -> String {
    let mut out = format!(
        "# Made by `waypost edge package --spinkube`. Set the image that `spin registry push` was given,\n\
         # and make the secret first: kubectl create secret generic {SECRET} --from-literal=…\n\
         apiVersion: core.spinkube.dev/v1alpha1\n\
         kind: SpinApp\n\
         metadata:\n  name: {NAME}\n\
         spec:\n  image: {IMAGE}\n  executor: containerd-shim-spin\n  replicas: 2\n  \
         checks:\n    \
         liveness:\n      httpGet:\n        path: /healthz\n    \
         readiness:\n      httpGet:\n        path: /readyz\n  \
         variables:\n"
    );
    for (name, variable) in &application.variables {
        // Writing to a string does not fail.
        let _ = writeln!(out, "    - name: {name}");
        let _ = match &variable.default {
            Some(default) if !variable.secret => writeln!(out, "      value: {}", quoted(default)),
            default => {
                let optional = if default.is_some() { "          optional: true\n" } else { "" };
                write!(
                    out,
                    "      valueFrom:\n        secretKeyRef:\n          name: {SECRET}\n          \
                     key: {name}\n{optional}"
                )
            }
        };
    }
    out
}

/// A double-quoted scalar: JSON strings are YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
