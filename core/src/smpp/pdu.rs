//! What the rules say of a PDU: its fields as plain data, whichever codec puts them on the wire.

use std::fmt;

use crate::number::{Npi, Ton};

/// Most octets in the `short_message` field (SMPP 3.4 section 4.4.1).
pub const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// An address as `submit_sm` and `deliver_sm` carry it. `Debug` hides all but its last two
/// characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Type of number (SMPP 3.4 section 5.2.5), reserved values too.
    pub ton: u8,
    /// Numbering plan indicator (SMPP 3.4 section 5.2.6), reserved values too.
    pub npi: u8,
    /// Without its closing NUL. What the gateway sends is printable ASCII of at most 20 octets; what
    /// it reads may be anything.
    pub value: String,
}

impl Address {
    /// An address of a known type and plan.
    #[must_use]
    pub fn new(ton: Ton, npi: Npi, value: impl Into<String>) -> Self {
        Self { ton: ton.value(), npi: npi.value(), value: value.into() }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.value.chars().count().saturating_sub(2);
        let tail: String = self.value.chars().skip(hidden).collect();
        write!(f, "Address({}, {}, …{})", self.ton, self.npi, tail.escape_default())
    }
}

/// An optional parameter (SMPP 3.4 section 5.3), its value without tag and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlv {
    /// What it is, see [`tag`].
    pub tag: u16,
    /// At most 65,535 octets.
    pub value: Vec<u8>,
}

impl Tlv {
    /// One parameter.
    #[must_use]
    pub fn new(tag: u16, value: impl Into<Vec<u8>>) -> Self {
        Self { tag, value: value.into() }
    }
}

/// The value of the first parameter with that tag.
#[must_use]
pub fn tlv(tlvs: &[Tlv], tag: u16) -> Option<&[u8]> {
    tlvs.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value.as_slice())
}

/// Tags that the rules use (SMPP 3.4 section 5.3.2, SMPP 5.0 section 4.8.4).
pub mod tag {
    /// `receipted_message_id`: the id that `submit_sm_resp` gave, with a closing NUL.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// `user_message_reference`.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// `sar_msg_ref_num`, two octets.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// `sar_total_segments`, one octet.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// `sar_segment_seqnum`, one octet, from 1.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// `network_error_code`: the kind of network, and two octets of code.
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    /// `message_payload`: the text where `short_message` is empty.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// `delivery_failure_reason`.
    pub const DELIVERY_FAILURE_REASON: u16 = 0x0425;
    /// `more_messages_to_send`.
    pub const MORE_MESSAGES_TO_SEND: u16 = 0x0426;
    /// `message_state`, one octet.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// `congestion_state` of SMPP 5.0: 0 (idle) to 100 (congested), in any response.
    pub const CONGESTION_STATE: u16 = 0x0428;
}

/// `submit_sm` (SMPP 3.4 section 4.4.1). `sm_default_msg_id` is always 0, and `sm_length` is that of
/// `short_message`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubmitSm {
    /// At most 5 characters.
    pub service_type: String,
    /// Whom it comes from; empty where the provider is to choose.
    pub source: Address,
    /// Whom it goes to.
    pub dest: Address,
    /// Message mode, message type and features (section 5.2.12).
    pub esm_class: u8,
    /// TP-PID (TS 23.040 section 9.2.3.9).
    pub protocol_id: u8,
    /// 0 to 3 (section 5.2.14), 4 in SMPP 5.0.
    pub priority: u8,
    /// `schedule_delivery_time`: always empty, the gateway itself waits.
    pub schedule: String,
    /// `validity_period`: empty or 16 characters (section 7.1.1).
    pub validity: String,
    /// Which receipts are asked for (section 5.2.17).
    pub registered_delivery: u8,
    /// 0 or 1 (section 5.2.18).
    pub replace_if_present: u8,
    /// Data coding scheme (section 5.2.19).
    pub data_coding: u8,
    /// At most [`SHORT_MESSAGE_OCTETS_MAX`] octets, a user data header first where `esm_class` says so.
    pub short_message: Vec<u8>,
    /// In this order.
    pub tlvs: Vec<Tlv>,
}

/// `deliver_sm` (SMPP 3.4 section 4.6.1), or `data_sm` of the SMSC (section 4.7.1), whose missing
/// fields are 0 or empty. Fields that are always empty in both are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverSm {
    /// As the SMSC wrote it.
    pub service_type: String,
    /// Whom it comes from.
    pub source: Address,
    /// Whom it goes to.
    pub dest: Address,
    /// Message mode, message type and features (section 5.2.12).
    pub esm_class: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// Priority.
    pub priority: u8,
    /// Whether an acknowledgement is asked for.
    pub registered_delivery: u8,
    /// Data coding scheme (section 5.2.19).
    pub data_coding: u8,
    /// The text, where it is not in `message_payload`.
    pub short_message: Vec<u8>,
    /// In the order of the PDU.
    pub tlvs: Vec<Tlv>,
}

impl DeliverSm {
    /// The value of the first parameter with that tag.
    #[must_use]
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        tlv(&self.tlvs, tag)
    }

    /// The octets of the message: `message_payload` where there is one, `short_message` otherwise.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        let payload = self.tlv(tag::MESSAGE_PAYLOAD).filter(|payload| !payload.is_empty());
        payload.filter(|_| self.short_message.is_empty()).unwrap_or(&self.short_message)
    }
}
