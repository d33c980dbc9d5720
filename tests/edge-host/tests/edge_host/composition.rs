//! Dependencies.

use waypost_edge_guests::{CALLER, EMPTY, INERT_LOG, NOTING};
use waypost_edge_host::EdgeHost;
use waypost_edge_host::plug::{Plug, PlugError, imports, plug};

use crate::support::{Client, Folder};

const LOG: &str = "waypost:sms/log@0.1.0";

fn noting_with_log() -> Vec<u8> {
    let (policy, log) = (std::fs::read(NOTING).unwrap(), std::fs::read(INERT_LOG).unwrap());
    plug(&policy, &[Plug { name: "log", component: &log, imports: vec![LOG.to_owned()] }]).unwrap()
}

fn manifest(first: &str, second: &str) -> String {
    format!(
        "[[trigger.http]]
        route = '/first/...'
        component = 'first'
        [[trigger.http]]
        route = '/second/...'
        component = 'second'
        [[trigger.http]]
        route = {{ private = true }}
        component = 'empty'
        [component.first]
        source = '{CALLER}'
        [component.first.dependencies]
        {first}
        [component.second]
        source = '{CALLER}'
        [component.second.dependencies]
        {second}
        [component.empty]
        source = '{EMPTY}'"
    )
}

#[tokio::test]
async fn one_source_with_different_dependencies() {
    let blacklist = waypost_builtins::find("country-blacklist").unwrap().component;
    let manifest = manifest(
        "'waypost:sms/configuration@0.1.0' = { path = 'blacklist.wasm' }
        'waypost:sms/screening@0.1.0' = { path = 'blacklist.wasm' }",
        "'waypost:sms/configuration' = { path = 'noting.wasm' }
        'waypost:sms/screening' = { path = 'noting.wasm' }",
    );
    let folder =
        Folder::new(&manifest).with("blacklist.wasm", blacklist).with("noting.wasm", &noting_with_log());
    let host = folder.start(Default::default()).await.unwrap();
    let client = Client::new();
    for (path, code) in [
        ("/first/screen?GB", "allow"),
        ("/first/screen", "country_unknown"),
        ("/second/screen?FR", "allow"),
        ("/second/screen?GB", "noted"),
        ("/second/screen", "allow"),
    ] {
        assert_eq!(client.get(&format!("{}{path}", host.url())).await, (200, code.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn an_import_that_nobody_provides_is_named() {
    let noting = std::fs::read(NOTING).unwrap();
    let keys = "'waypost:sms/configuration' = { path = 'noting.wasm' }
        'waypost:sms/screening' = { path = 'noting.wasm' }";
    let error =
        Folder::new(&manifest(keys, keys)).with("noting.wasm", &noting).start(Default::default()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("component.first") && error.contains(LOG), "{error}");
}

/// Two keys are two instances, as in Spin: what `configure` leaves in one is unknown to the other.
#[tokio::test]
async fn each_key_is_an_instance_of_its_own() {
    let keys = "'waypost:sms/configuration@0.1.0' = { path = 'noting.wasm' }
        'waypost:sms/screening@0.1.0' = { path = 'noting.wasm' }";
    let folder = Folder::new(&manifest(keys, keys)).with("noting.wasm", &noting_with_log());
    let host = folder.start(Default::default()).await.unwrap();
    assert_eq!(configured(&host).await, "allow");
}

#[tokio::test]
async fn one_plug_for_two_imports_is_one_instance() {
    let imports =
        ["waypost:sms/configuration@0.1.0", "waypost:sms/screening@0.1.0"].map(str::to_owned).to_vec();
    let policy = noting_with_log();
    let caller = std::fs::read(CALLER).unwrap();
    let composed = plug(&caller, &[Plug { name: "policy", component: &policy, imports }]).unwrap();
    let manifest = "[[trigger.http]]\nroute = '/first/...'\ncomponent = 'first'\n[component.first]\nsource = 'first.wasm'";
    let host = Folder::new(manifest).with("first.wasm", &composed).start(Default::default()).await.unwrap();
    assert_eq!(configured(&host).await, "noted");
}

/// What the policy says of a country that it was told to refuse.
async fn configured(host: &EdgeHost) -> String {
    let client = Client::new();
    let url = format!("{}/first", host.url());
    assert_eq!(client.get(&format!("{url}/configure?FR")).await.1, "configured");
    client.get(&format!("{url}/screen?FR")).await.1
}

#[test]
fn plugging_closes_an_import() {
    let open = imports(&std::fs::read(NOTING).unwrap()).unwrap();
    assert!(open.contains(&LOG.to_owned()), "{open:?}");
    let open = imports(&noting_with_log()).unwrap();
    assert!(!open.contains(&LOG.to_owned()), "{open:?}");
}

#[test]
fn what_does_not_fit_is_said() {
    let (policy, log) = (std::fs::read(NOTING).unwrap(), std::fs::read(INERT_LOG).unwrap());
    let plugged = |component: &[u8], import: &str| {
        plug(&policy, &[Plug { name: "the-plug", component, imports: vec![import.to_owned()] }]).unwrap_err()
    };
    assert!(matches!(plugged(&log, "waypost:sms/screening@0.1.0"), PlugError::NoImport { .. }));
    assert!(matches!(plugged(&policy, LOG), PlugError::NoExport { .. }));
    for broken in [&b""[..], b"\0asm", &log[..log.len() / 2]] {
        assert!(matches!(plugged(broken, LOG), PlugError::NoComponent { .. }), "{} bytes", broken.len());
    }
}
