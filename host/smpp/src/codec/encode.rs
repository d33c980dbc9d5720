//! PDUs that this side sends.

use thiserror::Error;
use waypost_core::smpp::pdu::{Address, SHORT_MESSAGE_OCTETS_MAX, SubmitSm};

use super::{CommandStatus, HEADER_OCTETS, command};

/// Why a PDU cannot be written: what is in it does not fit SMPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The field has more octets than SMPP allows.
    #[error("{field} has {octets} octets; at most {octets_max} fit")]
    TooLong {
        /// Which.
        field: &'static str,
        /// How many it has.
        octets: usize,
        /// How many it may have, without its closing NUL.
        octets_max: usize,
    },
    /// The field is closed by a NUL and has one inside.
    #[error("{field} has a NUL inside")]
    Nul {
        /// Which.
        field: &'static str,
    },
    /// The whole PDU is longer than the limit.
    #[error("the PDU has {octets} octets; at most {octets_max} are sent")]
    PduTooLong {
        /// How many it has.
        octets: usize,
        /// The limit.
        octets_max: usize,
    },
}

/// What a bind says (SMPP 3.4 section 4.1.1).
#[derive(Debug)]
pub(crate) struct Bind<'a> {
    pub(crate) command: u32,
    pub(crate) system_id: &'a str,
    pub(crate) password: &'a str,
    pub(crate) system_type: &'a str,
    pub(crate) interface_version: u8,
    pub(crate) range: &'a Address,
}

/// `submit_sm` with sequence number 0; [`set_sequence`] puts in the right one.
///
/// # Errors
/// See [`EncodeError`].
pub(crate) fn submit_sm(pdu: &SubmitSm, pdu_octets_max: usize) -> Result<Vec<u8>, EncodeError> {
    let tlv_octets: usize = pdu.tlvs.iter().map(|tlv| 4 + tlv.value.len()).sum();
    let texts = pdu.source.value.len() + pdu.dest.value.len() + pdu.service_type.len() + pdu.validity.len();
    let octets = HEADER_OCTETS + 17 + texts + pdu.schedule.len() + pdu.short_message.len() + tlv_octets;
    if octets > pdu_octets_max {
        return Err(EncodeError::PduTooLong { octets, octets_max: pdu_octets_max });
    }
    let mut out = Vec::with_capacity(octets);
    header(&mut out, command::SUBMIT_SM, CommandStatus::ROK, 0);
    c_octets(&mut out, "service_type", &pdu.service_type, 5)?;
    address(&mut out, "source_addr", &pdu.source, 20)?;
    address(&mut out, "destination_addr", &pdu.dest, 20)?;
    out.extend([pdu.esm_class, pdu.protocol_id, pdu.priority]);
    c_octets(&mut out, "schedule_delivery_time", &pdu.schedule, 16)?;
    c_octets(&mut out, "validity_period", &pdu.validity, 16)?;
    out.extend([pdu.registered_delivery, pdu.replace_if_present, pdu.data_coding, 0]);
    let text = &pdu.short_message;
    let text_octets = u8::try_from(text.len()).ok().filter(|_| text.len() <= SHORT_MESSAGE_OCTETS_MAX);
    out.push(text_octets.ok_or(EncodeError::TooLong {
        field: "short_message",
        octets: text.len(),
        octets_max: SHORT_MESSAGE_OCTETS_MAX,
    })?);
    out.extend_from_slice(text);
    for tlv in &pdu.tlvs {
        let length = u16::try_from(tlv.value.len()).map_err(|_| EncodeError::TooLong {
            field: "tlv",
            octets: tlv.value.len(),
            octets_max: usize::from(u16::MAX),
        })?;
        out.extend(tlv.tag.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend_from_slice(&tlv.value);
    }
    set_length(&mut out);
    Ok(out)
}

/// A bind of any mode. Real accounts have longer names and passwords than SMPP's 15 and 8 octets.
///
/// # Errors
/// See [`EncodeError`].
pub(crate) fn bind(bind: &Bind<'_>, sequence: u32) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(64);
    header(&mut out, bind.command, CommandStatus::ROK, sequence);
    c_octets(&mut out, "system_id", bind.system_id, 64)?;
    c_octets(&mut out, "password", bind.password, 64)?;
    c_octets(&mut out, "system_type", bind.system_type, 12)?;
    out.push(bind.interface_version);
    address(&mut out, "address_range", bind.range, 40)?;
    set_length(&mut out);
    Ok(out)
}

/// A PDU without a body.
pub(crate) fn bare(command: u32, status: CommandStatus, sequence: u32) -> [u8; HEADER_OCTETS] {
    let mut pdu = [0; HEADER_OCTETS];
    // A header always fits in a `u32`.
    pdu[..4].copy_from_slice(&(HEADER_OCTETS as u32).to_be_bytes());
    pdu[4..8].copy_from_slice(&command.to_be_bytes());
    pdu[8..12].copy_from_slice(&status.0.to_be_bytes());
    pdu[12..].copy_from_slice(&sequence.to_be_bytes());
    pdu
}

/// `deliver_sm_resp` or `data_sm_resp`, whose message id is empty (SMPP 3.4 section 4.6.2).
pub(crate) fn delivery_resp(request: u32, status: CommandStatus, sequence: u32) -> [u8; HEADER_OCTETS + 1] {
    let mut pdu = [0; HEADER_OCTETS + 1];
    pdu[..HEADER_OCTETS].copy_from_slice(&bare(request | command::RESPONSE, status, sequence));
    pdu[3] = HEADER_OCTETS as u8 + 1;
    pdu
}

/// Puts the sequence number into a PDU.
pub(crate) fn set_sequence(pdu: &mut [u8], sequence: u32) {
    if let Some(field) = pdu.get_mut(12..HEADER_OCTETS) {
        field.copy_from_slice(&sequence.to_be_bytes());
    }
}

fn header(out: &mut Vec<u8>, command: u32, status: CommandStatus, sequence: u32) {
    out.extend(bare(command, status, sequence));
}

fn set_length(out: &mut [u8]) {
    let length = u32::try_from(out.len()).unwrap_or(u32::MAX);
    out[..4].copy_from_slice(&length.to_be_bytes());
}

fn address(
    out: &mut Vec<u8>,
    field: &'static str,
    address: &Address,
    octets_max: usize,
) -> Result<(), EncodeError> {
    out.extend([address.ton, address.npi]);
    c_octets(out, field, &address.value, octets_max)
}

fn c_octets(
    out: &mut Vec<u8>,
    field: &'static str,
    text: &str,
    octets_max: usize,
) -> Result<(), EncodeError> {
    if text.len() > octets_max {
        return Err(EncodeError::TooLong { field, octets: text.len(), octets_max });
    }
    if text.as_bytes().contains(&0) {
        return Err(EncodeError::Nul { field });
    }
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}
