//! From configurations to Spin applications, with the parts and plugins of this build.
//!
//! `UPDATE_GOLDEN=1 cargo test --release --workspace --test edge_package` writes the golden files.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "test code")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use waypost::edge::manifest::{self, Layout};
use waypost::edge::package::{self, Options};
use waypost::edge::{Application, EdgeCode, Naming, Plan, Record, Source, changes, plan, spinkube};
use waypost_builtins::edge::PARTS;
use waypost_core::config::Config;
use waypost_engine::{Engine, EngineOptions};

/// With a cache, because the same plugins are loaded again and again.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let cache_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("edge-package-cache"));
    Engine::new(&EngineOptions { cache_dir, ..EngineOptions::default() }).unwrap()
});

/// Two tenants, a chain of policies, two providers with secrets. The values that the file names are
/// set nowhere: packaging that read one would fail.
const TWO: &str = r#"
[server]
public_url = "https://sms.example.com"
[store]
kind = "redis"
url = "redis://10.0.0.5:6379"
password = { env = "NOWHERE_SET_REDIS" }
[edge]
default_tenant = "shop"
[providers.twilio]
component = "twilio"
settings = { account_sid = "AC00000000000000000000000000000000" }
secrets = { auth_token = { env = "NOWHERE_SET_TOKEN" } }
hosts = ["api.twilio.com"]
[providers.carrier-2]
component = "simulator"
settings = { endpoint = "http://127.0.0.1:7800" }
secrets = { webhook = { file = "/nowhere/key" } }
hosts = ["127.0.0.1:7800"]
[tenants.shop]
[[tenants.shop.screening]]
component = "country-blacklist"
settings = { deny = ["KP"] }
[[tenants.shop.screening]]
component = "country-blacklist"
settings = { deny = ["IR"] }
[tenants.shop.routing]
component = "least-cost"
[tenants.clinic]
edge_mode = "at-once"
providers = ["twilio"]
"#;

fn planned(text: &str) -> Plan {
    let built_in: Vec<&str> = waypost_builtins::BUILT_IN.iter().map(|it| it.name).collect();
    let config = match Config::parse(text, "waypost.toml", &built_in) {
        Ok(parsed) => parsed.config,
        Err(errors) => panic!("{errors}"),
    };
    plan(&Source { config: &config, base: Path::new("."), engine: &ENGINE, parts: PARTS })
}

fn application(text: &str) -> Application {
    let plan = planned(text);
    plan.application.unwrap_or_else(|| panic!("{:#?}", plan.findings))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn golden(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(expected == text, "{} is old; it should be:\n{text}", path.display());
}

/// Plain names and no hashes: what stands in the golden files is not the bytes of this build.
fn rendered(application: &Application, prefix: &str) -> String {
    let text = manifest::render(application, &Layout { prefix: prefix.to_owned(), naming: Naming::Plain });
    without_revisions(&text)
}

/// A revision is a hash of compiled code, which each compiler makes otherwise.
fn without_revisions(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\"revision\":\"") {
        out.push_str(before);
        out.push_str("\"revision\":\"…");
        rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    out + rest
}

#[test]
fn the_manifest_of_two_tenants_is_the_golden_one() {
    let path = root().join("host/server/tests/golden/edge-two-tenants.toml");
    golden(&path, &rendered(&application(TWO), ""));
}

#[test]
fn the_manifest_at_the_root_is_that_of_the_example() {
    let text = fs::read_to_string(root().join("edge.toml")).unwrap();
    let generated = rendered(&application(&text), "target/edge/");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let whole = Layout { prefix: "target/edge/".to_owned(), naming: Naming::Plain };
        fs::write(root().join("spin.toml"), manifest::render(&application(&text), &whole)).unwrap();
        return;
    }
    let committed = fs::read_to_string(root().join("spin.toml")).unwrap();
    assert!(without_revisions(&committed) == generated, "spin.toml is old: run `cargo xtask edge`");
}

#[test]
fn the_resource_for_spinkube_takes_secrets_from_a_secret() {
    let path = root().join("host/server/tests/golden/edge-spinapp.yaml");
    golden(&path, &spinkube::render(&application(TWO)));
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let files = |name: &str| -> Vec<(String, Vec<u8>)> {
        let out = folder.path().join(name);
        let options = Options { out, manifest: None, spinkube: true };
        let package = package::prepare(&application(TWO), &options).unwrap();
        package.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
    };
    assert!(files("a") == files("b"));
}

#[test]
fn composed_components_import_only_what_they_may() {
    let application = application(TWO);
    for component in &application.components {
        for (import, dependency) in &component.dependencies {
            let file = application.files.get(dependency.file);
            for left in waypost_engine::imports(&file.bytes).unwrap() {
                let fits = left == "waypost:sms/types@0.1.0"
                    || (left.starts_with("wasi:")
                        && !left.starts_with("wasi:http")
                        && !left.starts_with("wasi:sockets"))
                    || (dependency.variables && left == "fermyon:spin/variables@2.0.0");
                assert!(fits, "{} {import}: {left}", component.id);
            }
        }
        let wanted: BTreeSet<String> =
            waypost_engine::imports(&application.files.get(component.source).bytes)
                .unwrap()
                .into_iter()
                .filter(|import| import.starts_with("waypost:") && !import.contains("/types@"))
                .collect();
        let given: BTreeSet<String> = component.dependencies.keys().cloned().collect();
        assert_eq!(wanted, given, "{}: nothing is missing and nothing is idle", component.id);
    }
}

#[test]
fn the_gateway_is_small() {
    assert!(PARTS.gateway.len() <= 1_500_000, "{} bytes", PARTS.gateway.len());
}

#[test]
fn no_secret_is_read_and_none_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "hunter2-hunter2").unwrap();
    let text = TWO.replace("/nowhere/key", key.to_str().unwrap());
    let options = Options { out: folder.path().join("app"), manifest: None, spinkube: true };
    package::prepare(&application(&text), &options).unwrap().write().unwrap();
    for entry in
        fs::read_dir(&options.out).unwrap().chain(fs::read_dir(options.out.join("components")).unwrap())
    {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
        }
    }
}

#[test]
fn bad_configurations_have_their_codes() {
    use EdgeCode as Code;
    let wasm = "[components.mine]\npath = \"/nowhere/mine.wasm\"\n";
    let cases: &[(&str, &str, Code)] = &[
        (
            "kind = \"redis\"\nurl = \"redis://10.0.0.5:6379\"\npassword = { env = \"NOWHERE_SET_REDIS\" }",
            "",
            Code::StoreNotRedis,
        ),
        ("[edge]", "cluster = true\n[edge]", Code::RedisCluster),
        ("public_url = \"https://sms.example.com\"", "", Code::PublicUrlMissing),
        ("[tenants.clinic]", "[tenants.sh-op]\n[tenants.sh--op]\n[tenants.clinic]", Code::NameCollision),
        ("auth_token = {", "auth_token_ = { env = \"X\" }, auth_token = {", Code::SecretName),
        ("secrets = { auth_token = { env = \"NOWHERE_SET_TOKEN\" } }", "", Code::SecretMissing),
        ("settings = { endpoint = \"http://127.0.0.1:7800\" }", "", Code::SimulatorInside),
        (
            "[tenants.clinic]",
            "[providers.carrier.smpp]\naddress = \"smsc\"\nsystem_id = \"shop\"\n[tenants.clinic]",
            Code::SmppProvider,
        ),
        (
            "[tenants.clinic]",
            &format!("{wasm}[tenants.clinic]\nsender = {{ component = \"mine\" }}"),
            Code::ComponentUnreadable,
        ),
        ("deny = [\"KP\"]", "denny = [\"KP\"]", Code::ComponentRefused),
        ("hosts = [\"api.twilio.com\"]", "hosts = [\"*.twilio.com\"]", Code::HostWide),
        ("hosts = [\"api.twilio.com\"]", "hosts = []", Code::HostMissing),
        (
            "hosts = [\"api.twilio.com\"]",
            "hosts = [\"api.twilio.com\"]\nrate_per_second = 5",
            Code::RatedProvider,
        ),
        (
            "[tenants.clinic]",
            &format!("{wasm}[tenants.clinic]\nsender = {{ component = \"mine\", on_failure = \"skip\" }}"),
            Code::OnFailure,
        ),
        (
            "[tenants.clinic]",
            &format!("{wasm}[tenants.clinic]\nsender = {{ component = \"mine\" }}"),
            Code::LimitsUnenforced,
        ),
        (
            "[tenants.clinic]",
            &format!("{wasm}[tenants.clinic]\nreceiving = [{{ component = \"mine\" }}]"),
            Code::ReceivingAbsent,
        ),
    ];
    for (from, to, code) in cases {
        assert!(TWO.contains(from), "{from}");
        let plan = planned(&TWO.replacen(from, to, 1));
        let codes: Vec<Code> = plan.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(code), "{code}: {codes:?}");
        assert_eq!(plan.application.is_none(), plan.findings.iter().any(|it| it.is_error()), "{code}");
    }
    assert!(planned(TWO).findings.is_empty(), "{:?}", planned(TWO).findings);
}

#[test]
fn codes_are_distinct_and_snake_case() {
    let codes: BTreeSet<&str> = EdgeCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), EdgeCode::ALL.len());
    assert!(codes.iter().all(|code| code.starts_with("edge_")));
}

#[test]
fn a_package_says_what_it_changes() {
    let before = Record::of(&application(TWO), Naming::Hashed);
    let said = |text: &str| -> Vec<String> {
        let after = Record::of(&application(text), Naming::Hashed);
        changes(Some(&before), &after).iter().map(ToString::to_string).collect()
    };
    assert_eq!(said(TWO), Vec::<String>::new());
    assert_eq!(
        said(&TWO.replace("[\"KP\"]", "[\"KP\", \"SY\"]")),
        ["~ tenant-shop: screening: settings of country-blacklist", "~ tenant-shop: its configuration",]
    );
    assert_eq!(
        said(&TWO.replace("hosts = [\"api.twilio.com\"]", "hosts = [\"api.twilio.com\", \"eu.twilio.com\"]"))
            [0],
        "~ provider-twilio: allowed hosts +https://eu.twilio.com"
    );
    let gone = said(&TWO.replace("[providers.carrier-2]", "[providers.carrier-2]\nenabled = false"));
    assert!(
        gone.contains(&"- component provider-carrier2, calls http://127.0.0.1:7800".to_owned()),
        "{gone:?}"
    );
    assert!(gone.contains(&"- variable provider_carrier2_webhook: required, secret".to_owned()), "{gone:?}");
    let all = changes(None, &before);
    assert!(all.iter().all(|change| change.to_string().starts_with("+ ")));
}
