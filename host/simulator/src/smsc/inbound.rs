//! Inbound messages (MO) as the `deliver_sm` that carry them.

use super::pdu::tag;
use super::script::{Inbound, Parts};
use super::text;
use super::write::{Delivery, Party};

/// Data coding of octets without an alphabet (SMPP 5.0, 4.7.7).
const CODING_BINARY: u8 = 4;
/// Bit of `esm_class`: the message begins with a user data header (UDHI).
const UDHI: u8 = 0x40;
/// Octets, or characters of the default alphabet, of a message that is not cut (3GPP TS 23.038 and 23.040).
const SINGLE: Room = Room { characters: 160, octets: 140 };

#[derive(Clone, Copy)]
struct Room {
    characters: usize,
    octets: usize,
}

impl Room {
    fn of(self, data_coding: u8) -> usize {
        if data_coding == text::CODING_DEFAULT { self.characters } else { self.octets }
    }
}

/// The parts of a message, in the order in which they leave. `reference` is what joins them. At most
/// 255 parts: what is beyond is cut off.
pub fn deliveries(order: &Inbound, reference: u16) -> Vec<Delivery> {
    let (data_coding, message) = content(order);
    let plain = Delivery {
        data_sm: false,
        source: Party::guess(&order.from),
        destination: Party::guess(&order.to),
        esm_class: 0,
        data_coding,
        message: Vec::new(),
        payload: false,
        tlvs: Vec::new(),
    };
    if order.parts == Parts::Payload || message.len() <= SINGLE.of(data_coding) {
        return vec![Delivery { message, payload: order.parts == Parts::Payload, ..plain }];
    }
    let pieces = pieces(data_coding, &message, room(order.parts).of(data_coding));
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    let mut parts: Vec<(u8, Delivery)> = (1..=total)
        .zip(pieces)
        .map(|(number, piece)| (number, part(order.parts, &plain, reference, total, number, piece)))
        .filter(|(number, _)| !order.missing.contains(number))
        .collect();
    if order.reversed {
        parts.reverse();
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

fn content(order: &Inbound) -> (u8, Vec<u8>) {
    let (data_coding, message) = match (&order.text, &order.data) {
        (Some(text), _) => text::encode(text),
        (None, Some(data)) => (CODING_BINARY, octets_of(data)),
        (None, None) => (text::CODING_DEFAULT, Vec::new()),
    };
    (order.data_coding.unwrap_or(data_coding), message)
}

fn room(parts: Parts) -> Room {
    match parts {
        Parts::Udh16 => Room { characters: 152, octets: 133 },
        _ => Room { characters: 153, octets: 134 },
    }
}

fn pieces(data_coding: u8, message: &[u8], room: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(text::cut(data_coding, rest, room));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn part(parts: Parts, plain: &Delivery, reference: u16, total: u8, number: u8, piece: &[u8]) -> Delivery {
    let [high, low] = reference.to_be_bytes();
    let header: &[u8] = match parts {
        Parts::Udh16 => &[6, 8, 4, high, low, total, number],
        Parts::Udh => &[5, 0, 3, low, total, number],
        Parts::Sar | Parts::Payload => &[],
    };
    let mut delivery = Delivery { message: [header, piece].concat(), ..plain.clone() };
    if header.is_empty() {
        delivery.tlvs = vec![
            (tag::SAR_MSG_REF_NUM, vec![high, low]),
            (tag::SAR_TOTAL_SEGMENTS, vec![total]),
            (tag::SAR_SEGMENT_SEQNUM, vec![number]),
        ];
    } else {
        delivery.esm_class = UDHI;
    }
    delivery
}

/// The octets of a hexadecimal text; pairs that are not hexadecimal are left out.
pub(crate) fn octets_of(hexadecimal: &str) -> Vec<u8> {
    let digits = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    hexadecimal.as_bytes().chunks(2).filter_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str, parts: Parts) -> Inbound {
        let script = format!("from = \"+420601123456\"\nto = \"10000\"\ntext = {text:?}");
        Inbound { parts, ..toml::from_str(&script).unwrap() }
    }

    #[test]
    fn what_fits_is_not_cut() {
        let all = deliveries(&order(&"x".repeat(160), Parts::Udh), 7);
        assert_eq!((all.len(), all[0].message.len(), all[0].esm_class), (1, 160, 0));
        let all = deliveries(&order(&"ж".repeat(70), Parts::Sar), 7);
        assert_eq!((all.len(), all[0].message.len(), all[0].data_coding), (1, 140, 8));
    }

    #[test]
    fn parts_put_together_are_the_message() {
        let text = "👍€".repeat(120);
        for parts in [Parts::Udh, Parts::Udh16, Parts::Sar, Parts::Payload] {
            let all = deliveries(&order(&text, parts), 0x0102);
            let mut whole = Vec::new();
            for (index, part) in all.iter().enumerate() {
                let header = if part.esm_class == UDHI { usize::from(part.message[0]) + 1 } else { 0 };
                assert!(part.message.len() <= 140 || parts == Parts::Payload);
                let number = u8::try_from(index + 1).unwrap();
                match parts {
                    Parts::Udh => assert_eq!(part.message[..6], [5, 0, 3, 2, 6, number]),
                    Parts::Udh16 => assert_eq!(part.message[..7], [6, 8, 4, 1, 2, 6, number]),
                    Parts::Sar => assert_eq!(part.tlvs[2], (tag::SAR_SEGMENT_SEQNUM, vec![number])),
                    Parts::Payload => assert!(part.payload),
                }
                let octets = &part.message[header..];
                assert!(!text::decode(8, octets).unwrap().contains('\u{fffd}'));
                whole.extend_from_slice(octets);
            }
            assert_eq!(text::decode(8, &whole).unwrap(), text);
        }
    }

    #[test]
    fn parts_can_be_left_out_and_turned_around() {
        let order = Inbound { reversed: true, missing: vec![2], ..order(&"x".repeat(400), Parts::Udh) };
        let numbers: Vec<u8> = deliveries(&order, 1).iter().map(|part| part.message[5]).collect();
        assert_eq!(numbers, [3, 1]);
    }
}
