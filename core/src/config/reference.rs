//! The manual's table of all keys, made from the descriptions that the reader itself uses.

use super::key::{Describe, Row};
use super::limits as l;
use super::smpp::{keys as s, submit_keys as submit};
use super::store_keys;

/// Keys that stand together in one table of the file.
struct Section {
    path: &'static str,
    keys: &'static [&'static dyn Describe],
}

/// A Markdown table of every key: dotted path, type, default, range and meaning.
///
/// `<name>` stands for a name that the operator gives, `[]` for each entry of a list of tables.
pub fn reference_table() -> String {
    let mut out = String::from("| key | type | default | range | meaning |\n|---|---|---|---|---|\n");
    for (path, row) in rows() {
        let cells = [format!("`{path}`"), row.kind, row.default, row.range, row.meaning.to_owned()];
        for cell in cells {
            out.push_str("| ");
            out.push_str(&cell.replace('|', "\\|"));
            out.push(' ');
        }
        out.push_str("|\n");
    }
    out
}

/// Every key with its full dotted path.
pub(super) fn rows() -> impl Iterator<Item = (String, Row)> {
    SECTIONS.iter().flat_map(|section| {
        section.keys.iter().map(|key| {
            let row = key.row();
            let dot = if section.path.is_empty() { "" } else { "." };
            (format!("{}{dot}{}", section.path, row.name), row)
        })
    })
}

const SECTIONS: &[Section] = &[
    Section {
        path: "",
        keys: &[
            &l::SERVER,
            &l::LOG,
            &l::STORE,
            &l::ENGINE,
            &l::EDGE,
            &l::COMPONENTS,
            &l::PROVIDERS,
            &l::TENANTS,
            &l::NUMBERS,
        ],
    },
    Section {
        path: "server",
        keys: &[
            &l::LISTEN,
            &l::PUBLIC_URL,
            &l::DATA_DIR,
            &l::DEFAULT_REGION,
            &l::HOST_NAME,
            &l::SHUTDOWN_GRACE_SECONDS,
            &l::METRICS_OPEN,
        ],
    },
    Section { path: "log", keys: &[&l::LOG_FORMAT, &l::LOG_LEVEL] },
    Section {
        path: "store",
        keys: &[
            &l::STORE_KIND,
            &l::RETENTION_DAYS,
            &l::LEASE_MARGIN_MS,
            &store_keys::REDIS_URL,
            &store_keys::REDIS_USERNAME,
            &store_keys::REDIS_PASSWORD,
            &store_keys::REDIS_PREFIX,
            &store_keys::REDIS_CLUSTER,
            &store_keys::REDIS_CONNECT_TIMEOUT_MS,
            &store_keys::REDIS_RESPONSE_TIMEOUT_MS,
            &store_keys::REDIS_SHARED_CONFIG,
        ],
    },
    Section { path: "store.username", keys: &[&l::SECRET_ENV, &l::SECRET_FILE] },
    Section { path: "store.password", keys: &[&l::SECRET_ENV, &l::SECRET_FILE] },
    Section { path: "engine", keys: &[&l::CACHE, &l::INSTANCES_MAX] },
    Section { path: "edge", keys: &[&l::EDGE_DEFAULT_TENANT, &l::EDGE_MODE, &l::EDGE_REDIS_URL] },
    Section { path: "components.<name>", keys: &[&l::COMPONENT_PATH, &l::MEMORY_MIB_MAX, &l::SIZE_MIB_MAX] },
    Section {
        path: "providers.<name>",
        keys: &[
            &l::PROVIDER_COMPONENT,
            &l::SETTINGS,
            &s::SMPP,
            &l::SECRETS,
            &l::HOSTS,
            &l::ENABLED,
            &l::WEIGHT,
            &l::RATE_PER_SECOND,
            &l::RATE_BURST,
            &l::IN_FLIGHT_MAX,
            &l::TIMEOUT_MS,
            &l::COUNTRIES,
            &l::PRICE,
            &l::RETRY,
            &l::CIRCUIT,
            &l::IN_DOUBT,
            &l::INBOUND,
        ],
    },
    Section { path: "providers.<name>.secrets.<name>", keys: &[&l::SECRET_ENV, &l::SECRET_FILE] },
    Section { path: "providers.<name>.price", keys: &[&l::CURRENCY, &l::PRICE_DEFAULT, &l::PRICE_COUNTRY] },
    Section { path: "providers.<name>.retry", keys: &[&l::ATTEMPTS_MAX, &l::BASE_MS, &l::MAX_MS] },
    Section { path: "providers.<name>.circuit", keys: &[&l::FAILURES, &l::OPEN_MS] },
    Section { path: "providers.<name>.in_doubt", keys: &[&l::WAIT_SECONDS, &l::THEN] },
    Section { path: "providers.<name>.inbound", keys: &[&l::TARGET_TENANT, &l::TARGET_INBOX] },
    Section {
        path: "providers.<name>.smpp",
        keys: &[
            &s::ADDRESS,
            &s::BINDS,
            &s::MODE,
            &s::SYSTEM_ID,
            &s::PASSWORD,
            &s::SYSTEM_TYPE,
            &s::VERSION,
            &s::ADDRESS_TON,
            &s::ADDRESS_NPI,
            &s::ADDRESS_RANGE,
            &s::TLS,
            &s::TLS_CA_FILE,
            &s::TLS_SERVER_NAME,
            &s::WINDOW,
            &s::BIND_RATE_PER_SECOND,
            &s::ENQUIRE_LINK_MS,
            &s::RESPONSE_TIMEOUT_MS,
            &s::BIND_TIMEOUT_MS,
            &s::INACTIVITY_MS,
            &s::RECONNECT_MIN_MS,
            &s::RECONNECT_MAX_MS,
            &s::THROTTLE_PAUSE_MS,
            &s::CONGESTION,
            &s::TRACE_FILE,
            &s::TRACE_BODIES,
            &s::SUBMIT,
            &s::RECEIPTS,
            &s::SMPP_INBOUND,
            &s::STATUS,
        ],
    },
    Section { path: "providers.<name>.smpp.password", keys: &[&l::SECRET_ENV, &l::SECRET_FILE] },
    Section {
        path: "providers.<name>.smpp.submit",
        keys: &[
            &submit::E164,
            &submit::NATIONAL,
            &submit::ALPHANUMERIC,
            &submit::SHORT_CODE,
            &submit::SERVICE_TYPE,
            &submit::PROTOCOL_ID,
            &submit::PRIORITY,
            &submit::VALIDITY,
            &submit::REGISTERED_DELIVERY,
            &submit::INTERMEDIATE,
            &submit::REPLACE_IF_PRESENT,
            &submit::MESSAGE_MODE,
            &submit::ALPHABET,
            &submit::PACKED,
            &submit::TEXT_DATA_CODING,
            &submit::UCS2_DATA_CODING,
            &submit::BINARY_DATA_CODING,
            &submit::LONG_MESSAGES,
            &submit::REFERENCE,
            &submit::LANGUAGES,
            &submit::SHIFT_TABLES,
            &submit::TLVS,
        ],
    },
    Section {
        path: "providers.<name>.smpp.submit.e164",
        keys: &[&submit::PLUS, &submit::E164_TON, &submit::E164_NPI],
    },
    Section {
        path: "providers.<name>.smpp.submit.national",
        keys: &[&submit::COUNTRY, &submit::PREFIX, &submit::NATIONAL_TON, &submit::NATIONAL_NPI],
    },
    Section {
        path: "providers.<name>.smpp.submit.alphanumeric",
        keys: &[&submit::ALPHANUMERIC_TON, &submit::ALPHANUMERIC_NPI],
    },
    Section {
        path: "providers.<name>.smpp.submit.short_code",
        keys: &[&submit::SHORT_CODE_TON, &submit::SHORT_CODE_NPI],
    },
    Section {
        path: "providers.<name>.smpp.submit.tlvs[]",
        keys: &[&submit::TLV_TAG, &submit::TLV_HEX, &submit::TLV_TEXT],
    },
    Section {
        path: "providers.<name>.smpp.receipts",
        keys: &[&s::ID_IN_RESPONSE, &s::ID_IN_RECEIPT, &s::UNMARKED, &s::UTC_OFFSET],
    },
    Section { path: "providers.<name>.smpp.inbound", keys: &[&s::INBOUND_ALPHABET, &s::INBOUND_PACKED] },
    Section { path: "providers.<name>.smpp.status.<status>", keys: &[&s::CLASS_ROW, &s::RETRY_AFTER_MS] },
    Section {
        path: "tenants.<name>",
        keys: &[
            &l::TENANT_PROVIDERS,
            &l::TENANT_RATE_PER_SECOND,
            &l::TENANT_RATE_BURST,
            &l::KEY_RATE_PER_SECOND,
            &l::KEY_RATE_BURST,
            &l::DESTINATION_PER_HOUR,
            &l::DESTINATION_PER_DAY,
            &l::SEGMENTS_MAX,
            &l::QUEUE_MAX,
            &l::RECORDED_PERCENT,
            &l::CALLBACK_HOSTS,
            &l::CALLBACK_SECRET,
            &l::SCREENING,
            &l::SENDER,
            &l::ROUTING,
            &l::RECEIVING,
            &l::TENANT_EDGE_MODE,
            &l::TENANT_NUMBERS,
        ],
    },
    Section { path: "tenants.<name>.callback_secret", keys: &[&l::SECRET_ENV, &l::SECRET_FILE] },
    Section {
        path: "tenants.<name>.screening[]",
        keys: &[&l::COMPONENT, &l::SETTINGS, &l::ON_FAILURE, &l::REUSE_CALLS],
    },
    Section {
        path: "tenants.<name>.sender",
        keys: &[&l::COMPONENT, &l::SETTINGS, &l::ON_FAILURE, &l::REUSE_CALLS],
    },
    Section {
        path: "tenants.<name>.routing",
        keys: &[&l::COMPONENT, &l::SETTINGS, &l::ROUTING_ON_FAILURE, &l::REUSE_CALLS],
    },
    Section { path: "tenants.<name>.receiving[]", keys: &[&l::COMPONENT, &l::SETTINGS, &l::REUSE_CALLS] },
    Section { path: "numbers.<number>", keys: &[&l::TARGET_TENANT, &l::TARGET_INBOX] },
];
