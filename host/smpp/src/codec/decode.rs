//! Bodies that an SMSC sends.

use waypost_core::smpp::pdu::{Address, DeliverSm, Tlv, tag};

use super::CommandStatus;
use super::fields::{Broken, Fields, text};

/// Longest text field that is read, in octets. SMPP 3.4 allows 64; real ones are longer now and then.
const TEXT_OCTETS_MAX: usize = 255;

/// `sc_interface_version` in a bind response (SMPP 3.4 section 5.3.2.25).
const SC_INTERFACE_VERSION: u16 = 0x0210;

/// `submit_sm_resp` (SMPP 3.4 section 4.4.2).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SubmitSmResp {
    /// Empty where there is none.
    pub(crate) message_id: String,
    pub(crate) tlvs: Vec<Tlv>,
}

/// A bind response (SMPP 3.4 section 4.1.2).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BindResp {
    pub(crate) system_id: String,
    pub(crate) interface_version: Option<u8>,
}

/// Why a body cannot be used, as the answer to it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) CommandStatus);

/// Reads `submit_sm_resp`; whatever it looks like, its status stands. With an error there may be no
/// body, or parameters without a message id before them.
pub(crate) fn submit_sm_resp(body: &[u8], status: CommandStatus, tlvs_max: usize) -> SubmitSmResp {
    let mut fields = Fields::new(body);
    let id = fields.c_octets();
    let parameters = fields.parameters(tlvs_max);
    if !status.is_ok() && parameters.broken_at.is_some() {
        let without_id = Fields::new(body).parameters(tlvs_max);
        if without_id.broken_at.is_none() {
            return SubmitSmResp { message_id: String::new(), tlvs: without_id.tlvs };
        }
    }
    SubmitSmResp { message_id: text(&id[..id.len().min(TEXT_OCTETS_MAX)]), tlvs: parameters.tlvs }
}

/// Reads a bind response, which may lack its body.
pub(crate) fn bind_resp(body: &[u8], tlvs_max: usize) -> BindResp {
    let mut fields = Fields::new(body);
    let system_id = fields.c_octets();
    let version = fields.parameters(tlvs_max).tlvs.into_iter().find(|tlv| tlv.tag == SC_INTERFACE_VERSION);
    BindResp {
        system_id: text(&system_id[..system_id.len().min(TEXT_OCTETS_MAX)]),
        interface_version: version.and_then(|tlv| tlv.value.first().copied()),
    }
}

/// Reads `deliver_sm` (SMPP 3.4 section 4.6.1).
///
/// # Errors
/// The status to answer with.
pub(crate) fn deliver_sm(body: &[u8], tlvs_max: usize) -> Result<DeliverSm, Unreadable> {
    let mut fields = Fields::new(body);
    let service_type = name(fields.c_octets())?;
    let source = address(&mut fields, CommandStatus::RINVSRCADR)?;
    let dest = address(&mut fields, CommandStatus::RINVDSTADR)?;
    let esm_class = required(fields.octet())?;
    let protocol_id = required(fields.octet())?;
    let priority = required(fields.octet())?;
    let _schedule_delivery_time = fields.c_octets();
    let _validity_period = fields.c_octets();
    let registered_delivery = required(fields.octet())?;
    let _replace_if_present = required(fields.octet())?;
    let data_coding = required(fields.octet())?;
    let _sm_default_msg_id = required(fields.octet())?;
    let sm_length = required(fields.octet())?;
    let short_message =
        fields.octets(usize::from(sm_length)).ok_or(Unreadable(CommandStatus::RINVMSGLEN))?.to_vec();
    Ok(DeliverSm {
        service_type,
        source,
        dest,
        esm_class,
        protocol_id,
        priority,
        registered_delivery,
        data_coding,
        short_message,
        tlvs: tlvs(fields, tlvs_max)?,
    })
}

/// Reads `data_sm` (SMPP 3.4 section 4.7.1).
///
/// # Errors
/// The status to answer with.
pub(crate) fn data_sm(body: &[u8], tlvs_max: usize) -> Result<DeliverSm, Unreadable> {
    let mut fields = Fields::new(body);
    Ok(DeliverSm {
        service_type: name(fields.c_octets())?,
        source: address(&mut fields, CommandStatus::RINVSRCADR)?,
        dest: address(&mut fields, CommandStatus::RINVDSTADR)?,
        esm_class: required(fields.octet())?,
        registered_delivery: required(fields.octet())?,
        data_coding: required(fields.octet())?,
        tlvs: tlvs(fields, tlvs_max)?,
        ..DeliverSm::default()
    })
}

/// The addresses of `submit_sm`, `deliver_sm` and `data_sm`, which begin alike.
pub(crate) fn addresses(body: &[u8]) -> Option<(Address, Address)> {
    let mut fields = Fields::new(body);
    let _service_type = fields.c_octets();
    let source = address(&mut fields, CommandStatus::RINVSRCADR).ok()?;
    let dest = address(&mut fields, CommandStatus::RINVDSTADR).ok()?;
    Some((source, dest))
}

fn address(fields: &mut Fields<'_>, wrong: CommandStatus) -> Result<Address, Unreadable> {
    let ton = required(fields.octet())?;
    let npi = required(fields.octet())?;
    let value = fields.c_octets();
    if value.len() > TEXT_OCTETS_MAX {
        return Err(Unreadable(wrong));
    }
    Ok(Address { ton, npi, value: text(value) })
}

fn name(octets: &[u8]) -> Result<String, Unreadable> {
    if octets.len() > TEXT_OCTETS_MAX {
        return Err(Unreadable(CommandStatus::RINVCMDLEN));
    }
    Ok(text(octets))
}

fn required<T>(field: Option<T>) -> Result<T, Unreadable> {
    field.ok_or(Unreadable(CommandStatus::RINVCMDLEN))
}

/// A message with broken parameters is taken without them, unless they held its text.
fn tlvs(fields: Fields<'_>, tlvs_max: usize) -> Result<Vec<Tlv>, Unreadable> {
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let parameters = fields.parameters(tlvs_max);
    match parameters.broken_at {
        Some(Broken::Value(tag::MESSAGE_PAYLOAD)) => Err(Unreadable(CommandStatus::RINVPARLEN)),
        Some(Broken::TooMany) => Err(Unreadable(CommandStatus::RINVOPTPARSTREAM)),
        Some(Broken::Value(_) | Broken::Remainder) | None => Ok(parameters.tlvs),
    }
}
