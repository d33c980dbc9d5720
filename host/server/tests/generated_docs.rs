//! The generated parts of the manual are those of the code. To write them anew:
//! `UPDATE_GOLDEN=1 cargo test --release -p waypost --test generated_docs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by unwrapping it")]

use std::fmt::{Display, Write as _};
use std::path::Path;

use waypost::api::problem;
use waypost::plugins::{
    BACKTEST_MESSAGES_MAX, BACKTEST_TIME_MAX, FIXTURES_MAX, UPLOADS_AT_ONCE_MAX, UPLOADS_OF_A_TENANT_MAX,
};
use waypost_core::config::smpp;
use waypost_core::inbound::OUTGOING_MAX;
use waypost_core::smpp::RECEIPT_OCTETS_MAX;
use waypost_core::{config, limits, text};
use waypost_engine::Limits;

const BEGIN: &str = "<!-- generated -->\n";
const END: &str = "<!-- /generated -->\n";

#[test]
fn configuration() {
    agrees("configuration.md", &config::reference_table());
}

#[test]
fn simulator() {
    agrees("simulator.md", &waypost_simulator::script::markdown());
}

#[test]
fn problems() {
    let mut table = String::from("| code | status | title |\n|---|---|---|\n");
    for kind in problem::registry() {
        writeln!(table, "| `{}` | {} | {} |", kind.code, kind.status, kind.title).unwrap();
    }
    agrees("problems.md", &table);
}

#[test]
fn limits_of_messages_and_components() {
    let tables =
        format!("{}\n{}\n{}\n{}", message_limits(), smpp_limits(), component_limits(), upload_limits());
    agrees("limits.md", &tables);
}

fn message_limits() -> String {
    let mut table = Table::new("what", "limit");
    table.row("recipients in one request", limits::RECIPIENTS_MAX);
    table.row("body of a request", bytes(limits::REQUEST_BYTES_MAX));
    table.row("`text` or `data`", bytes(text::BODY_BYTES_MAX));
    table.row("segments that a message may ask for", text::SEGMENTS_LIMIT);
    table.row("tags of a message", limits::TAGS_MAX);
    table.row("a tag", bytes(limits::TAG_BYTES_MAX));
    table.row("`client_ref`", bytes(limits::CLIENT_REF_BYTES_MAX));
    table.row("`callback_url`", bytes(limits::CALLBACK_URL_BYTES_MAX));
    table.row("`Idempotency-Key`", bytes(limits::IDEMPOTENCY_KEY_BYTES_MAX));
    table.row("an idempotency key is remembered", hours_of_ms(limits::IDEMPOTENCY_MS));
    table.row("highest `priority`", limits::PRIORITY_MAX);
    let valid_for = format!("{} to {} s", limits::VALID_FOR_S_MIN, limits::VALID_FOR_S_MAX);
    table.row("`valid_for_seconds`", valid_for);
    table.row("validity of a message that asks for none", format!("{} s", limits::VALID_FOR_S_DEFAULT));
    table.row("rows of a page, at most", limits::PAGE_ROWS_MAX);
    table.row("rows of a page, without `limit`", limits::PAGE_ROWS_DEFAULT);
    table.row("body of a webhook", bytes(limits::WEBHOOK_BYTES_MAX));
    table.row("answer of a provider that is read", bytes(limits::PROVIDER_ANSWER_BYTES_MAX));
    table.row("messages that lead to one another (`hops_exceeded`)", limits::HOPS_MAX);
    table.row(
        "an inbound message counts as a machine's answer to a reply",
        format!("{} s", limits::HOPS_WINDOW_MS / 1000),
    );
    table.row("messages of receiving components to one number in an hour", limits::REPLIES_PER_HOUR_MAX);
    table.row("and in a day", limits::REPLIES_PER_DAY_MAX);
    table.row("messages that a receiving component sends in one call", OUTGOING_MAX);
    table.row("inboxes of a tenant that no configuration names", limits::INBOXES_MAX);
    table.row("a provider's reference that is kept", bytes(limits::REFERENCE_BYTES_MAX));
    table.row("a receipt that fits no message is kept", hours_of_ms(limits::ORPHAN_RECEIPT_MS));
    table.row("receipts kept that fit no message", limits::ORPHAN_RECEIPTS_MAX);
    table.row("a part of a long inbound message", bytes(limits::INBOUND_PART_BYTES_MAX));
    table.row(
        "long inbound messages of a tenant and provider that are not whole",
        limits::INBOUND_PARTS_OPEN_MAX,
    );
    table.row(
        "a long inbound message waits for its missing parts",
        hours_of_ms(limits::INBOUND_PARTS_WAIT_MS),
    );
    let known = format!("{} minutes", limits::INBOUND_PARTS_KNOWN_MS / 60_000);
    table.row("parts of one that was delivered are known again", known);
    table.row("`code` of a refusal", format!("{} characters", limits::CODE_CHARS_MAX));
    table.row("`reason` of a refusal or failure", format!("{} characters", limits::REASON_CHARS_MAX));
    table.text
}

fn smpp_limits() -> String {
    let mut table = Table::new("of a provider over SMPP", "limit");
    table.row("servers (`address`)", smpp::ADDRESSES_MAX);
    table.row("`system_id`", bytes(smpp::SYSTEM_ID_BYTES_MAX));
    table.row("password", bytes(smpp::PASSWORD_BYTES_MAX));
    table.row("parameters of its own (`tlvs`)", smpp::TLVS_MAX);
    table.row("value of such a parameter", bytes(smpp::TLV_OCTETS_MAX));
    table.row("statuses with a rule of their own (`status`)", smpp::STATUSES_MAX);
    table.row("text of a receipt that is looked at", bytes(RECEIPT_OCTETS_MAX));
    table.text
}

fn component_limits() -> String {
    let limits = Limits::default();
    let mut table = Table::new("of a component", "limit");
    table.row("size of the file (`size_mib_max`)", bytes(limits.component_bytes_max));
    table.row("memory of an instance (`memory_mib_max`)", bytes(limits.memory_bytes_max));
    table.row("fuel of a call", limits.fuel_max);
    table.row("and for each segment, or KiB of HTTP body", limits.fuel_per_segment);
    table.row("fuel for the schema, and for `configure`", limits.setup_fuel_max);
    table.row("time of a call", format!("{} ms", limits.wall_ms));
    table.row("time of the schema, and of `configure`", format!("{} ms", limits.setup_wall_ms));
    table.row("input of a call", bytes(limits.input_bytes_max));
    table.row("output of a call, without HTTP bodies", bytes(limits.output_bytes_max));
    table.row("an HTTP body", bytes(limits.http_body_bytes_max));
    table.row("log of a call", bytes(limits.log_bytes_max));
    table.row("the JSON Schema", bytes(limits.schema_bytes_max));
    table.row("data of one call between component and host", bytes(limits.host_call_bytes_max));
    table.row("elements of a table", limits.table_elements_max);
    table.row("core instances in a component", limits.core_instances_max);
    table.text
}

fn upload_limits() -> String {
    let mut table = Table::new("of a tenant's plugins, beside its [plan](tenants.md)", "limit");
    table.row("settings", bytes(limits::PLUGIN_SETTINGS_BYTES_MAX));
    table.row("uploads of a tenant at a time", UPLOADS_OF_A_TENANT_MAX);
    table.row("uploads of all tenants at a time", UPLOADS_AT_ONCE_MAX);
    table.row("fixtures of a test", FIXTURES_MAX);
    table.row("messages of a backtest", BACKTEST_MESSAGES_MAX);
    table.row("time of a backtest", format!("{} minutes", BACKTEST_TIME_MAX.as_secs() / 60));
    let debt = format!("{} s", limits::DECISION_DEBT_MS_MAX / 1000);
    table.row("wait that a request to many recipients may lead to (`decision_time`)", debt);
    table.text
}

struct Table {
    text: String,
}

impl Table {
    fn new(what: &str, limit: &str) -> Self {
        Self { text: format!("| {what} | {limit} |\n|---|---|\n") }
    }

    fn row(&mut self, what: &str, limit: impl Display) {
        writeln!(self.text, "| {what} | {limit} |").unwrap();
    }
}

fn bytes(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 8 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

fn hours_of_ms(ms: u64) -> String {
    assert!(ms.is_multiple_of(3_600_000), "{ms} ms are not whole hours");
    format!("{} hours", ms / 3_600_000)
}

/// The part of a page between the marks is `generated`.
fn agrees(page: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/{page}: {error}"));
    let (before, rest) = text.split_once(BEGIN).unwrap_or_else(|| panic!("docs/{page} has no {BEGIN}"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("docs/{page} has no {END}"));
    let expected = format!("{before}{BEGIN}\n{generated}\n{END}{after}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "docs/{page} is old: run `UPDATE_GOLDEN=1 cargo test --release -p waypost --test generated_docs`"
    );
}
