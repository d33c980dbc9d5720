//! From an address to a bound connection.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Bind;
use crate::codec::decode::{self, BindResp};
use crate::codec::frame::{Header, Input};
use crate::codec::{CommandStatus, HEADER_OCTETS, command, encode};
use crate::incoming::NotBound;
use crate::options::Endpoint;
use crate::trace::Way;

/// The sequence number of the bind, the first PDU of a session.
const BIND_SEQUENCE: u32 = 1;

/// A connection, with or without TLS.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A bound connection.
pub(super) struct Link {
    pub(super) stream: Box<dyn Duplex>,
    /// What came after the answer to the bind.
    pub(super) input: Input,
    pub(super) smsc: BindResp,
}

/// Connects and binds.
///
/// # Errors
/// Why there is no bind.
pub(super) async fn establish(bind: &Bind, endpoint: &Endpoint) -> Result<Link, NotBound> {
    let options = &bind.shared.options;
    let mut stream = connect(bind, endpoint).await?;
    let mut input = Input::new(options.limits.pdu_octets_max);
    let smsc = within(options.timeouts.bind, "the bind", handshake(bind, &mut stream, &mut input)).await??;
    Ok(Link { stream, input, smsc })
}

async fn connect(bind: &Bind, endpoint: &Endpoint) -> Result<Box<dyn Duplex>, NotBound> {
    let options = &bind.shared.options;
    let connecting = TcpStream::connect((endpoint.host.as_str(), endpoint.port));
    let tcp = within(options.timeouts.connect, "the connection", connecting)
        .await?
        .map_err(|error| NotBound::Connect(error.to_string()))?;
    // Writes are put together here; the kernel need not wait for more.
    tcp.set_nodelay(true).map_err(|error| NotBound::Connect(error.to_string()))?;
    let Some(tls) = &options.tls else { return Ok(Box::new(tcp)) };
    let name = tls.name_for(&endpoint.host).map_err(|error| NotBound::Tls(error.to_string()))?;
    let stream = within(options.timeouts.tls, "TLS", tls.connector().connect(name, tcp))
        .await?
        .map_err(|error| NotBound::Tls(error.to_string()))?;
    Ok(Box::new(stream))
}

async fn handshake(
    bind: &Bind,
    stream: &mut Box<dyn Duplex>,
    input: &mut Input,
) -> Result<BindResp, NotBound> {
    // The options have been checked, so the bind can be written.
    let pdu = encode::bind(&bind.shared.options.bind_fields(bind.mode()), BIND_SEQUENCE)
        .map_err(|error| NotBound::Connect(error.to_string()))?;
    send(bind, stream, &pdu).await?;
    loop {
        while let Some(header) = input.peek().map_err(|_| NotBound::Malformed)? {
            let range = input.take(header);
            let body = input.body(range);
            bind.trace_in(header, body);
            if is_answer(header) {
                return answered(header, body, bind.shared.options.limits.tlvs_max);
            }
            if let Some(answer) = early(header) {
                send(bind, stream, &answer).await?;
            }
        }
        let read = stream.read_buf(input.room()).await.map_err(|_| NotBound::Closed)?;
        if read == 0 {
            return Err(NotBound::Closed);
        }
    }
}

fn is_answer(header: Header) -> bool {
    // Some SMSCs refuse by `generic_nack`, whose sequence number may be 0 then.
    let nack = header.command == command::GENERIC_NACK && matches!(header.sequence, 0 | BIND_SEQUENCE);
    nack || (command::is_bind_response(header.command) && header.sequence == BIND_SEQUENCE)
}

fn answered(header: Header, body: &[u8], tlvs_max: usize) -> Result<BindResp, NotBound> {
    let status = CommandStatus(header.status);
    if header.command == command::GENERIC_NACK || !status.is_ok() {
        return Err(NotBound::Refused { status, for_good: status.refuses_for_good() });
    }
    Ok(decode::bind_resp(body, tlvs_max))
}

/// The answer to what comes before the bind is answered.
fn early(header: Header) -> Option<[u8; HEADER_OCTETS]> {
    match header.command {
        command::ENQUIRE_LINK => {
            Some(encode::bare(command::ENQUIRE_LINK_RESP, CommandStatus::ROK, header.sequence))
        }
        command::ALERT_NOTIFICATION => None,
        answer if command::is_response(answer) => None,
        _ => Some(encode::bare(command::GENERIC_NACK, CommandStatus::RINVBNDSTS, header.sequence)),
    }
}

async fn send(bind: &Bind, stream: &mut Box<dyn Duplex>, pdu: &[u8]) -> Result<(), NotBound> {
    bind.trace(Way::Out, pdu);
    stream.write_all(pdu).await.map_err(|_| NotBound::Closed)?;
    stream.flush().await.map_err(|_| NotBound::Closed)
}

async fn within<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = T>,
) -> Result<T, NotBound> {
    tokio::time::timeout(limit, work).await.map_err(|_| NotBound::TimedOut(what))
}
