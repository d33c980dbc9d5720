//! A Spin application made by hand: what `waypost edge package` makes, without its checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use wac_graph::types::Package as Component;
use wac_graph::{CompositionGraph, EncodeOptions};
use waypost_builtins::edge::PARTS;
use waypost_core::config::{Binding, Config};
use waypost_core::decision::{Name, Role};
use waypost_core::edge::{
    EdgeConfig, EdgeProviderConfig, GATEWAY_VARIABLE, PROVIDER_VARIABLE, SendMode, secret_variable,
};
use waypost_edge_host::plug::{Plug, imports, plug};
use waypost_engine::{Engine, EngineOptions, Limits, LoadRequest, NoSecrets, Reuse};

/// The value of every secret.
pub const SECRET: &str = "a key of the tests";

const SCREENING: &str = "waypost:sms/screening@0.1.0";

/// Writes an application into a folder, and gives the path of its manifest. Tenants are at
/// `/t/<name>`; webhooks at the root go to the first of them.
pub fn write(folder: &Path, config: &Config, public_url: &str, mode: SendMode) -> PathBuf {
    let package = Package { folder, engine: Engine::new(&EngineOptions::default()).unwrap() };
    let mut manifest = String::from(
        "spin_manifest_version = 2\n[application]\nname = 'waypost'\n[variables]\nredis_url = { required = true }\n",
    );
    let mut components = String::new();
    for (index, name) in config.tenants.keys().enumerate() {
        let mut edge = EdgeConfig::of(config, name, public_url).unwrap();
        edge.base_path = format!("/t/{name}");
        edge.mode = mode;
        let hooks = if index == 0 {
            format!("[[trigger.http]]\nroute = '/...'\ncomponent = 'tenant-{name}'\n")
        } else {
            String::new()
        };
        let dependencies = package.policies(name, config);
        components += &format!(
            "[[trigger.http]]\nroute = '/t/{name}/...'\ncomponent = 'tenant-{name}'\n{hooks}\
             [component.tenant-{name}]\nsource = {:?}\n\
             allowed_outbound_hosts = ['redis://127.0.0.1:*', 'http://*.spin.internal']\n\
             environment = {{ {GATEWAY_VARIABLE} = '''{}''' }}\nvariables = {{ redis_url = '{{{{ redis_url }}}}' }}\n\
             [component.tenant-{name}.dependencies]\n{dependencies}",
            gateway(&package),
            serde_json::to_string(&edge).unwrap(),
        );
    }
    for name in config.providers.keys() {
        let edge = EdgeProviderConfig::of(config, name).unwrap();
        let (component, settings) = config.providers[name].component().unwrap();
        let secrets: String =
            edge.secrets.iter().map(|secret| format!("{} = {SECRET:?}\n", secret_variable(secret))).collect();
        components += &format!(
            "[[trigger.http]]\nroute = {{ private = true }}\ncomponent = 'provider-{name}'\n\
             [component.provider-{name}]\nsource = {:?}\nallowed_outbound_hosts = ['http://127.0.0.1:*']\n\
             environment = {{ {PROVIDER_VARIABLE} = '''{}''' }}\n[component.provider-{name}.variables]\n{secrets}\
             [component.provider-{name}.dependencies]\n\
             'waypost:sms/provider@0.1.0' = {{ path = {:?}, inherit_configuration = ['variables'] }}\n",
            package.file("provider", PARTS.provider),
            serde_json::to_string(&edge).unwrap(),
            package.plugin(component, Role::Provider, settings),
        );
    }
    manifest += &components;
    let path = folder.join("spin.toml");
    fs::write(&path, manifest).unwrap();
    path
}

/// The gateway of this build, or another to compare with it.
fn gateway(package: &Package<'_>) -> PathBuf {
    match std::env::var("EDGE_GATEWAY") {
        Ok(path) => PathBuf::from(path),
        Err(_) => package.file("gateway", PARTS.gateway),
    }
}

struct Package<'a> {
    folder: &'a Path,
    engine: Engine,
}

impl Package<'_> {
    /// What satisfies the gateway's imports.
    fn policies(&self, name: &str, config: &Config) -> String {
        let tenant = &config.tenants[name];
        let one = |role: Role, binding: Option<&Binding>| match binding {
            Some(binding) => self.plugin(&binding.component, role, &binding.settings),
            None => self.file("none", PARTS.none),
        };
        let screening = match tenant.screening.as_slice() {
            [first, second] => self.pair(first, second),
            bindings => one(Role::Screening, bindings.first()),
        };
        format!(
            "'{SCREENING}' = {{ path = {screening:?} }}\n\
             'waypost:sms/sender-identity@0.1.0' = {{ path = {:?} }}\n\
             'waypost:sms/routing@0.1.0' = {{ path = {:?} }}\n",
            one(Role::SenderIdentity, tenant.sender.as_ref()),
            one(Role::Routing, tenant.routing.as_ref()),
        )
    }

    fn pair(&self, first: &Binding, second: &Binding) -> PathBuf {
        let read = |binding: &Binding| {
            fs::read(self.plugin(&binding.component, Role::Screening, &binding.settings)).unwrap()
        };
        self.file("screening-pair", &chain(&read(first), &read(second)))
    }

    /// A built-in component with its settings taken, its log and its signing.
    fn plugin(&self, name: &str, role: Role, settings: &Value) -> PathBuf {
        let component = waypost_builtins::find(name).unwrap().component;
        let request = LoadRequest {
            name: Name::from(name),
            role,
            component,
            settings,
            limits: Limits::default(),
            reuse: Reuse::Fresh,
            secrets: Arc::new(NoSecrets),
        };
        let configured = self.engine.snapshot(&request).unwrap().unwrap();
        let wanted = imports(&configured).unwrap();
        let given = [("waypost:sms/log@0.1.0", PARTS.log), ("waypost:sms/signing@0.1.0", PARTS.signing)];
        let plugs: Vec<Plug<'_>> = given
            .into_iter()
            .filter(|(import, _)| wanted.iter().any(|wanted| wanted == import))
            .map(|(import, component)| Plug { name: import, component, imports: vec![import.to_owned()] })
            .collect();
        let hash = settings
            .to_string()
            .bytes()
            .fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        self.file(&format!("{name}-{role}-{hash:x}"), &plug(&configured, &plugs).unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name).with_extension("wasm");
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// Two screening components as one. Each satisfies an import of another name than its export has.
fn chain(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut add = |name: &str, component: &[u8]| {
        let package = Component::from_bytes(name, None, component, graph.types_mut()).unwrap();
        let package = graph.register_package(package).unwrap();
        graph.instantiate(package)
    };
    let pair = add("test:pair", PARTS.screening_pair);
    let plugs = [
        ("waypost:edge/first@0.1.0", add("test:first", first)),
        ("waypost:edge/second@0.1.0", add("test:second", second)),
    ];
    for (import, plug) in plugs {
        let export = graph.alias_instance_export(plug, SCREENING).unwrap();
        graph.set_instantiation_argument(pair, import, export).unwrap();
    }
    let whole = graph.alias_instance_export(pair, SCREENING).unwrap();
    graph.export(whole, SCREENING).unwrap();
    graph.encode(EncodeOptions::default()).unwrap()
}
