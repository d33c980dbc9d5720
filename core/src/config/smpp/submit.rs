//! `[providers.<name>.smpp.submit]`: how a message is put into `submit_sm`.

use toml::de::DeValue;

use super::submit_keys as k;
use super::{read_field, read_octet};
use crate::config::cursor::Cursor;
use crate::config::key::Integer;
use crate::config::problem::ConfigCode;
use crate::config::value::{Value, read_distinct};
use crate::number::Country;
use crate::smpp::pdu::{Tlv, tag};
use crate::text::{Language, Reference};

/// `[providers.<name>.smpp.submit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// `e164`: E.164 numbers. Default TON 1, NPI 1, without `+`.
    pub e164: AddressForm,
    /// `national`: numbers of one country. Default none: as E.164.
    pub national: Option<National>,
    /// `alphanumeric`: names. Default TON 5, NPI 0.
    pub alphanumeric: AddressForm,
    /// `short_code`. Default TON 3, NPI 0.
    pub short_code: AddressForm,
    /// `service_type`, up to 5 of printable ASCII. Default empty.
    pub service_type: String,
    /// `protocol_id`. Default 0.
    pub protocol_id: u8,
    /// `priority`: flags for the gateway's priorities 0 to 3, each 0 to 4. Default 0, 1, 2, 3.
    pub priority: [u8; 4],
    /// `validity`. Default relative.
    pub validity: Validity,
    /// `registered_delivery`. Default final.
    pub registered_delivery: RegisteredDelivery,
    /// `intermediate`: whether intermediate notifications are asked for. Default false.
    pub intermediate: bool,
    /// `replace_if_present`. Default false.
    pub replace_if_present: bool,
    /// `message_mode`. Default that of the SMSC.
    pub message_mode: MessageMode,
    /// `alphabet`: of a text that needs no UCS-2. Default GSM-7.
    pub alphabet: Alphabet,
    /// `packed`: GSM-7 goes packed. Default false.
    pub packed: bool,
    /// `text_data_coding`: of a text in `alphabet`. Default 0, 3 or 1 for GSM-7, Latin-1 or ASCII.
    pub text_data_coding: u8,
    /// `ucs2_data_coding`. Default 8.
    pub ucs2_data_coding: u8,
    /// `binary_data_coding`. Default 4.
    pub binary_data_coding: u8,
    /// `long_messages`. Default user data headers.
    pub long_messages: LongMessages,
    /// `reference`: size of the concatenation reference. Default 8 bits.
    pub reference: Reference,
    /// `languages`: whose shift tables the SMSC takes, up to 13. Default none.
    pub languages: Vec<Language>,
    /// `shift_tables`: kinds of them. Default both.
    pub shift_tables: ShiftTables,
    /// `tlvs`: parameters of every message, up to 16. Default none.
    pub tlvs: Vec<Tlv>,
}

/// How addresses of one kind are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressForm {
    /// `ton`: type of number (SMPP 3.4 section 5.2.5).
    pub ton: u8,
    /// `npi`: numbering plan (SMPP 3.4 section 5.2.6).
    pub npi: u8,
    /// `plus`: with the `+` of E.164. Default false; always false for what is not E.164.
    pub plus: bool,
}

/// How numbers of one country are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct National {
    /// `country`. Required.
    pub country: Country,
    /// `ton` and `npi`. Default 2 and 1.
    pub form: AddressForm,
    /// `prefix`: before the national significant number, up to 4 digits. Default empty.
    pub prefix: String,
}

/// How long a message is valid (SMPP 3.4 section 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// A time from now: `000002000000000R`.
    Relative,
    /// A time in UTC: `260101120000000+`.
    Absolute,
    /// Left to the SMSC.
    None,
}

/// Which receipts are asked for (SMPP 3.4 section 5.2.17, SMPP 5.0 section 4.7.21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredDelivery {
    /// None.
    None,
    /// Of every end.
    Final,
    /// Of an end other than delivery.
    Failure,
    /// Of delivery only; SMPP 5.0.
    Success,
}

impl RegisteredDelivery {
    /// The lowest two bits of `registered_delivery`.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }
}

/// Messaging mode of `esm_class` (SMPP 3.4 section 5.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageMode {
    /// As the SMSC does by default, most often store and forward.
    Default,
    /// Sent once, no receipt.
    Datagram,
    /// The answer comes with delivery.
    Transaction,
    /// Kept and tried until its validity ends.
    StoreAndForward,
}

impl MessageMode {
    /// The lowest two bits of `esm_class`.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }
}

/// The alphabet of a text that needs no UCS-2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alphabet {
    /// The GSM default alphabet and its extension (TS 23.038 section 6.2.1).
    #[default]
    Gsm7,
    /// ISO 8859-1.
    Latin1,
    /// ASCII (IA5).
    Ascii,
}

impl Alphabet {
    /// The usual `data_coding` (SMPP 3.4 section 5.2.19).
    #[must_use]
    pub const fn data_coding(self) -> u8 {
        match self {
            Self::Gsm7 => 0,
            Self::Ascii => 1,
            Self::Latin1 => 3,
        }
    }
}

/// How a message of several parts is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongMessages {
    /// A user data header in each part (TS 23.040 section 9.2.3.24.1).
    Udh,
    /// `sar_…` parameters beside each part (SMPP 3.4 section 5.3.2.22).
    Sar,
    /// One `submit_sm` with the whole in `message_payload`; the SMSC divides it.
    Payload,
}

/// Kinds of national language shift tables that an SMSC takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftTables {
    /// Locking and single shift, alone or together.
    Both,
    /// Single shift only.
    Single,
    /// Locking shift only.
    Locking,
}

/// Tags that the gateway sets itself.
const OWN_TAGS: [u16; 4] =
    [tag::SAR_MSG_REF_NUM, tag::SAR_TOTAL_SEGMENTS, tag::SAR_SEGMENT_SEQNUM, tag::MESSAGE_PAYLOAD];

pub(super) fn read_submit(mut cursor: Cursor<'_>) -> Submit {
    let alphabet = cursor.choice(&k::ALPHABET);
    let packed = cursor.take(k::PACKED.name);
    let long_messages = cursor.choice(&k::LONG_MESSAGES);
    let languages = cursor.take(k::LANGUAGES.name);
    if let (Some(value), true) = (&packed, alphabet != Alphabet::Gsm7) {
        let help = "remove it, or set alphabet = \"gsm7\"".to_owned();
        value.error(ConfigCode::Conflict, "only septets can be packed", help);
    }
    if let (Some(value), true) =
        (&languages, alphabet != Alphabet::Gsm7 || long_messages != LongMessages::Udh)
    {
        let help = "remove it, or set alphabet = \"gsm7\" and long_messages = \"udh\"".to_owned();
        value.at_key().error(ConfigCode::Conflict, "shift tables need GSM-7 and user data headers", help);
    }
    let text_data_coding = cursor.integer_optional(&k::TEXT_DATA_CODING);
    let text_data_coding = text_data_coding.and_then(|value| u8::try_from(value).ok());
    let submit = Submit {
        e164: read_e164(cursor.table(&k::E164)),
        national: cursor.table_optional(&k::NATIONAL).and_then(read_national),
        alphanumeric: read_form(cursor.table(&k::ALPHANUMERIC), &k::ALPHANUMERIC_TON, &k::ALPHANUMERIC_NPI),
        short_code: read_form(cursor.table(&k::SHORT_CODE), &k::SHORT_CODE_TON, &k::SHORT_CODE_NPI),
        service_type: read_field(&mut cursor, &k::SERVICE_TYPE, k::SERVICE_TYPE_BYTES_MAX),
        protocol_id: read_octet(&mut cursor, &k::PROTOCOL_ID),
        priority: read_priority(&mut cursor),
        validity: cursor.choice(&k::VALIDITY),
        registered_delivery: cursor.choice(&k::REGISTERED_DELIVERY),
        intermediate: cursor.flag(&k::INTERMEDIATE),
        replace_if_present: cursor.flag(&k::REPLACE_IF_PRESENT),
        message_mode: cursor.choice(&k::MESSAGE_MODE),
        alphabet,
        packed: packed.and_then(|value| value.flag()).unwrap_or(k::PACKED.default),
        text_data_coding: text_data_coding.unwrap_or(alphabet.data_coding()),
        ucs2_data_coding: read_octet(&mut cursor, &k::UCS2_DATA_CODING),
        binary_data_coding: read_octet(&mut cursor, &k::BINARY_DATA_CODING),
        long_messages,
        reference: cursor.choice(&k::REFERENCE),
        languages: languages.map(|value| read_languages(&value)).unwrap_or_default(),
        shift_tables: cursor.choice(&k::SHIFT_TABLES),
        tlvs: read_tlvs(&mut cursor),
    };
    cursor.finish();
    submit
}

fn read_e164(mut cursor: Cursor<'_>) -> AddressForm {
    let plus = cursor.flag(&k::PLUS);
    AddressForm { plus, ..read_form(cursor, &k::E164_TON, &k::E164_NPI) }
}

fn read_form(mut cursor: Cursor<'_>, ton: &Integer<u32>, npi: &Integer<u32>) -> AddressForm {
    let form =
        AddressForm { ton: read_octet(&mut cursor, ton), npi: read_octet(&mut cursor, npi), plus: false };
    cursor.finish();
    form
}

fn read_national(mut cursor: Cursor<'_>) -> Option<National> {
    let country = cursor.required(&k::COUNTRY, "write for example country = \"GB\"");
    let country = country.and_then(|value| value.country());
    let prefix = cursor.take(k::PREFIX.name).and_then(|value| read_prefix(&value));
    let form = read_form(cursor, &k::NATIONAL_TON, &k::NATIONAL_NPI);
    Some(National { country: country?, form, prefix: prefix.unwrap_or_default() })
}

fn read_prefix(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if text.len() > k::PREFIX_DIGITS_MAX || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = format!("must be up to {} digits", k::PREFIX_DIGITS_MAX);
        return value.invalid(reason, "write for example \"0\"".to_owned());
    }
    Some(text.to_owned())
}

fn read_priority(cursor: &mut Cursor<'_>) -> [u8; 4] {
    let straight = [0, 1, 2, 3];
    let Some(entries) = cursor.list(&k::PRIORITY) else { return straight };
    let flags = entries.iter().map(|entry| entry.integer(0, k::PRIORITY_FLAG_MAX));
    let flags: Option<Vec<u8>> = flags.map(|flag| flag.and_then(|flag| u8::try_from(flag).ok())).collect();
    flags.and_then(|flags| flags.try_into().ok()).unwrap_or(straight)
}

fn read_languages(value: &Value<'_>) -> Vec<Language> {
    let entries = value.list(&k::LANGUAGES).unwrap_or_default();
    read_distinct(&entries, |entry| entry.choice(&k::LANGUAGE))
}

fn read_tlvs(cursor: &mut Cursor<'_>) -> Vec<Tlv> {
    let mut tlvs: Vec<Tlv> = Vec::new();
    for entry in cursor.list(&k::TLVS).unwrap_or_default() {
        let Some(tlv) = entry.cursor().and_then(read_tlv) else { continue };
        if tlvs.iter().any(|other| other.tag == tlv.tag) {
            let reason = format!("a second parameter with the tag {:#06x}", tlv.tag);
            entry.error(ConfigCode::Conflict, reason, "remove one of them".to_owned());
        } else {
            tlvs.push(tlv);
        }
    }
    tlvs
}

fn read_tlv(mut cursor: Cursor<'_>) -> Option<Tlv> {
    let tag = cursor.required(&k::TLV_TAG, "write for example tag = 0x1401");
    let tag = tag.and_then(|value| read_tag(&value));
    let (hex, text) = (cursor.take(k::TLV_HEX.name), cursor.take(k::TLV_TEXT.name));
    let octets = match (hex, text) {
        (Some(_), Some(value)) => {
            value.at_key().error(ConfigCode::Conflict, "both hex and text", "keep one".to_owned());
            None
        }
        (Some(hex), None) => read_hex(&hex),
        (None, Some(text)) => text.text_within(k::TLV_OCTETS_MAX).map(|text| text.as_bytes().to_vec()),
        (None, None) => {
            cursor.missing(k::TLV_HEX.name, "write hex = \"01\", or text = \"…\"");
            None
        }
    };
    cursor.finish();
    Some(Tlv { tag: tag?, value: octets? })
}

fn read_tag(value: &Value<'_>) -> Option<u16> {
    if let DeValue::String(_) = value.inner {
        return value.invalid("a tag is a number", "write it without quotes: 0x1401".to_owned());
    }
    let tag = value.integer(1, u32::from(u16::MAX)).and_then(|tag| u16::try_from(tag).ok())?;
    if OWN_TAGS.contains(&tag) {
        let help = "see long_messages".to_owned();
        value.error(ConfigCode::Conflict, "the gateway sets this parameter itself", help);
        return None;
    }
    Some(tag)
}

fn read_hex(value: &Value<'_>) -> Option<Vec<u8>> {
    let text = value.text()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    let octets: Option<Vec<u8>> = pairs.collect();
    let Some(octets) = octets.filter(|octets| octets.len() <= k::TLV_OCTETS_MAX) else {
        let reason = format!("must be up to {} octets, two hexadecimal digits each", k::TLV_OCTETS_MAX);
        return value.invalid(reason, "write for example \"01ff\"".to_owned());
    };
    Some(octets)
}
