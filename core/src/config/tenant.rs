//! `[tenants.<name>]`: who sends and receives messages.

use std::collections::BTreeMap;

use super::binding::{Binding, read_binding, read_bindings, read_receiving};
use super::context::Kind;
use super::cursor::Cursor;
use super::edge::EdgeMode;
use super::host::AllowedHost;
use super::limits as l;
use super::problem::ConfigCode;
use super::provider::{Rate, read_hosts, read_rate};
use super::secret::{SecretRef, read_secret};
use super::target::read_tenant_numbers;
use super::value::read_distinct;

/// One tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// `providers`: providers that may carry this tenant's messages, 1 to 1000. Default none: all
    /// enabled ones, see [`super::Config::providers_of`].
    pub providers: Option<Vec<String>>,
    /// `rate_per_second` (0.001 to 100000) and `rate_burst` (1 to 100000, default 1): messages of
    /// all API keys together. Default no limit.
    pub rate: Option<Rate>,
    /// `key_rate_per_second` and `key_rate_burst`, same ranges: messages of each API key. Default
    /// no limit.
    pub key_rate: Option<Rate>,
    /// `destination_per_hour`: messages to one number in an hour, 1 to 1000000. Default no limit.
    pub destination_per_hour: Option<u32>,
    /// `destination_per_day`: messages to one number in a day, 1 to 1000000. Default no limit.
    pub destination_per_day: Option<u32>,
    /// `max_segments`: segments of a message that does not say `max_segments` itself, 1 to 20.
    /// Default 10.
    pub segments_max: u32,
    /// `queue_max`: messages that wait at once, 1 to 100000000. Default 1000000.
    pub queue_max: u32,
    /// `recorded_percent`: of 100 messages, how many are recorded with all that decisions were given, for
    /// backtests, 0 to 100. Default 100.
    pub recorded_percent: u32,
    /// `callback_hosts`: hosts that a `callback_url` may name, up to 64. Default none: no
    /// callbacks.
    pub callback_hosts: Vec<AllowedHost>,
    /// `callback_secret`: key that signs callbacks. Default none: they are not signed.
    pub callback_secret: Option<SecretRef>,
    /// `screening`: components that decide whether a message may go, up to 16, in order.
    pub screening: Vec<Binding>,
    /// `sender`: component that chooses the sender. Default none: the message's own.
    pub sender: Option<Binding>,
    /// `routing`: component that orders the providers. Default none: by weight.
    pub routing: Option<Binding>,
    /// `receiving`: components that decide what an inbound message causes, up to 8, in order. Default
    /// none: every inbound message goes to its inbox.
    pub receiving: Vec<Binding>,
    /// `edge_mode`: how messages are sent at the edge. Default none: `edge.mode`.
    pub edge_mode: Option<EdgeMode>,
    /// `numbers`: inbox by number, as in [`super::Config::numbers`], which has these, too. Up to 1000.
    pub numbers: BTreeMap<String, String>,
}

pub(super) fn read_tenant(name: &str, mut cursor: Cursor<'_>) -> Tenant {
    let callback_secret = cursor.take(l::CALLBACK_SECRET.name);
    let edge_mode = cursor.take(l::TENANT_EDGE_MODE.name);
    let sender = cursor.table_optional(&l::SENDER);
    let routing = cursor.table_optional(&l::ROUTING);
    let (destination_per_hour, destination_per_day) = read_destination_caps(&mut cursor);
    let tenant = Tenant {
        providers: read_providers(&mut cursor),
        rate: read_rate(&mut cursor, &l::TENANT_RATE_PER_SECOND, &l::TENANT_RATE_BURST),
        key_rate: read_rate(&mut cursor, &l::KEY_RATE_PER_SECOND, &l::KEY_RATE_BURST),
        destination_per_hour,
        destination_per_day,
        segments_max: cursor.integer(&l::SEGMENTS_MAX),
        queue_max: cursor.integer(&l::QUEUE_MAX),
        recorded_percent: cursor.integer(&l::RECORDED_PERCENT),
        callback_hosts: read_hosts(&mut cursor, &l::CALLBACK_HOSTS),
        callback_secret: callback_secret.and_then(|value| read_secret(&value, name, l::CALLBACK_SECRET.name)),
        screening: read_bindings(&mut cursor, &l::SCREENING, &l::ON_FAILURE),
        sender: sender.map(|table| read_binding(table, &l::ON_FAILURE)),
        routing: routing.map(|table| read_binding(table, &l::ROUTING_ON_FAILURE)),
        receiving: read_receiving(&mut cursor),
        edge_mode: edge_mode.and_then(|value| value.choice(&l::EDGE_MODE)),
        numbers: read_tenant_numbers(&cursor.table(&l::TENANT_NUMBERS)),
    };
    cursor.finish();
    tenant
}

fn read_providers(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let entries = cursor.list(&l::TENANT_PROVIDERS)?;
    Some(read_distinct(&entries, |entry| entry.reference(Kind::Provider)))
}

fn read_destination_caps(cursor: &mut Cursor<'_>) -> (Option<u32>, Option<u32>) {
    let (hour_key, day_key) = (&l::DESTINATION_PER_HOUR, &l::DESTINATION_PER_DAY);
    let hour_value = cursor.take(hour_key.name);
    let hour = hour_value.as_ref().and_then(|value| value.integer(hour_key.min, hour_key.max));
    let day = cursor.integer_optional(day_key);
    if let (Some(value), Some(hour), Some(day)) = (&hour_value, hour, day)
        && hour >= day
    {
        let reason = format!("{hour} in an hour changes nothing beside {day} in a day");
        let help = format!("lower it below {day} or remove it");
        value.context.warning(ConfigCode::NoEffect, &value.place, reason, help);
    }
    (hour, day)
}
