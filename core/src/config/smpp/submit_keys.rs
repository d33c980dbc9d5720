//! The keys of `[providers.<name>.smpp.submit]` with their defaults and ranges.

use super::submit::{Alphabet, LongMessages, MessageMode, RegisteredDelivery, ShiftTables, Validity};
use crate::config::key::{Absent, Choice, Flag, Integer, List, Other};
use crate::text::{Language, Reference};

/// Longest `service_type`, in octets without its NUL (SMPP 3.4 section 4.4.1).
pub const SERVICE_TYPE_BYTES_MAX: usize = 5;
/// Longest `prefix` of national numbers, in digits.
pub const PREFIX_DIGITS_MAX: usize = 4;
/// Most custom TLVs.
pub const TLVS_MAX: usize = 16;
/// Longest value of a custom TLV, in octets.
pub const TLV_OCTETS_MAX: usize = 255;

pub(in crate::config) const E164: Other = Other {
    name: "e164",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how an E.164 number is written",
};
pub(in crate::config) const NATIONAL: Other = Other {
    name: "national",
    kind: "table",
    default: "none: all numbers as E.164",
    range: "",
    meaning: "how numbers of one country are written, where the SMSC wants them without calling code",
};
pub(in crate::config) const ALPHANUMERIC: Other = Other {
    name: "alphanumeric",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how a sender that is a name is written",
};
pub(in crate::config) const SHORT_CODE: Other = Other {
    name: "short_code",
    kind: "table",
    default: "defaults",
    range: "",
    meaning: "how a short code is written",
};
pub(in crate::config) const PLUS: Flag =
    Flag { name: "plus", default: false, meaning: "write the number with its `+`" };
pub(in crate::config) const COUNTRY: Other = Other {
    name: "country",
    kind: "string, country",
    default: "required",
    range: "ISO 3166-1 alpha-2",
    meaning: "country whose numbers are written so",
};
pub(in crate::config) const PREFIX: Other = Other {
    name: "prefix",
    kind: "string",
    default: "empty",
    range: "up to 4 digits",
    meaning: "what stands before the national number, such as `0`",
};
pub(in crate::config) const E164_TON: Integer<u32> = ton(1);
pub(in crate::config) const E164_NPI: Integer<u32> = npi(1);
pub(in crate::config) const NATIONAL_TON: Integer<u32> = ton(2);
pub(in crate::config) const NATIONAL_NPI: Integer<u32> = npi(1);
pub(in crate::config) const ALPHANUMERIC_TON: Integer<u32> = ton(5);
pub(in crate::config) const ALPHANUMERIC_NPI: Integer<u32> = npi(0);
pub(in crate::config) const SHORT_CODE_TON: Integer<u32> = ton(3);
pub(in crate::config) const SHORT_CODE_NPI: Integer<u32> = npi(0);

pub(in crate::config) const SERVICE_TYPE: Other = Other {
    name: "service_type",
    kind: "string",
    default: "empty",
    range: "up to 5 of printable ASCII",
    meaning: "`service_type` of every message",
};
pub(in crate::config) const PROTOCOL_ID: Integer<u32> =
    Integer { name: "protocol_id", default: 0, min: 0, max: 255, meaning: "`protocol_id` of every message" };
pub(in crate::config) const PRIORITY: List = List {
    name: "priority",
    entry: "integers, 0 to 4",
    default: Absent("`[0, 1, 2, 3]`"),
    entries_min: 4,
    entries_max: 4,
    meaning: "`priority_flag` for the gateway's priorities 0 (bulk), 1, 2 and 3 (urgent)",
};
pub(in crate::config) const PRIORITY_FLAG_MAX: u32 = 4;
pub(in crate::config) const VALIDITY: Choice<Validity> = Choice {
    name: "validity",
    default: Validity::Relative,
    choices: &[("relative", Validity::Relative), ("absolute", Validity::Absolute), ("none", Validity::None)],
    meaning: "how long a message is valid: as a time from now, as a time in UTC, or left to the SMSC",
};
pub(in crate::config) const REGISTERED_DELIVERY: Choice<RegisteredDelivery> = Choice {
    name: "registered_delivery",
    default: RegisteredDelivery::Final,
    choices: &[
        ("none", RegisteredDelivery::None),
        ("final", RegisteredDelivery::Final),
        ("failure", RegisteredDelivery::Failure),
        ("success", RegisteredDelivery::Success),
    ],
    meaning: "which receipts are asked for: none, of every end, of failures, of deliveries (SMPP 5.0)",
};
pub(in crate::config) const INTERMEDIATE: Flag =
    Flag { name: "intermediate", default: false, meaning: "ask for intermediate notifications too" };
pub(in crate::config) const REPLACE_IF_PRESENT: Flag = Flag {
    name: "replace_if_present",
    default: false,
    meaning: "a message replaces one that still waits with the same sender, recipient and service type",
};
pub(in crate::config) const MESSAGE_MODE: Choice<MessageMode> = Choice {
    name: "message_mode",
    default: MessageMode::Default,
    choices: &[
        ("default", MessageMode::Default),
        ("datagram", MessageMode::Datagram),
        ("transaction", MessageMode::Transaction),
        ("store-and-forward", MessageMode::StoreAndForward),
    ],
    meaning: "messaging mode of `esm_class`",
};
pub(in crate::config) const ALPHABET: Choice<Alphabet> = Choice {
    name: "alphabet",
    default: Alphabet::Gsm7,
    choices: &[("gsm7", Alphabet::Gsm7), ("latin1", Alphabet::Latin1), ("ascii", Alphabet::Ascii)],
    meaning: "alphabet of a text that needs no UCS-2",
};
pub(in crate::config) const PACKED: Flag = Flag {
    name: "packed",
    default: false,
    meaning: "eight septets of GSM-7 in seven octets, instead of one septet in each",
};
pub(in crate::config) const TEXT_DATA_CODING: Integer<Absent> = Integer {
    name: "text_data_coding",
    default: Absent("0 for gsm7, 3 for latin1, 1 for ascii"),
    min: 0,
    max: 255,
    meaning: "`data_coding` of a text in `alphabet`",
};
pub(in crate::config) const UCS2_DATA_CODING: Integer<u32> = Integer {
    name: "ucs2_data_coding",
    default: 8,
    min: 0,
    max: 255,
    meaning: "`data_coding` of a text in UCS-2",
};
pub(in crate::config) const BINARY_DATA_CODING: Integer<u32> = Integer {
    name: "binary_data_coding",
    default: 4,
    min: 0,
    max: 255,
    meaning: "`data_coding` of a binary message",
};
pub(in crate::config) const LONG_MESSAGES: Choice<LongMessages> = Choice {
    name: "long_messages",
    default: LongMessages::Udh,
    choices: &[("udh", LongMessages::Udh), ("sar", LongMessages::Sar), ("payload", LongMessages::Payload)],
    meaning: "how a message of several parts is sent: user data headers, `sar_…` parameters, or whole in `message_payload`",
};
pub(in crate::config) const REFERENCE: Choice<Reference> = Choice {
    name: "reference",
    default: Reference::Eight,
    choices: &[("8-bit", Reference::Eight), ("16-bit", Reference::Sixteen)],
    meaning: "size of the number that ties the parts together, with `udh`",
};
pub(in crate::config) const LANGUAGES: List = List {
    name: "languages",
    entry: "languages",
    default: Absent("none: only the default alphabet"),
    entries_min: 1,
    entries_max: 13,
    meaning: "languages whose national shift tables the SMSC takes; a text in UCS-2 is sent with one where that saves segments",
};
pub(in crate::config) const LANGUAGE: Choice<Language> = Choice {
    name: "language",
    default: Language::Turkish,
    choices: &[
        ("turkish", Language::Turkish),
        ("spanish", Language::Spanish),
        ("portuguese", Language::Portuguese),
        ("bengali", Language::Bengali),
        ("gujarati", Language::Gujarati),
        ("hindi", Language::Hindi),
        ("kannada", Language::Kannada),
        ("malayalam", Language::Malayalam),
        ("oriya", Language::Oriya),
        ("punjabi", Language::Punjabi),
        ("tamil", Language::Tamil),
        ("telugu", Language::Telugu),
        ("urdu", Language::Urdu),
    ],
    meaning: "a language",
};
pub(in crate::config) const SHIFT_TABLES: Choice<ShiftTables> = Choice {
    name: "shift_tables",
    default: ShiftTables::Both,
    choices: &[
        ("both", ShiftTables::Both),
        ("single", ShiftTables::Single),
        ("locking", ShiftTables::Locking),
    ],
    meaning: "kinds of tables that the SMSC takes; only with `languages`",
};
pub(in crate::config) const TLVS: List = List {
    name: "tlvs",
    entry: "tables",
    default: Absent("none"),
    entries_min: 0,
    entries_max: TLVS_MAX,
    meaning: "optional parameters that every message carries",
};
pub(in crate::config) const TLV_TAG: Other = Other {
    name: "tag",
    kind: "integer",
    default: "required",
    range: "1 to 65535, such as 0x1401; none that the gateway sets itself",
    meaning: "tag of the parameter",
};
pub(in crate::config) const TLV_HEX: Other = Other {
    name: "hex",
    kind: "string",
    default: "this or `text`",
    range: "up to 255 octets as hexadecimal digits",
    meaning: "value of the parameter",
};
pub(in crate::config) const TLV_TEXT: Other = Other {
    name: "text",
    kind: "string",
    default: "this or `hex`",
    range: "1 to 255 bytes",
    meaning: "value of the parameter, without a NUL at its end",
};

const fn ton(default: u32) -> Integer<u32> {
    Integer { name: "ton", default, min: 0, max: 255, meaning: "type of number (SMPP 3.4 section 5.2.5)" }
}

const fn npi(default: u32) -> Integer<u32> {
    Integer { name: "npi", default, min: 0, max: 255, meaning: "numbering plan (SMPP 3.4 section 5.2.6)" }
}
