//! From a message to `submit_sm`.

use super::latin::{encode_ascii, encode_latin1};
use super::pdu::{Address, SubmitSm, Tlv, tag};
use super::reference::normal_reference;
use super::time;
use crate::config::smpp::{AddressForm, Alphabet, LongMessages, Receipts, ShiftTables, Submit, Validity};
use crate::decision::{Acceptance, Failure, FailureClass};
use crate::id::MessageId;
use crate::message::Draft;
use crate::number::{self, Country, NumberKind, SenderKind, national_number};
use crate::provider::Submission;
use crate::text::national::{self, ShiftKinds};
use crate::text::{
    Body, Encoding, EncodingChoice, PlanOptions, SEGMENTS_LIMIT, Segment, TextError, decode_gsm7,
    pack_septets, plan, segments,
};

/// The bit of `esm_class` that says that a user data header comes first (SMPP 3.4 section 5.2.12).
const UDHI: u8 = 0x40;
/// The bit of `registered_delivery` that asks for intermediate notifications (section 5.2.17).
const INTERMEDIATE: u8 = 0x10;

/// What to submit for a message, in order: one `submit_sm` for each part, or one for all where long
/// messages go in `message_payload`. `now_ms` is only used for absolute times.
///
/// Receipts are asked for the last part only: `delivered` means that the last part was.
///
/// # Errors
/// Where the provider's terms do not have the message: class `message`, or `sender` where the sender
/// cannot be written.
pub fn submit(submission: &Submission<'_>, rules: &Submit, now_ms: u64) -> Result<Vec<SubmitSm>, Failure> {
    let draft = submission.draft;
    let (source, dest) = (source(draft, rules)?, dest(draft, rules));
    let (data_coding, parts) = parts(draft, rules, concatenation_reference(submission.id))?;
    let several = parts.len() > 1;
    let template = SubmitSm {
        service_type: rules.service_type.clone(),
        source,
        dest,
        esm_class: rules.message_mode.value(),
        protocol_id: rules.protocol_id,
        priority: rules.priority.get(usize::from(draft.priority)).copied().unwrap_or(rules.priority[3]),
        schedule: String::new(),
        validity: validity(submission.valid_for_s, rules.validity, now_ms),
        registered_delivery: 0,
        // A part would replace the one before it.
        replace_if_present: u8::from(rules.replace_if_present && !several),
        data_coding,
        short_message: Vec::new(),
        tlvs: Vec::new(),
    };
    let last = parts.len().saturating_sub(1);
    let pdu = |(index, part): (usize, Part)| SubmitSm {
        esm_class: template.esm_class | if part.has_udh { UDHI } else { 0 },
        registered_delivery: if index == last { registered_delivery(rules) } else { 0 },
        short_message: part.short_message,
        tlvs: part.tlvs.into_iter().chain(rules.tlvs.iter().cloned()).collect(),
        ..template.clone()
    };
    Ok(parts.into_iter().enumerate().map(pdu).collect())
}

/// The SMSC's word that it has all parts of a message: `message_id` is what `submit_sm_resp` said
/// to the last one, by which its receipt will name it. Where it said nothing, the gateway's own id
/// stands there and no receipt will ever match.
#[must_use]
pub fn acceptance(id: MessageId, message_id: &str, parts: usize, rules: &Receipts) -> Acceptance {
    let reference = normal_reference(message_id, rules.id_in_response);
    Acceptance {
        reference: if reference.is_empty() { id.to_string() } else { reference },
        parts: u8::try_from(parts).ok(),
        price_micros: None,
    }
}

/// The same for every try of a message, so that parts of two tries become one message on the
/// handset. From the random half of the id, above the bits that tell the tenant.
fn concatenation_reference(id: MessageId) -> u16 {
    (id.nonce() >> 16) as u16
}

fn registered_delivery(rules: &Submit) -> u8 {
    rules.registered_delivery.value() | if rules.intermediate { INTERMEDIATE } else { 0 }
}

fn validity(valid_for_s: Option<u32>, form: Validity, now_ms: u64) -> String {
    match (valid_for_s, form) {
        (None, _) | (_, Validity::None) => String::new(),
        (Some(seconds), Validity::Relative) => time::relative(seconds),
        (Some(seconds), Validity::Absolute) => {
            time::absolute(now_ms.saturating_add(u64::from(seconds).saturating_mul(1000)))
        }
    }
}

fn source(draft: &Draft, rules: &Submit) -> Result<Address, Failure> {
    let Some(sender) = &draft.sender else { return Ok(Address::default()) };
    Ok(match sender.kind {
        SenderKind::International => number_address(&sender.address, sender.country, rules),
        SenderKind::ShortCode => address(rules.short_code, sender.address.as_str()),
        SenderKind::Alphanumeric if sender.address.as_str().is_ascii() => {
            address(rules.alphanumeric, sender.address.as_str())
        }
        SenderKind::Alphanumeric => {
            return Err(failure(
                FailureClass::Sender,
                "sender_not_ascii",
                "over SMPP a sender has only ASCII characters: choose another one".to_owned(),
            ));
        }
    })
}

fn dest(draft: &Draft, rules: &Submit) -> Address {
    match draft.to.kind {
        NumberKind::ShortCode => address(rules.short_code, draft.to.address.as_str()),
        _ => number_address(&draft.to.address, draft.to.country, rules),
    }
}

fn number_address(e164: &number::Address, country: Option<Country>, rules: &Submit) -> Address {
    let national = rules.national.as_ref().filter(|national| country == Some(national.country));
    if let Some(national) = national
        && let Some(digits) = national_number(e164)
    {
        return address(national.form, &format!("{}{digits}", national.prefix));
    }
    address(rules.e164, if rules.e164.plus { e164.as_str() } else { e164.without_plus() })
}

fn address(form: AddressForm, value: &str) -> Address {
    Address { ton: form.ton, npi: form.npi, value: value.to_owned() }
}

/// What differs from part to part.
struct Part {
    short_message: Vec<u8>,
    has_udh: bool,
    tlvs: Vec<Tlv>,
}

/// The data coding and the parts of a message.
fn parts(draft: &Draft, rules: &Submit, reference: u16) -> Result<(u8, Vec<Part>), Failure> {
    let coded = coded(draft, rules, reference)?;
    let packs = coded.septets && rules.packed;
    let several = coded.segments.len() > 1;
    let parts = match rules.long_messages {
        LongMessages::Payload if several => vec![payload_part(&coded.segments, packs)],
        LongMessages::Sar if several => sar_parts(&coded.segments, packs, reference),
        _ => coded.segments.iter().map(|segment| udh_part(segment, packs)).collect(),
    };
    Ok((coded.data_coding, parts))
}

fn udh_part(segment: &Segment, packs: bool) -> Part {
    let udh = segment.udh.as_deref().unwrap_or_default();
    let short_message = [udh, &wire(&segment.payload, packs, udh.len())].concat();
    Part { short_message, has_udh: !udh.is_empty(), tlvs: Vec::new() }
}

/// SMPP 3.4 sections 5.3.2.22 to 5.3.2.24.
fn sar_parts(segments: &[Segment], packs: bool, reference: u16) -> Vec<Part> {
    let total = u8::try_from(segments.len()).unwrap_or(u8::MAX);
    let part = |(number, segment): (u8, &Segment)| Part {
        short_message: wire(&segment.payload, packs, 0),
        has_udh: false,
        tlvs: vec![
            Tlv::new(tag::SAR_MSG_REF_NUM, reference.to_be_bytes()),
            Tlv::new(tag::SAR_TOTAL_SEGMENTS, [total]),
            Tlv::new(tag::SAR_SEGMENT_SEQNUM, [number]),
        ],
    };
    (1..=total).zip(segments).map(part).collect()
}

fn payload_part(segments: &[Segment], packs: bool) -> Part {
    let whole: Vec<u8> = segments.iter().flat_map(|segment| segment.payload.iter().copied()).collect();
    let tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, wire(&whole, packs, 0))];
    Part { short_message: Vec::new(), has_udh: false, tlvs }
}

fn wire(payload: &[u8], packs: bool, udh_octets: usize) -> Vec<u8> {
    if packs { pack_septets(payload, udh_octets) } else { payload.to_vec() }
}

/// A message in the provider's alphabet.
struct Coded {
    data_coding: u8,
    segments: Vec<Segment>,
    /// The octets of the segments are septets.
    septets: bool,
}

fn coded(draft: &Draft, rules: &Submit, reference: u16) -> Result<Coded, Failure> {
    match (draft.encoding, rules.alphabet) {
        (Encoding::Gsm7, Alphabet::Gsm7) => {
            let segments = planned(draft, EncodingChoice::Gsm7, rules, reference)?;
            Ok(Coded { data_coding: rules.text_data_coding, segments, septets: true })
        }
        (Encoding::Gsm7, Alphabet::Latin1) => of_octets(draft, rules, reference, encode_latin1),
        (Encoding::Gsm7, Alphabet::Ascii) => of_octets(draft, rules, reference, encode_ascii),
        (Encoding::Ucs2, _) => {
            let ucs2 = ucs2(draft, rules, reference)?;
            Ok(national(draft, rules, reference, ucs2.segments.len()).unwrap_or(ucs2))
        }
        (Encoding::Binary, _) => {
            let segments = planned(draft, EncodingChoice::Binary, rules, reference)?;
            Ok(Coded { data_coding: rules.binary_data_coding, segments, septets: false })
        }
    }
}

/// A text of GSM-7 in an alphabet of octets. The SMSC turns it into GSM-7 again, so it is cut as
/// GSM-7 is. A text that the alphabet does not hold goes in UCS-2, where it takes no more segments
/// than were counted for it.
fn of_octets(
    draft: &Draft,
    rules: &Submit,
    reference: u16,
    encode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Coded, Failure> {
    let segments = planned(draft, EncodingChoice::Gsm7, rules, reference)?;
    let recoded = segments.into_iter().map(|segment| {
        let payload = encode(&decode_gsm7(&segment.payload))?;
        Some(Segment { payload, ..segment })
    });
    if let Some(segments) = recoded.collect() {
        return Ok(Coded { data_coding: rules.text_data_coding, segments, septets: false });
    }
    let ucs2 = ucs2(draft, rules, reference)?;
    if ucs2.segments.len() > usize::from(draft.segments) {
        return Err(failure(
            FailureClass::Message,
            "not_in_alphabet",
            format!(
                "the provider's alphabet lacks a character, and in UCS-2 the text takes {} segments \
                 instead of {}: send it with encoding ucs2, or by another provider",
                ucs2.segments.len(),
                draft.segments
            ),
        ));
    }
    Ok(ucs2)
}

fn ucs2(draft: &Draft, rules: &Submit, reference: u16) -> Result<Coded, Failure> {
    let segments = planned(draft, EncodingChoice::Ucs2, rules, reference)?;
    Ok(Coded { data_coding: rules.ucs2_data_coding, segments, septets: false })
}

/// A text of UCS-2 in GSM-7 with shift tables, where that takes fewer segments.
fn national(draft: &Draft, rules: &Submit, reference: u16, ucs2_segments: usize) -> Option<Coded> {
    let Body::Text(text) = &draft.body else { return None };
    let kinds = ShiftKinds {
        locking: rules.shift_tables != ShiftTables::Single,
        single: rules.shift_tables != ShiftTables::Locking,
    };
    let below = u8::try_from(ucs2_segments).ok()?;
    let plan = national::plan(text, &rules.languages, kinds, rules.reference, below)?;
    let segments = plan.segments(text, reference);
    Some(Coded { data_coding: rules.text_data_coding, segments, septets: true })
}

fn planned(
    draft: &Draft,
    encoding: EncodingChoice,
    rules: &Submit,
    reference: u16,
) -> Result<Vec<Segment>, Failure> {
    let options = PlanOptions {
        encoding,
        replace_lookalikes: false,
        segments_max: SEGMENTS_LIMIT,
        reference_bits: rules.reference,
    };
    let planned = plan(&draft.body, &options).and_then(|plan| segments(&plan, &draft.body, reference));
    planned.map_err(|error: TextError| failure(FailureClass::Message, error.code(), error.to_string()))
}

fn failure(class: FailureClass, code: &str, reason: String) -> Failure {
    Failure { class, code: code.to_owned(), reason, retry_after_ms: None }
}
