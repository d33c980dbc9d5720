//! Command statuses by name and number (SMPP 5.0, 4.7.6; SMPP 3.4, 5.1.3).

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A command status: the field of that name in the head of a response.
///
/// Written in a script as its name (`"ESME_RTHROTTLED"`) or its number (`88`): an SMSC may answer
/// with numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($name:ident $number:literal $meaning:literal;)*) => {
        impl Status {
            $(#[doc = $meaning] pub const $name: Self = Self($number);)*
        }

        /// Names as the specification writes them, without `ESME_`.
        const NAMES: &[(&str, u32)] = &[$((stringify!($name), $number),)*];
    };
}

statuses! {
    ROK 0x00 "No error.";
    RINVMSGLEN 0x01 "The length of the message is wrong.";
    RINVCMDLEN 0x02 "The length of the command is wrong.";
    RINVCMDID 0x03 "There is no such command.";
    RINVBNDSTS 0x04 "Not allowed in this bind state.";
    RALYBND 0x05 "Already bound.";
    RINVPRTFLG 0x06 "The priority is wrong.";
    RINVREGDLVFLG 0x07 "The registered delivery flag is wrong.";
    RSYSERR 0x08 "The system failed.";
    RINVSRCADR 0x0A "The source address is wrong.";
    RINVDSTADR 0x0B "The destination address is wrong.";
    RINVMSGID 0x0C "The message id is wrong.";
    RBINDFAIL 0x0D "The bind failed.";
    RINVPASWD 0x0E "The password is wrong.";
    RINVSYSID 0x0F "The system id is unknown.";
    RCANCELFAIL 0x11 "The message cannot be cancelled.";
    RREPLACEFAIL 0x13 "The message cannot be replaced.";
    RMSGQFUL 0x14 "The queue is full.";
    RINVSERTYP 0x15 "The service type is wrong.";
    RINVESMCLASS 0x43 "The esm_class is wrong.";
    RSUBMITFAIL 0x45 "The submit failed.";
    RINVSRCTON 0x48 "The source's type of number is wrong.";
    RINVSRCNPI 0x49 "The source's numbering plan is wrong.";
    RINVDSTTON 0x50 "The destination's type of number is wrong.";
    RINVDSTNPI 0x51 "The destination's numbering plan is wrong.";
    RINVSYSTYP 0x53 "The system type is wrong.";
    RTHROTTLED 0x58 "More messages than allowed.";
    RINVSCHED 0x61 "The scheduled delivery time is wrong.";
    RINVEXPIRY 0x62 "The validity period is wrong.";
    RX_T_APPN 0x64 "The ESME's application fails for now.";
    RX_P_APPN 0x65 "The ESME's application fails for good.";
    RX_R_APPN 0x66 "The ESME's application rejects the message.";
    RQUERYFAIL 0x67 "The query failed.";
    RINVTLVSTREAM 0xC0 "The optional parameters cannot be read.";
    RTLVNOTALLWD 0xC1 "This optional parameter is not allowed.";
    RINVTLVLEN 0xC2 "The length of an optional parameter is wrong.";
    RMISSINGTLV 0xC3 "An optional parameter is missing.";
    RINVTLVVAL 0xC4 "The value of an optional parameter is wrong.";
    RDELIVERYFAILURE 0xFE "The delivery failed.";
    RUNKNOWNERR 0xFF "An error without a name.";
    RSERTYPUNAUTH 0x100 "The service type is not authorized.";
    RPROHIBITED 0x101 "The operation is prohibited.";
    RSERTYPUNAVAIL 0x102 "The service type is not available.";
    RSERTYPDENIED 0x103 "The service type is denied.";
    RINVDCS 0x104 "The data coding is wrong.";
    RINVSRCADDRSUBUNIT 0x105 "The source's subunit is wrong.";
    RINVDSTADDRSUBUNIT 0x106 "The destination's subunit is wrong.";
}

impl Status {
    /// The status of that name, with or without `ESME_`.
    pub fn named(name: &str) -> Option<Self> {
        let bare = name.strip_prefix("ESME_").unwrap_or(name);
        NAMES.iter().find(|(known, _)| *known == bare).map(|(_, number)| Self(*number))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, number)| *number == self.0) {
            Some((name, _)) => write!(f, "ESME_{name}"),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrNumber)
    }
}

struct NameOrNumber;

impl Visitor<'_> for NameOrNumber {
    type Value = Status;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command status by name, as \"ESME_RTHROTTLED\", or by number, as 88")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Status, E> {
        if let Some(status) = Status::named(text) {
            return Ok(status);
        }
        let hexadecimal = text.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        hexadecimal.map(Status).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Status, E> {
        let status = u32::try_from(number).map(Status);
        status.map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Status, E> {
        let status = u32::try_from(number).map(Status);
        status.map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one() {
        for text in ["\"ESME_RTHROTTLED\"", "\"RTHROTTLED\"", "88", "\"0x58\""] {
            assert_eq!(serde_json::from_str::<Status>(text).unwrap(), Status::RTHROTTLED, "{text}");
        }
        assert_eq!(serde_json::to_string(&Status::RTHROTTLED).unwrap(), "\"ESME_RTHROTTLED\"");
        let own = Status(0x0400);
        assert_eq!(serde_json::from_str::<Status>(&serde_json::to_string(&own).unwrap()).unwrap(), own);
        assert!(serde_json::from_str::<Status>("\"ESME_RNONSENSE\"").is_err());
        assert!(serde_json::from_str::<Status>("-1").is_err());
    }
}
