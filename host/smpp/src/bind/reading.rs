//! What a session does with each PDU that comes in.

use std::sync::Arc;

use waypost_core::smpp::pdu::{Tlv, tag, tlv};

use super::session::Session;
use super::window::Answered;
use crate::codec::frame::{BadLength, Header};
use crate::codec::{CommandStatus, command, decode, encode};
use crate::incoming::{Delivery, DeliveryKind, Ended};
use crate::outcome::Submitted;

impl Session<'_> {
    /// Works on all PDUs that have come as a whole, as long as there is room for what follows from
    /// them.
    pub(super) fn read_pdus(&mut self) {
        while self.may_answer() {
            let header = match self.input.peek() {
                Ok(Some(header)) => header,
                Ok(None) => return self.clock.hold(false),
                Err(bad) => return self.on_bad_length(bad),
            };
            let is_delivery = matches!(header.command, command::DELIVER_SM | command::DATA_SM);
            if is_delivery && self.is_mute() {
                // It could not be answered, so the SMSC will send it again.
                self.input.take(header);
            } else if is_delivery {
                let Some(place) = self.deliveries.place() else {
                    // Nothing more is read until a delivery is done.
                    return self.clock.hold(true);
                };
                self.clock.hold(false);
                self.on_delivery(header, place);
            } else {
                self.clock.hold(false);
                self.on_pdu(header);
            }
        }
    }

    fn on_pdu(&mut self, header: Header) {
        let range = self.input.take(header);
        self.bind.trace_in(header, self.input.body(range.clone()));
        match header.command {
            command::SUBMIT_SM_RESP => {
                let status = CommandStatus(header.status);
                let body = self.input.body(range);
                let answer = decode::submit_sm_resp(body, status, self.shared.options.limits.tlvs_max);
                self.on_submitted(header, answer.message_id, answer.tlvs);
            }
            command::GENERIC_NACK => {
                self.shared.counters.nacks_received.one();
                self.on_submitted(header, String::new(), Vec::new());
            }
            command::ENQUIRE_LINK => self.answer(command::ENQUIRE_LINK_RESP, CommandStatus::ROK, header),
            // Anything that comes is a sign of life.
            command::ENQUIRE_LINK_RESP | command::ALERT_NOTIFICATION => {}
            command::UNBIND => self.peer_unbinds(header.sequence),
            command::UNBIND_RESP => {
                if !self.unbound(header.sequence) {
                    self.shared.counters.unexpected_responses.one();
                }
            }
            command::OUTBIND => {
                self.shared.counters.unknown_commands.one();
                if !self.outbind_told {
                    self.outbind_told = true;
                    tracing::warn!(
                        provider = %self.shared.options.name, bind = self.bind.index,
                        "refused an outbind: this side makes its binds itself"
                    );
                }
                self.answer(command::GENERIC_NACK, CommandStatus::RINVBNDSTS, header);
            }
            answer if command::is_response(answer) => self.shared.counters.unexpected_responses.one(),
            _ => {
                self.shared.counters.unknown_commands.one();
                self.answer(command::GENERIC_NACK, CommandStatus::RINVCMDID, header);
            }
        }
    }

    /// An answer to a submit. `generic_nack` refuses one, too, whatever its status.
    fn on_submitted(&mut self, header: Header, message_id: String, tlvs: Vec<Tlv>) {
        let counters = &self.shared.counters;
        let pending = match self.window.answer(header.sequence) {
            Answered::Pending(pending) => pending,
            Answered::Late => return counters.late_responses.one(),
            Answered::Unknown => return counters.unexpected_responses.one(),
        };
        let status = CommandStatus(header.status);
        let now = self.clock.real();
        self.pace.heed_status(now, status);
        if self.shared.options.throttling.heed_congestion
            && let Some(&[congestion]) = tlv(&tlvs, tag::CONGESTION_STATE)
        {
            self.pace.heed_congestion(now, congestion);
        }
        let nack = header.command == command::GENERIC_NACK;
        let outcome = if status.is_ok() && !nack {
            counters.accepted.one();
            Submitted::Accepted { message_id, tlvs }
        } else {
            counters.refused.one();
            if status.is_throttling() {
                counters.throttled.one();
            }
            let status = if status.is_ok() { CommandStatus::RSYSERR } else { status };
            Submitted::Refused { status, tlvs }
        };
        // Whoever has gone does not care.
        let _ = pending.reply.send(outcome);
    }

    fn on_delivery(&mut self, header: Header, place: tokio::sync::OwnedSemaphorePermit) {
        let range = self.input.take(header);
        let body = self.input.body(range);
        self.bind.trace_in(header, body);
        let options = &self.shared.options;
        let tlvs_max = options.limits.tlvs_max;
        let (kind, read) = if header.command == command::DELIVER_SM {
            (DeliveryKind::DeliverSm, decode::deliver_sm(body, tlvs_max))
        } else {
            (DeliveryKind::DataSm, decode::data_sm(body, tlvs_max))
        };
        match read {
            Ok(pdu) => {
                let delivery = Delivery { pdu, kind, bind: self.bind.index };
                let incoming = Arc::clone(&self.shared.incoming);
                let request = (header.command, header.sequence);
                self.deliveries.begin(incoming, delivery, request, options.timeouts.deliver, place);
            }
            Err(decode::Unreadable(status)) => {
                self.shared.counters.unreadable.one();
                tracing::debug!(provider = %options.name, bind = self.bind.index, %status, "unreadable delivery");
                self.push(&encode::delivery_resp(header.command, status, header.sequence), None);
            }
        }
    }

    fn on_bad_length(&mut self, bad: BadLength) {
        tracing::warn!(
            provider = %self.shared.options.name, bind = self.bind.index, octets = bad.length,
            "a PDU of an impossible length ends the SMPP session"
        );
        let nack = encode::bare(command::GENERIC_NACK, CommandStatus::RINVCMDLEN, bad.sequence);
        self.leave(Ended::Malformed, &nack);
    }

    fn answer(&mut self, command: u32, status: CommandStatus, header: Header) {
        self.push(&encode::bare(command, status, header.sequence), None);
    }
}
