//! What tests and users can see of a running SMSC, and tell it to do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::SmscError;
use super::counts::Report;
use super::hub::{Content, Hub, Link, Order, Waiting};
use super::inbound;
use super::log::Entry;
use super::receipt::{Carrier, Dialect, Receipt, State, quote};
use super::script::{Drop, Inbound, Script};
use super::script_file::ScriptError;
use super::write::{Delivery, Malformation, Party};

/// How long an ESME may take to accept the connection of an `outbind`.
const CONNECT: Duration = Duration::from_secs(5);
/// Most messages of one order.
const TIMES_MAX: u64 = 1_000_000;

/// Connections that were made for an `outbind`.
pub(super) type Outbinds = mpsc::Receiver<(TcpStream, SocketAddr)>;

/// Looks at an SMSC, and tells it what to do. All calls but [`Control::outbind`] are short.
#[derive(Clone)]
pub struct Control {
    hub: Arc<Hub>,
    outbinds: mpsc::Sender<(TcpStream, SocketAddr)>,
}

/// Something to send, now or later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliverOrder {
    /// An inbound message (MO).
    Inbound(Inbound),
    /// A receipt.
    Receipt(ReceiptOrder),
    /// Octets as they are, in the place of a PDU.
    Raw(RawOrder),
    /// A PDU that is wrong.
    Malformed(MalformedOrder),
    /// An `enquire_link`.
    EnquireLink(LinkOrder),
}

/// A receipt for any message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptOrder {
    /// Which system gets it; any one that is bound to receive where it is left out.
    pub system_id: Option<String>,
    /// Id of the message, as it is to be in the receipt.
    pub id: String,
    /// Recipient of the message.
    pub from: String,
    /// Sender of the message.
    pub to: String,
    /// What became of it.
    pub state: State,
    /// What carries it, where not as the script says.
    pub by: Option<Carrier>,
    /// How the text is written, where not as the script says.
    pub dialect: Option<Dialect>,
    /// The whole text, instead of a dialect's; without optional parameters.
    pub text: Option<String>,
    /// After so many milliseconds.
    #[serde(default)]
    pub after_ms: u64,
}

/// Octets to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawOrder {
    /// Over which link; over all where it is left out.
    pub link: Option<u64>,
    /// The octets, in hexadecimal.
    pub hex: String,
}

/// A wrong PDU to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MalformedOrder {
    /// Over which link; over all where it is left out.
    pub link: Option<u64>,
    /// What is wrong with it.
    pub what: Malformation,
}

/// Which link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkOrder {
    /// Its number; all where it is left out.
    pub link: Option<u64>,
}

impl Control {
    pub(super) fn new(hub: Arc<Hub>, outbinds: mpsc::Sender<(TcpStream, SocketAddr)>) -> Self {
        Self { hub, outbinds }
    }

    /// The counts.
    pub fn counts(&self) -> Report {
        self.hub.counts.report()
    }

    /// Submits to that recipient, as its address stood in them (`log.recipients` of the script).
    pub fn submits_to(&self, recipient: &str) -> u64 {
        self.hub.counts.of(recipient)
    }

    /// What happened after the entry of that number (0: from the beginning), at most so many entries.
    /// The log holds the last `log.entries` of the script.
    pub fn log(&self, after: u64, entries_max: usize) -> Vec<Entry> {
        self.hub.log.as_ref().map(|log| log.after(after, entries_max)).unwrap_or_default()
    }

    /// The links that are open.
    pub fn links(&self) -> Vec<Link> {
        self.hub.links()
    }

    /// The script as it is now.
    pub fn script(&self) -> Script {
        (*self.hub.script()).clone()
    }

    /// Changes keys of the script: a JSON object as the script would have it.
    ///
    /// # Errors
    /// Where it has an unknown key, one that only holds from the start, or a value out of range.
    pub fn set(&self, changes: &serde_json::Value) -> Result<(), ScriptError> {
        self.hub.set(self.hub.script().with(changes)?);
        Ok(())
    }

    /// Sends something.
    ///
    /// # Errors
    /// Where the order is invalid, or there is nobody to send it to.
    pub fn deliver(&self, order: DeliverOrder) -> Result<(), SmscError> {
        match order {
            DeliverOrder::Inbound(order) => self.deliver_inbound(&order),
            DeliverOrder::Receipt(order) => self.deliver_receipt(&order),
            DeliverOrder::Raw(RawOrder { link, hex }) => {
                if !crate::protocol::is_hex(&hex) {
                    return Err(SmscError::Order("hex: not octets in hexadecimal".to_owned()));
                }
                let octets = inbound::octets_of(&hex);
                self.order(link, || Order::Raw(octets.clone()))
            }
            DeliverOrder::Malformed(MalformedOrder { link, what }) => {
                self.order(link, || Order::Malformed(what))
            }
            DeliverOrder::EnquireLink(LinkOrder { link }) => self.order(link, || Order::EnquireLink),
        }
    }

    /// Breaks one link, or all; says how many.
    pub fn drop_links(&self, link: Option<u64>, how: Drop) -> usize {
        self.hub.order(link, || Order::Drop(how))
    }

    /// Connects to an ESME that listens there. With `bind.outbind` of the script, `outbind` is the first
    /// PDU on that link as on any other.
    ///
    /// # Errors
    /// Where it cannot be reached within five seconds.
    pub async fn outbind(&self, address: SocketAddr) -> Result<(), SmscError> {
        let connected = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = connected
            .map_err(|_| std::io::ErrorKind::TimedOut.into())
            .and_then(|connected| connected)
            .map_err(|source| SmscError::Outbind { address, source })?;
        let ended = |_| SmscError::NoLink;
        self.outbinds.send((stream, address)).await.map_err(ended)
    }

    fn deliver_inbound(&self, order: &Inbound) -> Result<(), SmscError> {
        order.check().map_err(SmscError::Order)?;
        if order.times > TIMES_MAX {
            return Err(SmscError::Order(format!("inbound.times: not 0 to {TIMES_MAX}")));
        }
        let first_ms = self.hub.now_ms().saturating_add(order.after_ms);
        let mut all = Vec::new();
        for index in 0..order.times {
            let due_ms = first_ms.saturating_add(order.every_ms.saturating_mul(index));
            for part in inbound::deliveries(order, self.hub.next_reference()) {
                all.push((due_ms, Waiting { content: Content::Message(Box::new(part)), tries: 0 }));
            }
        }
        self.send(order.system_id.as_deref(), all)
    }

    fn deliver_receipt(&self, order: &ReceiptOrder) -> Result<(), SmscError> {
        let lengths = [("id", &order.id, 64), ("from", &order.from, 20), ("to", &order.to, 20)];
        for (name, value, bytes_max) in lengths {
            if value.len() > bytes_max {
                return Err(SmscError::Order(format!("receipt.{name}: not at most {bytes_max} octets")));
            }
        }
        let now_ms = self.hub.now_ms();
        let (source, destination) = (Party::guess(&order.from), Party::guess(&order.to));
        let content = match &order.text {
            Some(text) if text.len() > 64_000 => {
                return Err(SmscError::Order("receipt.text: not at most 64000 octets".to_owned()));
            }
            Some(text) => Content::Message(Box::new(Delivery {
                data_sm: false,
                source,
                destination,
                esm_class: self.hub.script().receipts.esm_class,
                data_coding: 0,
                message: text.clone().into_bytes(),
                payload: false,
                tlvs: Vec::new(),
            })),
            None => Content::Receipt(Box::new(Receipt {
                number: order.id.parse().unwrap_or_default(),
                id: order.id.as_str().into(),
                source,
                destination,
                state: order.state,
                submitted_s: self.hub.unix_s(now_ms),
                quoted: quote(""),
                by: order.by,
                id_in_receipt: Some(super::receipt::IdInReceipt::Same),
                dialect: order.dialect,
                strange_tlvs: false,
            })),
        };
        let due_ms = now_ms.saturating_add(order.after_ms);
        self.send(order.system_id.as_deref(), vec![(due_ms, Waiting { content, tries: 0 })])
    }

    fn send(&self, system_id: Option<&str>, due: Vec<(u64, Waiting)>) -> Result<(), SmscError> {
        if self.hub.send(system_id, due) { Ok(()) } else { Err(SmscError::NobodyBound) }
    }

    fn order(&self, link: Option<u64>, order: impl FnMut() -> Order) -> Result<(), SmscError> {
        if self.hub.order(link, order) > 0 { Ok(()) } else { Err(SmscError::NoLink) }
    }
}
