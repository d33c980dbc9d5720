//! Requests of components, to each other and to other hosts.

use std::net::TcpListener;

use waypost_edge_guests::{CALLER, EMPTY, INERT_LOG, NOTING};
use waypost_edge_host::EdgeHost;
use waypost_edge_host::plug::{Plug, plug};

use crate::support::{Client, Folder};

async fn host(allowed: &str) -> EdgeHost {
    let manifest = format!(
        "[[trigger.http]]
        route = '/...'
        component = 'caller'
        [[trigger.http]]
        route = {{ private = true }}
        component = 'empty'
        [component.caller]
        source = '{CALLER}'
        allowed_outbound_hosts = [{allowed}]
        [component.caller.dependencies]
        'waypost:sms/configuration@0.1.0' = {{ path = 'policy.wasm' }}
        'waypost:sms/screening@0.1.0' = {{ path = 'policy.wasm' }}
        [component.empty]
        source = '{EMPTY}'"
    );
    let (policy, log) = (std::fs::read(NOTING).unwrap(), std::fs::read(INERT_LOG).unwrap());
    let imports = vec!["waypost:sms/log@0.1.0".to_owned()];
    let policy = plug(&policy, &[Plug { name: "log", component: &log, imports }]).unwrap();
    Folder::new(&manifest).with("policy.wasm", &policy).start(Default::default()).await.unwrap()
}

#[tokio::test]
async fn a_component_calls_a_private_one() {
    let host = host("'http://*.spin.internal'").await;
    let client = Client::new();
    let url = host.url();
    assert_eq!(client.get(&format!("{url}/chain?/")).await.1, "200 hello");
    assert_eq!(client.get(&format!("{url}/chain?/header?spin-path-info")).await.1, "200 /header");
    assert_eq!(client.get(&format!("{url}/chain?/header?spin-client-addr")).await.1, "200 0.0.0.0:0");
    // What fails there is an answer here.
    assert_eq!(client.get(&format!("{url}/chain?/panic")).await.1, "500 ");
    let (_, text) = client.get(&format!("{url}/fetch?http://absent.spin.internal/")).await;
    assert!(text.contains("DestinationNotFound"), "{text}");
}

#[tokio::test]
async fn only_allowed_hosts_are_called() {
    let other = host("").await;
    let allowed = format!("'http://{}'", other.address());
    let host = host(&allowed).await;
    let client = Client::new();
    let fetch = async |url: &str| client.get(&format!("{}/fetch?{url}", host.url())).await.1;
    assert_eq!(fetch(&format!("{}/screen?FR", other.url())).await, "200 allow");
    for forbidden in
        ["http://empty.spin.internal/", "http://127.0.0.1:1/", "http://localhost/", "https://127.0.0.1/"]
    {
        let text = fetch(forbidden).await;
        assert!(text.contains("HttpRequestDenied"), "{forbidden}: {text}");
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_an_error() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = host(&format!("'http://{free}', 'https://example.com'")).await;
    let client = Client::new();
    let (_, text) = client.get(&format!("{}/fetch?http://{free}/", host.url())).await;
    assert!(text.contains("ConnectionRefused"), "{text}");
    let (_, text) = client.get(&format!("{}/fetch?https://example.com/", host.url())).await;
    assert!(text.contains("http only"), "{text}");
}
