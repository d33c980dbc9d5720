//! The octets of each segment of a planned message.

use crate::text::{Body, Encoding, Reference, TextError, TextPlan, gsm7, ucs2};

/// One short message on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The user data header with its length octet; `None` for a message of one
    /// segment. In SMPP it stands before the payload and sets the UDHI bit
    /// (0x40) of `esm_class` (SMPP 3.4 section 5.2.12).
    pub udh: Option<Vec<u8>>,
    /// GSM-7: one septet in each octet, as SMPP takes it; for a packed form
    /// see [`pack_septets`](crate::text::pack_septets). UCS-2: UTF-16BE.
    /// Binary: the octets.
    pub payload: Vec<u8>,
}

/// The segments of a planned message, in order.
///
/// `reference` should differ between the messages that a recipient gets from
/// one sender within hours. With [`Reference::Eight`] its low octet is used.
///
/// # Errors
/// [`TextError::PlanMismatch`] where the plan was not made from this body.
pub fn segments(plan: &TextPlan, body: &Body, reference: u16) -> Result<Vec<Segment>, TextError> {
    let mut segments = Vec::with_capacity(usize::from(plan.segments));
    let mut units = 0;
    for (number, payload) in (1..=plan.segments).zip(payloads(plan, body)?) {
        let payload_units = match plan.encoding {
            Encoding::Gsm7 | Encoding::Binary => payload.len(),
            Encoding::Ucs2 => payload.len() / 2,
        };
        if payload_units > plan.units_max() {
            return Err(TextError::PlanMismatch);
        }
        units += payload_units;
        let udh = (plan.segments > 1).then(|| concatenation_udh(plan, reference, number));
        segments.push(Segment { udh, payload });
    }
    if units != plan.units as usize {
        return Err(TextError::PlanMismatch);
    }
    Ok(segments)
}

/// The payload of each segment, as many as the plan says.
fn payloads(plan: &TextPlan, body: &Body) -> Result<Vec<Vec<u8>>, TextError> {
    if plan.cuts.len() + 1 != usize::from(plan.segments) {
        return Err(TextError::PlanMismatch);
    }
    let payloads: Option<Vec<_>> = match (plan.encoding, body, plan.text(body)) {
        (Encoding::Binary, Body::Binary(octets), _) => {
            ranges(plan, octets.len()).map(|(from, to)| octets.get(from..to).map(<[u8]>::to_vec)).collect()
        }
        (Encoding::Gsm7, Body::Text(_), Some(text)) => {
            ranges(plan, text.len()).map(|(from, to)| gsm7::encode_gsm7(text.get(from..to)?)).collect()
        }
        (Encoding::Ucs2, Body::Text(_), Some(text)) => {
            ranges(plan, text.len()).map(|(from, to)| Some(ucs2::encode_ucs2(text.get(from..to)?))).collect()
        }
        _ => None,
    };
    payloads.ok_or(TextError::PlanMismatch)
}

/// Where each segment begins and ends, in bytes of the sent text or data.
fn ranges(plan: &TextPlan, length: usize) -> impl Iterator<Item = (usize, usize)> {
    let cuts = || plan.cuts.iter().map(|cut| *cut as usize);
    std::iter::once(0).chain(cuts()).zip(cuts().chain(std::iter::once(length)))
}

/// The header that joins segments (TS 23.040 sections 9.2.3.24.1 and
/// 9.2.3.24.8). `number` counts from 1.
fn concatenation_udh(plan: &TextPlan, reference: u16, number: u8) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    match plan.reference_bits {
        Reference::Eight => vec![5, 0x00, 3, low, plan.segments, number],
        Reference::Sixteen => vec![6, 0x08, 4, high, low, plan.segments, number],
    }
}
