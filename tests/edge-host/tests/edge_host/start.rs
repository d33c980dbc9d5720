//! What is refused at start.

use waypost_edge_guests::{CALLER, EMPTY, INERT_LOG, NOTING};
use waypost_edge_host::{EdgeHostError, Options};

use crate::support::Folder;

async fn refusal(manifest: &str) -> EdgeHostError {
    Folder::new(manifest).with("broken.wasm", b"no component").start(Options::default()).await.unwrap_err()
}

fn caller(dependencies: &str) -> String {
    format!(
        "[[trigger.http]]\nroute = '/...'\ncomponent = 'caller'\n[component.caller]\nsource = '{CALLER}'\n{dependencies}"
    )
}

#[tokio::test]
async fn each_refusal_names_its_place() {
    let route = "[[trigger.http]]\nroute = '/...'\ncomponent = 'a'\n";
    for (manifest, place) in [
        (caller(""), "nothing provides the import `waypost:sms/"),
        (
            caller(
                "[component.caller.dependencies]\n'waypost:sms/screening@0.1.0' = { path = 'absent.wasm' }",
            ),
            "component.caller.dependencies.\"waypost:sms/screening@0.1.0\": cannot read",
        ),
        (
            caller(&format!(
                "[component.caller.dependencies]\n'waypost:sms/screening@0.1.0' = {{ path = '{INERT_LOG}' }}"
            )),
            "component.caller.dependencies: `waypost:sms/screening@0.1.0` does not export",
        ),
        (
            caller(&format!(
                "[component.caller.dependencies]\n'waypost:sms/screening@0.2.0' = {{ path = '{INERT_LOG}' }}"
            )),
            "component.caller.dependencies: `caller` imports nothing",
        ),
        // A key for the package means every interface of it that is imported, those with types only too.
        (
            caller(&format!(
                "[component.caller.dependencies]\n'waypost:sms@0.1.0' = {{ path = '{NOTING}' }}"
            )),
            "`waypost:sms@0.1.0` does not export `waypost:sms/types@0.1.0`",
        ),
        (
            caller(
                "[component.caller.dependencies]\n'waypost:sms/screening@0.1.0' = { path = 'broken.wasm' }",
            ),
            "is no component",
        ),
        (format!("{route}[component.a]\nsource = 'absent.wasm'"), "component.a.source: cannot read"),
        (format!("{route}[component.a]\nsource = 'broken.wasm'"), "component.a: "),
        (format!("{route}[component.a]\nsource = '{INERT_LOG}'"), "component.a: "),
        (format!("{route}[component.b]\nsource = '{EMPTY}'"), "there is no [component.a]"),
        (format!("{route}[component.a]\nsource = '{EMPTY}'\nfiles = ['x']"), "unknown field `files`"),
        (
            format!("{route}[component.a]\nsource = '{EMPTY}'\nvariables = {{ k = '{{{{ x }}}}' }}"),
            "component.a.variables.k: `x`",
        ),
        (
            format!("[variables]\nx = {{ required = true }}\n{route}[component.a]\nsource = '{EMPTY}'"),
            "variables.x: is required",
        ),
        (
            format!("{route}[component.a]\nsource = '{EMPTY}'\nallowed_outbound_hosts = ['example.com']"),
            "component.a.allowed_outbound_hosts: `example.com`",
        ),
    ] {
        let error = refusal(&manifest).await.to_string();
        assert!(error.contains(place), "{error}\ndoes not say\n{place}");
    }
}
