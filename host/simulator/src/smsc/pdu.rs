//! PDUs as octets: what a server reads of them, and how it writes its own.
//!
//! Written from the specification (SMPP 3.4 and 5.0, section 4) for the simulator alone: Waypost's
//! own SMPP code has another codec, so that a fault of one shows as a difference.

use super::status::Status;

/// Octets of the head: length, command, status, sequence number (SMPP 5.0, 3.2).
pub const HEAD_BYTES: usize = 16;
/// Longest `short_message`, in octets: its length is one octet, and 255 is reserved (SMPP 5.0, 4.8.4.57).
pub const SHORT_MESSAGE_BYTES_MAX: usize = 254;

/// Commands that the simulator knows (SMPP 5.0, 4.7.5). A response has the highest bit set.
pub mod command {
    /// Highest bit: this is a response.
    pub const RESPONSE: u32 = 0x8000_0000;
    /// `generic_nack`.
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    /// `bind_receiver`.
    pub const BIND_RECEIVER: u32 = 0x01;
    /// `bind_transmitter`.
    pub const BIND_TRANSMITTER: u32 = 0x02;
    /// `query_sm`.
    pub const QUERY_SM: u32 = 0x03;
    /// `submit_sm`.
    pub const SUBMIT_SM: u32 = 0x04;
    /// `deliver_sm`.
    pub const DELIVER_SM: u32 = 0x05;
    /// `unbind`.
    pub const UNBIND: u32 = 0x06;
    /// `replace_sm`.
    pub const REPLACE_SM: u32 = 0x07;
    /// `cancel_sm`.
    pub const CANCEL_SM: u32 = 0x08;
    /// `bind_transceiver`.
    pub const BIND_TRANSCEIVER: u32 = 0x09;
    /// `outbind`.
    pub const OUTBIND: u32 = 0x0B;
    /// `enquire_link`.
    pub const ENQUIRE_LINK: u32 = 0x15;
    /// `alert_notification`.
    pub const ALERT_NOTIFICATION: u32 = 0x0102;
    /// `data_sm`.
    pub const DATA_SM: u32 = 0x0103;
}

/// Tags of the optional parameters that the simulator writes or looks for (SMPP 5.0, 4.8.1).
pub mod tag {
    /// `receipted_message_id`: the message that a receipt is about.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// `additional_status_info_text`.
    pub const ADDITIONAL_STATUS_INFO_TEXT: u16 = 0x001D;
    /// `user_message_reference`.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// `sar_msg_ref_num`.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// `sar_total_segments`.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// `sar_segment_seqnum`.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// `sc_interface_version`.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// `network_error_code`.
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    /// `message_payload`.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// `message_state`.
    pub const MESSAGE_STATE: u16 = 0x0427;
    /// `congestion_state`.
    pub const CONGESTION_STATE: u16 = 0x0428;
}

/// The head of a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Octets of the whole PDU, head included.
    pub length: u32,
    /// See [`command`].
    pub command: u32,
    /// Zero in a request.
    pub status: Status,
    /// 1 to 0x7FFFFFFF by the specification; the simulator takes and returns any.
    pub sequence: u32,
}

impl Head {
    /// The head at the beginning of `octets`; `None` where that is less than a head.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let mut words = octets.get(..HEAD_BYTES)?.chunks_exact(4).map(word);
        let (length, command) = (words.next()?, words.next()?);
        Some(Self { length, command, status: Status(words.next()?), sequence: words.next()? })
    }
}

/// What stands at the beginning of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole PDU: head and body.
    Whole(Head, &'a [u8]),
    /// Not all of it is there.
    Partial,
    /// A length below that of a head or above the maximum: where the next PDU begins is not known.
    Broken(Head),
}

/// Looks at the beginning of a buffer. `bytes_max` is the longest PDU taken.
pub fn frame(octets: &[u8], bytes_max: usize) -> Frame<'_> {
    let Some(head) = Head::read(octets) else {
        return Frame::Partial;
    };
    let length = usize::try_from(head.length).unwrap_or(usize::MAX);
    if length < HEAD_BYTES || length > bytes_max {
        return Frame::Broken(head);
    }
    match octets.get(HEAD_BYTES..length) {
        Some(body) => Frame::Whole(head, body),
        None => Frame::Partial,
    }
}

/// Why a body cannot be read, as the status that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body ends within a mandatory field.
    #[error("the body ends within a mandatory field")]
    Short,
    /// A string is longer than its field may be, or has no end.
    #[error("a string is longer than its field")]
    String,
    /// `sm_length` is more than there is, or than 254.
    #[error("sm_length is more than there is")]
    MessageLength,
    /// An optional parameter is cut off.
    #[error("an optional parameter is cut off")]
    Tlv,
}

impl Malformed {
    /// The status that is answered.
    pub fn status(self) -> Status {
        match self {
            Self::Short => Status::RINVCMDLEN,
            Self::String => Status::RINVMSGLEN,
            Self::MessageLength => Status::RINVMSGLEN,
            Self::Tlv => Status::RINVTLVSTREAM,
        }
    }
}

/// An address with its type of number and numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Type of number (SMPP 5.0, 4.7.1).
    pub ton: u8,
    /// Numbering plan indicator (SMPP 5.0, 4.7.2).
    pub npi: u8,
    /// At most 20 octets in submit_sm, 64 in data_sm.
    pub octets: &'a [u8],
}

/// The body of a bind.
#[derive(Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// At most 15 octets.
    pub system_id: &'a [u8],
    /// At most 8 octets by the specification; the simulator takes 64, as many real ones do.
    pub password: &'a [u8],
    /// At most 12 octets.
    pub system_type: &'a [u8],
    /// 0x34 for 3.4, 0x50 for 5.0.
    pub interface_version: u8,
    /// Type of number, numbering plan and pattern of the addresses served.
    pub range: Address<'a>,
}

impl<'a> Bind<'a> {
    /// Reads the body of any of the three binds.
    ///
    /// # Errors
    /// Where it is cut off, or a string is longer than its field.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(body);
        Ok(Self {
            system_id: rest.string(15)?,
            password: rest.string(64)?,
            system_type: rest.string(12)?,
            interface_version: rest.octet()?,
            range: rest.address(40)?,
        })
    }
}

/// The body of `submit_sm`, or of `data_sm` (which lacks some of the fields: they are zero then).
#[derive(Debug, PartialEq, Eq)]
pub struct Submit<'a> {
    /// At most 5 octets.
    pub service_type: &'a [u8],
    /// The sender.
    pub source: Address<'a>,
    /// The recipient.
    pub destination: Address<'a>,
    /// Mode, type, and whether there is a user data header (bit 6).
    pub esm_class: u8,
    /// GSM only.
    pub protocol_id: u8,
    /// 0 to 4.
    pub priority: u8,
    /// Empty, or 16 octets.
    pub schedule: &'a [u8],
    /// Empty, or 16 octets.
    pub validity: &'a [u8],
    /// Bits 0 and 1: receipt never, always, on failure, on success. Bit 4: intermediate notifications.
    pub registered_delivery: u8,
    /// 0 or 1.
    pub replace_if_present: u8,
    /// SMPP 5.0, 4.7.7.
    pub data_coding: u8,
    /// A message that the SMSC has stored.
    pub default_message: u8,
    /// At most 254 octets.
    pub short_message: &'a [u8],
    /// All optional parameters, whole.
    pub tlvs: Tlvs<'a>,
}

impl<'a> Submit<'a> {
    /// Reads the body of `submit_sm`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(body);
        let submit = Self {
            service_type: rest.string(5)?,
            source: rest.address(20)?,
            destination: rest.address(20)?,
            esm_class: rest.octet()?,
            protocol_id: rest.octet()?,
            priority: rest.octet()?,
            schedule: rest.string(16)?,
            validity: rest.string(16)?,
            registered_delivery: rest.octet()?,
            replace_if_present: rest.octet()?,
            data_coding: rest.octet()?,
            default_message: rest.octet()?,
            short_message: rest.short_message()?,
            tlvs: Tlvs(&[]),
        };
        Ok(Self { tlvs: rest.tlvs()?, ..submit })
    }

    /// Reads the body of `data_sm`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_data(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(body);
        let submit = Self {
            service_type: rest.string(5)?,
            source: rest.address(64)?,
            destination: rest.address(64)?,
            esm_class: rest.octet()?,
            protocol_id: 0,
            priority: 0,
            schedule: &[],
            validity: &[],
            registered_delivery: rest.octet()?,
            replace_if_present: 0,
            data_coding: rest.octet()?,
            default_message: 0,
            short_message: &[],
            tlvs: Tlvs(&[]),
        };
        Ok(Self { tlvs: rest.tlvs()?, ..submit })
    }

    /// The message: `message_payload` where there is one, else `short_message`.
    pub fn content(&self) -> &'a [u8] {
        self.tlvs.get(tag::MESSAGE_PAYLOAD).unwrap_or(self.short_message)
    }
}

/// Optional parameters, checked to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    /// The value of the first one with that tag.
    pub fn get(self, tag: u16) -> Option<&'a [u8]> {
        self.into_iter().find(|(found, _)| *found == tag).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [tag_high, tag_low, length_high, length_low, rest @ ..] = self.0 else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((u16::from_be_bytes([*tag_high, *tag_low]), value))
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn octet(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A string that ends with a zero octet, which is not counted in `bytes_max`.
    fn string(&mut self, bytes_max: usize) -> Result<&'a [u8], Malformed> {
        let window = &self.0[..self.0.len().min(bytes_max + 1)];
        let Some(end) = window.iter().position(|octet| *octet == 0) else {
            return Err(if window.len() > bytes_max { Malformed::String } else { Malformed::Short });
        };
        let string = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(string)
    }

    fn address(&mut self, bytes_max: usize) -> Result<Address<'a>, Malformed> {
        Ok(Address { ton: self.octet()?, npi: self.octet()?, octets: self.string(bytes_max)? })
    }

    fn short_message(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::from(self.octet()?);
        if length > SHORT_MESSAGE_BYTES_MAX {
            return Err(Malformed::MessageLength);
        }
        let (message, rest) = self.0.split_at_checked(length).ok_or(Malformed::MessageLength)?;
        self.0 = rest;
        Ok(message)
    }

    fn tlvs(&mut self) -> Result<Tlvs<'a>, Malformed> {
        let all = Tlvs(self.0);
        let mut rest = all;
        while rest.next().is_some() {}
        if rest.0.is_empty() { Ok(all) } else { Err(Malformed::Tlv) }
    }
}

fn word(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn submit_body(message: &[u8], tlvs: &[u8]) -> Vec<u8> {
        let mut body =
            b"CMT\0\x05\0Shop\0\x01\x01420601123456\0\x40\x01\x02\x00000001000000000R\0\x01\x01\x08\x07"
                .to_vec();
        body.push(u8::try_from(message.len()).unwrap());
        body.extend(message);
        body.extend(tlvs);
        body
    }

    #[test]
    fn a_submit_is_read_field_by_field() {
        let body = submit_body(b"hello", &[0x02, 0x04, 0, 2, 0x12, 0x34, 0x14, 0, 0, 0]);
        let submit = Submit::read(&body).unwrap();
        assert_eq!(submit.service_type, b"CMT");
        assert_eq!(submit.source, Address { ton: 5, npi: 0, octets: b"Shop" });
        assert_eq!(submit.destination, Address { ton: 1, npi: 1, octets: b"420601123456" });
        assert_eq!((submit.esm_class, submit.protocol_id, submit.priority), (0x40, 1, 2));
        assert_eq!((submit.schedule, submit.validity), (&b""[..], &b"000001000000000R"[..]));
        assert_eq!((submit.registered_delivery, submit.replace_if_present), (1, 1));
        assert_eq!((submit.data_coding, submit.default_message), (8, 7));
        assert_eq!(submit.content(), b"hello");
        let tlvs: Vec<_> = submit.tlvs.collect();
        assert_eq!(tlvs, [(0x0204, &[0x12, 0x34][..]), (0x1400, &[][..])]);
    }

    #[test]
    fn each_fault_has_its_status() {
        let whole = submit_body(b"hello", &[0x02, 0x04, 0, 2, 0x12, 0x34]);
        for (cut, malformed) in [
            (2, Malformed::Short),
            (whole.len() - 1, Malformed::Tlv),
            (whole.len() - 3, Malformed::Tlv),
            (whole.len() - 8, Malformed::MessageLength),
        ] {
            assert_eq!(Submit::read(&whole[..cut]), Err(malformed), "{cut}");
        }
        assert_eq!(Submit::read(b"123456\0"), Err(Malformed::String));
        assert_eq!(frame(&[0, 0, 0, 15, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1], 100), {
            Frame::Broken(Head { length: 15, command: 4, status: Status::ROK, sequence: 1 })
        });
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = frame(&octets, 200);
            let _ = Bind::read(&octets);
            for read in [Submit::read(&octets), Submit::read_data(&octets)].into_iter().flatten() {
                let _ = (read.content(), read.tlvs.count());
            }
        }

        #[test]
        fn changed_submits_do_not_make_it_panic(
            message in proptest::collection::vec(any::<u8>(), 0..254),
            at in any::<prop::sample::Index>(),
            octet in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut body = submit_body(&message, &[0x02, 0x04, 0, 2, 0x12, 0x34]);
            let at = at.index(body.len());
            body[at] = octet;
            let _ = Submit::read(&body);
            let _ = Submit::read(&body[..cut.index(body.len())]);
        }
    }
}
