//! Files that are accepted, their values and warnings, and the reference table.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::reference::rows;
use super::*;
use crate::number::Country;

fn country(code: &str) -> Country {
    Country::parse(code).expect("a country").country
}

fn host(text: &str) -> AllowedHost {
    AllowedHost::parse(text).expect("a host")
}

#[test]
fn full_file_is_read_as_it_stands() {
    let parsed = parse(FULL).expect("a good file");
    let warning = "waypost.toml:6:18: server.default_region: \"UK\" is not an ISO code and is \
                   read as \"GB\"; write \"GB\" (config_country_alias)";
    assert_eq!(shown(&parsed.warnings), [warning]);
    let config = parsed.config;
    assert_eq!(
        config.server,
        Server {
            listen: "0.0.0.0:8080".parse().expect("an address"),
            public_url: Some("https://sms.example.com/gateway".to_owned()),
            data_dir: "/var/lib/waypost".to_owned(),
            default_region: Some(country("GB")),
            host_name: Some("sms-1".to_owned()),
            shutdown_grace_seconds: 30,
            metrics_open: false,
        }
    );
    assert_eq!(config.log, Log { format: LogFormat::Json, level: LogLevel::Debug });
    let redis = Redis {
        urls: vec!["redis://10.0.0.1:6379".to_owned(), "rediss://redis.example.com/0".to_owned()],
        username: Some(SecretRef::Env("REDIS_USER".to_owned())),
        password: Some(SecretRef::File("/run/secrets/redis".to_owned())),
        prefix: "sms-eu".to_owned(),
        cluster: true,
        connect_timeout_ms: 500,
        response_timeout_ms: 1_500,
        shared_config: false,
    };
    assert_eq!(
        config.store,
        Store { kind: StoreKind::Redis(redis), retention_days: 90, lease_margin_ms: 5_000 }
    );
    assert_eq!(config.engine, Engine { cache: false, instances_max: 400 });
    let component =
        ComponentFile { path: "policies/my.wasm".to_owned(), memory_mib_max: 16, size_mib_max: 2 };
    assert_eq!(config.components, BTreeMap::from([("my-policy".to_owned(), component)]));
    let numbers: Vec<(&str, &str, &str)> = config
        .numbers
        .iter()
        .map(|(number, to)| (number.as_str(), to.tenant.as_str(), to.inbox.as_str()))
        .collect();
    assert_eq!(
        numbers,
        [
            ("+15017122661", "shop", "support"),
            ("+447400900101", "shop", "returns"),
            ("62442", "default", "default"),
        ]
    );
}

#[test]
fn a_host_with_a_shared_configuration_says_only_its_own() {
    let own = "[server]\nhost_name = \"sms-1\"\n[store]\nkind = \"redis\"\nurl = \"redis://10.0.0.1\"\n\
               shared_config = true\n";
    let own = parse(own).expect("a good file").config;
    let redis = own.store.redis().expect("Redis");
    assert!(redis.shared_config && own.providers.is_empty() && own.tenants.is_empty());
    assert_eq!((redis.prefix.as_str(), redis.cluster, redis.response_timeout_ms), ("waypost", false, 2_000));
    let both = own.with_shared(parse(FULL).expect("a good file").config);
    assert_eq!((&both.store, both.tenants.len(), both.numbers.len()), (&own.store, 2, 3));
    assert_eq!(both.server.host_name.as_deref(), Some("sms-1"));
    assert_eq!(both.server.public_url.as_deref(), Some("https://sms.example.com/gateway"));
}

#[test]
fn what_only_redis_has_is_doubtful_beside_sqlite() {
    let text = format!("{LEAST}[store]\nprefix = \"a\"\n");
    let warning = "waypost.toml:5:1: store.prefix: only Redis has this key; write kind = \"redis\", or \
                   remove it (config_no_effect)";
    assert_eq!(shown(&parse(&text).expect("a good file").warnings), [warning]);
}

#[test]
fn full_provider_is_read_as_it_stands() {
    let config = parse(FULL).expect("a good file").config;
    let price = Price {
        currency: "EUR".to_owned(),
        default_micros: Some(50_000),
        country_micros: BTreeMap::from([(country("GB"), 30_000), (country("IE"), 1_000_000)]),
    };
    assert_eq!(price.micros_to(country("GB")), Some(30_000));
    assert_eq!(price.micros_to(country("US")), Some(50_000));
    let secrets = BTreeMap::from([
        ("auth_token".to_owned(), SecretRef::Env("TWILIO_AUTH_TOKEN".to_owned())),
        ("other".to_owned(), SecretRef::File("/run/secrets/x".to_owned())),
    ]);
    let expected = Provider {
        speaks: Speaks::Component {
            name: "twilio".to_owned(),
            settings: json!({"account_sid": "AC123", "nested": {"list": [1, 2.5, true, "x"]}}),
        },
        secrets,
        hosts: vec![host("api.twilio.com"), host("127.0.0.1:9000"), host("*.example.com")],
        enabled: true,
        weight: 50,
        rate: Some(Rate { per_second: 50.5, burst: 10 }),
        in_flight_max: 32,
        timeout_ms: 5_000,
        countries: Some(BTreeSet::from([country("GB"), country("IE")])),
        price: Some(price),
        retry: Retry { attempts_max: 7, base_ms: 500, max_ms: 60_000 },
        circuit: Circuit { failures: 3, open_ms: 10_000 },
        in_doubt: InDoubt { wait_seconds: 60, then: InDoubtThen::Retry },
        inbound: Some(InboundTarget { tenant: "shop".to_owned(), inbox: "twilio".to_owned() }),
    };
    assert_eq!(config.providers["twilio"], expected);
}

#[test]
fn full_tenant_is_read_as_it_stands() {
    let config = parse(FULL).expect("a good file").config;
    let binding = |component: &str, on_failure| Binding {
        component: component.to_owned(),
        settings: json!({}),
        on_failure,
        reuse_calls: None,
    };
    let expected = Tenant {
        providers: Some(vec!["twilio".to_owned(), "simulator".to_owned()]),
        rate: Some(Rate { per_second: 20.0, burst: 5 }),
        key_rate: Some(Rate { per_second: 0.5, burst: 2 }),
        destination_per_hour: Some(20),
        destination_per_day: Some(100),
        segments_max: 6,
        queue_max: 5_000,
        recorded_percent: 25,
        callback_hosts: vec![host("app.example.com")],
        callback_secret: Some(SecretRef::Env("SHOP_CALLBACK_SECRET".to_owned())),
        screening: vec![
            Binding {
                settings: json!({"deny": ["CI", "GF"]}),
                reuse_calls: Some(100),
                ..binding("country-blacklist", OnFailure::Skip)
            },
            binding("my-policy", OnFailure::Refuse),
        ],
        sender: Some(binding("sender-override", OnFailure::Skip)),
        routing: Some(binding("least-cost", OnFailure::Refuse)),
        receiving: vec![binding("my-policy", OnFailure::Skip)],
        edge_mode: Some(EdgeMode::Queue),
        numbers: BTreeMap::from([("+447400900101".to_owned(), "returns".to_owned())]),
    };
    assert_eq!(config.tenants["shop"], expected);
    let names = |tenant| config.providers_of(tenant).map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("shop"), ["twilio"]);
    assert_eq!(names("default"), ["twilio"]);
    assert!(names("nobody").is_empty());
}

#[test]
fn the_edge_is_read_and_asked() {
    let config = parse(FULL).expect("a good file").config;
    let redis = RedisAddress { tls: true, host: "cache.example.com".to_owned(), port: 6380, database: 2 };
    let expected =
        Edge { default_tenant: Some("shop".to_owned()), mode: EdgeMode::AtOnce, redis: Some(redis) };
    assert_eq!(config.edge, expected);
    assert_eq!(config.edge_default_tenant(), Some("shop"));
    assert_eq!(config.edge_mode("shop"), EdgeMode::Queue);
    assert_eq!(config.edge_mode("default"), EdgeMode::AtOnce);
    let two = parse(&format!("{LEAST}[tenants.other]\n")).expect("a good file").config;
    assert_eq!(two.edge_default_tenant(), None);
}

#[test]
fn least_file_has_the_documented_defaults() {
    let parsed = parse(LEAST).expect("a good file");
    assert_eq!(parsed.warnings, []);
    let config = parsed.config;
    let listen = "127.0.0.1:7700".parse().expect("an address");
    assert_eq!(
        config.server,
        Server {
            listen,
            public_url: None,
            data_dir: "data".to_owned(),
            default_region: None,
            host_name: None,
            shutdown_grace_seconds: 10,
            metrics_open: false,
        }
    );
    assert_eq!(config.server.public_url(listen), "http://127.0.0.1:7700");
    assert_eq!(config.log, Log { format: LogFormat::Text, level: LogLevel::Info });
    assert_eq!(config.store, Store { kind: StoreKind::Sqlite, retention_days: 30, lease_margin_ms: 30_000 });
    assert_eq!(config.engine, Engine { cache: true, instances_max: 200 });
    assert_eq!(config.edge, Edge { default_tenant: None, mode: EdgeMode::Queue, redis: None });
    assert_eq!(config.edge_default_tenant(), Some("default"));
    let provider = Provider {
        speaks: Speaks::Component { name: "simulator".to_owned(), settings: json!({}) },
        secrets: BTreeMap::new(),
        hosts: Vec::new(),
        enabled: true,
        weight: 100,
        rate: None,
        in_flight_max: 64,
        timeout_ms: 10_000,
        countries: None,
        price: None,
        retry: Retry { attempts_max: 5, base_ms: 1_000, max_ms: 600_000 },
        circuit: Circuit { failures: 5, open_ms: 30_000 },
        in_doubt: InDoubt { wait_seconds: 900, then: InDoubtThen::GiveUp },
        inbound: None,
    };
    assert_eq!(config.providers, BTreeMap::from([("simulator".to_owned(), provider)]));
    let tenant = Tenant {
        providers: None,
        rate: None,
        key_rate: None,
        destination_per_hour: None,
        destination_per_day: None,
        segments_max: 10,
        queue_max: 1_000_000,
        recorded_percent: 100,
        callback_hosts: Vec::new(),
        callback_secret: None,
        screening: Vec::new(),
        sender: None,
        routing: None,
        receiving: Vec::new(),
        edge_mode: None,
        numbers: BTreeMap::new(),
    };
    assert_eq!(config.tenants, BTreeMap::from([("default".to_owned(), tenant)]));
    assert!(config.components.is_empty() && config.numbers.is_empty());
}

#[test]
fn doubtful_files_are_accepted_with_a_warning() {
    let cases = [
        (
            format!("{LEAST}[server]\nlisten = \"0.0.0.0:80\""),
            "waypost.toml:5:10: server.listen: providers cannot call back to http://0.0.0.0:80; \
             set server.public_url to the address that they reach (config_no_public_url)",
        ),
        (
            format!("{LEAST}destination_per_hour = 50\ndestination_per_day = 50"),
            "waypost.toml:4:24: tenants.default.destination_per_hour: 50 in an hour changes \
             nothing beside 50 in a day; lower it below 50 or remove it (config_no_effect)",
        ),
        (
            LEAST.replace("[tenants", "enabled = false\n[tenants"),
            "waypost.toml:4:10: tenants.default: all its providers are disabled, so its messages \
             wait; enable one of them (config_no_effect)",
        ),
        (
            LEAST.replace("[tenants", "settings = { auth-token = \"x\" }\n[tenants"),
            "waypost.toml:3:27: providers.simulator.settings.auth-token: looks like a secret, but \
             settings are stored and shown; move it to secrets if it is one \
             (config_suspected_secret)",
        ),
        (
            LEAST.replace("[tenants", "secrets.key = { env = \"hunter2\" }\n[tenants"),
            "waypost.toml:3:23: providers.simulator.secrets.key.env: small letters are unusual in \
             the name of an environment variable; make sure that this is the name of the \
             variable, not its value (config_suspected_secret)",
        ),
        (
            LEAST.replace("[tenants", "price = { currency = \"EUR\", UK = 1 }\n[tenants"),
            "waypost.toml:3:29: providers.simulator.price.UK: \"UK\" is not an ISO code and is \
             read as \"GB\"; write \"GB\" (config_country_alias)",
        ),
    ];
    for (text, warning) in cases {
        let parsed = parse(&text).expect(&text);
        assert_eq!(shown(&parsed.warnings), [warning], "{text}");
    }
}

#[test]
fn a_byte_order_mark_and_crlf_are_accepted() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert_eq!(parse(&text), parse(LEAST));
}

/// The reader names all keys that it knows where it meets one that it does not: that must be what
/// the table says, section by section.
#[test]
fn reference_table_has_exactly_the_keys_that_the_reader_knows() {
    let sections = [
        ("", "", "zzzzzzzz = 1\n"),
        ("server", "[server]", ""),
        ("log", "[log]", ""),
        ("store", "[store]", ""),
        ("store.username", "username = {", ""),
        ("store.password", "password = {", ""),
        ("engine", "[engine]", ""),
        ("edge", "[edge]", ""),
        ("components.<name>", "[components.my-policy]", ""),
        ("providers.<name>", "[providers.twilio]", ""),
        ("providers.<name>.smpp", "[providers.carrier.smpp]", ""),
        ("providers.<name>.smpp.password", "[providers.carrier.smpp.password]", ""),
        ("providers.<name>.smpp.submit", "[providers.carrier.smpp.submit]", ""),
        ("providers.<name>.smpp.submit.e164", "e164 = {", ""),
        ("providers.<name>.smpp.submit.national", "national = {", ""),
        ("providers.<name>.smpp.submit.alphanumeric", "alphanumeric = {", ""),
        ("providers.<name>.smpp.submit.short_code", "short_code = {", ""),
        ("providers.<name>.smpp.submit.tlvs[]", "[[providers.carrier.smpp.submit.tlvs]]", ""),
        ("providers.<name>.smpp.receipts", "[providers.carrier.smpp.receipts]", ""),
        ("providers.<name>.smpp.inbound", "[providers.carrier.smpp.inbound]", ""),
        ("providers.<name>.smpp.status.<status>", "[providers.carrier.smpp.status.0x00000058]", ""),
        ("providers.<name>.retry", "retry = {", ""),
        ("providers.<name>.circuit", "circuit = {", ""),
        ("providers.<name>.in_doubt", "in_doubt = {", ""),
        ("providers.<name>.inbound", "inbound = {", ""),
        ("providers.<name>.price", "price = {", ""),
        ("providers.<name>.secrets.<name>", "auth_token = {", ""),
        ("tenants.<name>", "[tenants.shop]", ""),
        ("tenants.<name>.callback_secret", "callback_secret = {", ""),
        ("tenants.<name>.screening[]", "[[tenants.shop.screening]]", ""),
        ("tenants.<name>.sender", "[tenants.shop.sender]", ""),
        ("tenants.<name>.routing", "[tenants.shop.routing]", ""),
        ("tenants.<name>.receiving[]", "[[tenants.shop.receiving]]", ""),
        ("numbers.<number>", "[numbers.62442]", ""),
    ];
    let mut known = BTreeSet::new();
    for (section, header, before) in sections {
        let text = if header.is_empty() {
            format!("{before}{FULL}")
        } else if header.ends_with('{') {
            FULL.replacen(header, &format!("{header} zzzzzzzz = 1,"), 1)
        } else {
            FULL.replacen(header, &format!("{header}\nzzzzzzzz = 1"), 1)
        };
        let errors = parse(&text).expect_err(section);
        let [problem] = errors.problems.as_slice() else { panic!("{section}: {errors}") };
        let help = problem.help.as_deref().unwrap_or("");
        let names = help.split('"').skip(1).step_by(2).filter(|name| *name != "GB");
        let dot = if section.is_empty() { "" } else { "." };
        known.extend(names.map(|name| format!("{section}{dot}{name}")));
    }
    known.insert("providers.<name>.price.<country>".to_owned());
    let listed: BTreeSet<String> = rows().map(|(path, _)| path).collect();
    assert_eq!(listed, known);

    let table = reference_table();
    assert_eq!(table.lines().count(), listed.len() + 2);
    let row = "| `providers.<name>.timeout_ms` | integer | 10000 | 100 to 120000 | time for one \
               request to the provider |";
    assert!(table.lines().any(|line| line == row), "{table}");
    assert!(rows().all(|(_, row)| !row.meaning.is_empty() && !row.default.is_empty()));
}

/// Where the table's text repeats a limit in words, the two must agree.
#[test]
fn reference_table_agrees_with_the_limits_that_it_repeats() {
    let rows: BTreeMap<String, _> = rows().collect();
    let path = format!("1 to {} bytes", limits::PATH_BYTES_MAX);
    let name = format!("`[a-z][a-z0-9-]{{0,{}}}`", limits::NAME_BYTES_MAX - 1);
    let inbox = format!("`[a-z0-9][a-z0-9-]{{0,{}}}`", limits::NAME_BYTES_MAX - 1);
    let (kib, levels) = (limits::SETTINGS_BYTES_MAX >> 10, limits::SETTINGS_LEVELS_MAX);
    let env = format!("`[A-Za-z_][A-Za-z0-9_]{{0,{}}}`", limits::ENV_NAME_BYTES_MAX - 1);
    let secret = format!("`[a-z][a-z0-9_]{{0,{}}}`", limits::SECRET_NAME_BYTES_MAX - 1);
    let (e164, short) = (limits::E164_DIGITS, limits::SHORT_CODE_DIGITS);
    let ranges = [
        ("server.data_dir", path.clone()),
        ("server.public_url", format!("up to {} bytes", limits::URL_BYTES_MAX)),
        ("components", format!("up to {}, keys {name}", limits::COMPONENTS_MAX)),
        ("components.<name>.path", path.clone()),
        ("providers", format!("1 to {}, keys {name}", limits::PROVIDERS_MAX)),
        ("tenants", format!("1 to {}, keys {name}", limits::TENANTS_MAX)),
        ("numbers", format!("up to {}, keys E.164", limits::NUMBERS_MAX)),
        ("numbers", format!("{} to {} digits)", e164.start(), e164.end())),
        ("numbers", format!("({} to {} digits)", short.start(), short.end())),
        ("numbers.<number>.inbox", inbox),
        ("tenants.<name>.numbers", format!("up to {}, keys as", limits::TENANT_NUMBERS_MAX)),
        ("providers.<name>.settings", format!("up to {kib} KiB as JSON, {levels} levels")),
        ("providers.<name>.secrets", format!("up to {}, keys {secret}", limits::SECRETS_MAX)),
        ("providers.<name>.secrets.<name>.env", env),
        ("providers.<name>.secrets.<name>.file", path),
        ("providers.<name>.price.default", format!("0 to {}", limits::PRICE_MICROS_MAX / 1_000_000)),
    ];
    for (key, range) in ranges {
        assert!(rows[key].range.contains(&range), "{key}: {} lacks {range}", rows[key].range);
    }
    let server = parse(LEAST).expect("a good file").config.server;
    assert_eq!(rows["server.listen"].default, format!("`{}`", server.listen));
    assert_eq!(rows["server.data_dir"].default, format!("`{}`", server.data_dir));
}
