//! Command identifiers (SMPP 3.4 section 5.1.2.1, SMPP 5.0 section 4.7.5).

/// Set in the identifier of each response.
pub(crate) const RESPONSE: u32 = 0x8000_0000;

pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;
pub(crate) const BIND_RECEIVER: u32 = 0x0000_0001;
pub(crate) const BIND_TRANSMITTER: u32 = 0x0000_0002;
pub(crate) const SUBMIT_SM: u32 = 0x0000_0004;
pub(crate) const SUBMIT_SM_RESP: u32 = SUBMIT_SM | RESPONSE;
pub(crate) const DELIVER_SM: u32 = 0x0000_0005;
pub(crate) const UNBIND: u32 = 0x0000_0006;
pub(crate) const UNBIND_RESP: u32 = UNBIND | RESPONSE;
pub(crate) const BIND_TRANSCEIVER: u32 = 0x0000_0009;
pub(crate) const OUTBIND: u32 = 0x0000_000B;
pub(crate) const ENQUIRE_LINK: u32 = 0x0000_0015;
pub(crate) const ENQUIRE_LINK_RESP: u32 = ENQUIRE_LINK | RESPONSE;
pub(crate) const ALERT_NOTIFICATION: u32 = 0x0000_0102;
pub(crate) const DATA_SM: u32 = 0x0000_0103;

/// Whether this is the answer to a request.
pub(crate) fn is_response(command: u32) -> bool {
    command & RESPONSE != 0
}

/// Whether this is the answer to a bind, of whichever mode.
pub(crate) fn is_bind_response(command: u32) -> bool {
    is_response(command) && matches!(command ^ RESPONSE, BIND_RECEIVER | BIND_TRANSMITTER | BIND_TRANSCEIVER)
}

/// Whether this is a bind, whose body has a password.
pub(crate) fn is_bind(command: u32) -> bool {
    matches!(command, BIND_RECEIVER | BIND_TRANSMITTER | BIND_TRANSCEIVER)
}

/// The field's name for it.
pub(crate) fn name(command: u32) -> Option<&'static str> {
    let names = match command & !RESPONSE {
        0 => ["", "generic_nack"],
        BIND_RECEIVER => ["bind_receiver", "bind_receiver_resp"],
        BIND_TRANSMITTER => ["bind_transmitter", "bind_transmitter_resp"],
        0x03 => ["query_sm", "query_sm_resp"],
        SUBMIT_SM => ["submit_sm", "submit_sm_resp"],
        DELIVER_SM => ["deliver_sm", "deliver_sm_resp"],
        UNBIND => ["unbind", "unbind_resp"],
        0x07 => ["replace_sm", "replace_sm_resp"],
        0x08 => ["cancel_sm", "cancel_sm_resp"],
        BIND_TRANSCEIVER => ["bind_transceiver", "bind_transceiver_resp"],
        OUTBIND => ["outbind", ""],
        ENQUIRE_LINK => ["enquire_link", "enquire_link_resp"],
        0x21 => ["submit_multi", "submit_multi_resp"],
        ALERT_NOTIFICATION => ["alert_notification", ""],
        DATA_SM => ["data_sm", "data_sm_resp"],
        _ => ["", ""],
    };
    let name = names[usize::from(is_response(command))];
    (!name.is_empty()).then_some(name)
}
