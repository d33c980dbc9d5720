//! A trace of PDUs in a file, for talks with an SMSC's operator: one line for each.
//!
//! Addresses show their last two characters, bodies are left out unless asked for, and the body of a
//! bind, which has the password, always is. A thread of its own writes; when it cannot keep up, lines
//! are left out and their number is written, so a slow disk slows nothing but the trace.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

use waypost_core::smpp::pdu::Address;

use crate::codec::{CommandStatus, command, decode};

/// Lines that wait to be written.
const LINES_MAX: usize = 1_024;
/// Octets of a body that are shown.
const BODY_OCTETS_MAX: usize = 2_048;
/// Smallest size of a file.
const BYTES_MAX_MIN: u64 = 4_096;

/// Where and what to trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceOptions {
    /// The file. When it is full it becomes `<path>.1`, in place of the one before.
    pub path: PathBuf,
    /// How large each of the two files gets, in bytes; at least 4,096.
    pub bytes_max: u64,
    /// Whether bodies are shown, in hexadecimal, with all that is in them.
    pub bodies: bool,
}

/// A trace. Several clients can share one.
#[derive(Debug)]
pub struct Trace {
    lines: SyncSender<String>,
    left_out: AtomicU64,
    bodies: bool,
}

/// Which way a PDU goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// A PDU as it is traced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traced<'a> {
    pub(crate) way: Way,
    pub(crate) provider: &'a str,
    pub(crate) bind: usize,
    pub(crate) command: u32,
    pub(crate) status: u32,
    pub(crate) sequence: u32,
    pub(crate) body: &'a [u8],
}

impl Trace {
    /// Opens the file, to append to it.
    ///
    /// # Errors
    /// When the file cannot be opened or its thread not be started.
    pub fn open(options: &TraceOptions) -> io::Result<Self> {
        let mut rotating = Rotating::open(options)?;
        let (lines, waiting) = sync_channel(LINES_MAX);
        std::thread::Builder::new()
            .name("smpp-trace".to_owned())
            .spawn(move || rotating.write_all(&waiting))?;
        Ok(Self { lines, left_out: AtomicU64::new(0), bodies: options.bodies })
    }

    pub(crate) fn pdu(&self, pdu: &Traced<'_>) {
        let mut line = line(pdu, self.bodies);
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            line = format!("({left_out} PDUs left out)\n{line}");
        }
        if self.lines.try_send(line).is_err() {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        }
    }
}

/// The file, and the one that is full.
#[derive(Debug)]
struct Rotating {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl Rotating {
    fn open(options: &TraceOptions) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&options.path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: options.path.clone(), file, bytes, bytes_max: options.bytes_max.max(BYTES_MAX_MIN) })
    }

    /// Writes lines until nobody is left to write any.
    fn write_all(&mut self, lines: &Receiver<String>) {
        let mut failed = false;
        while let Ok(first) = lines.recv() {
            let mut batch = first;
            batch.extend(lines.try_iter().take(LINES_MAX));
            match self.write(batch.as_bytes()) {
                Ok(()) => failed = false,
                Err(error) if !failed => {
                    tracing::warn!(path = %self.path.display(), %error, "cannot write the SMPP trace");
                    failed = true;
                }
                Err(_) => {}
            }
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        // A batch is cut into lines where the file gets full, so that no file is larger than it may be.
        for line in octets.split_inclusive(|&octet| octet == b'\n') {
            let length = line.len() as u64;
            if self.bytes > 0 && self.bytes + length > self.bytes_max {
                std::fs::rename(&self.path, full(&self.path))?;
                self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
                self.bytes = 0;
            }
            self.file.write_all(line)?;
            self.bytes += length;
        }
        Ok(())
    }
}

fn full(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    PathBuf::from(name)
}

fn line(pdu: &Traced<'_>, bodies: bool) -> String {
    let mut line = time(SystemTime::now());
    let way = match pdu.way {
        Way::In => "<",
        Way::Out => ">",
    };
    let _ = write!(line, " {}/{} {way} ", pdu.provider, pdu.bind);
    let _ = match command::name(pdu.command) {
        Some(name) => line.write_str(name),
        None => write!(line, "{:#010x}", pdu.command),
    };
    let _ = write!(line, " seq={} octets={}", pdu.sequence, pdu.body.len() + crate::codec::HEADER_OCTETS);
    if command::is_response(pdu.command) || pdu.status != 0 {
        let _ = write!(line, " status={}", CommandStatus(pdu.status));
    }
    if matches!(pdu.command, command::SUBMIT_SM | command::DELIVER_SM | command::DATA_SM)
        && let Some((source, dest)) = decode::addresses(pdu.body)
    {
        let _ = write!(line, " from={} to={}", hidden(&source), hidden(&dest));
    }
    if bodies && !command::is_bind(pdu.command) && pdu.command != command::OUTBIND {
        line.push_str(" body=");
        for octet in &pdu.body[..pdu.body.len().min(BODY_OCTETS_MAX)] {
            let _ = write!(line, "{octet:02x}");
        }
        if pdu.body.len() > BODY_OCTETS_MAX {
            line.push('…');
        }
    }
    line.push('\n');
    line
}

fn hidden(address: &Address) -> String {
    let hidden = address.value.chars().count().saturating_sub(2);
    let tail: String = address.value.chars().skip(hidden).collect();
    format!("{}/{}/{}{}", address.ton, address.npi, "*".repeat(hidden.min(20)), tail.escape_default())
}

/// RFC 3339, UTC, with milliseconds. The days to a date: Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms".
fn time(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let of_day = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60,
        since.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn traced(command: u32, body: &[u8]) -> Traced<'_> {
        Traced { way: Way::Out, provider: "acme", bind: 1, command, status: 0, sequence: 9, body }
    }

    #[test]
    fn times_are_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_735_689_600, "2025-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(time(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn addresses_and_bodies_are_hidden_and_passwords_always() {
        let submit = b"\0\x05\0ACME\0\x01\x0149170123456\0\0\0\0\0\0\0\0\0\0\x05hello";
        let shown = line(&traced(command::SUBMIT_SM, submit), false);
        assert!(
            shown.ends_with("acme/1 > submit_sm seq=9 octets=53 from=5/0/**ME to=1/1/*********56\n"),
            "{shown}"
        );
        assert!(line(&traced(command::SUBMIT_SM, submit), true).contains("68656c6c6f"));
        let bind = line(&traced(command::BIND_TRANSCEIVER, b"me\0secret\0\0\x34\0\0\0"), true);
        assert!(!bind.contains("736563") && !bind.contains("secret"), "{bind}");
    }

    #[test]
    fn a_hostile_address_cannot_write_lines() {
        let shown = line(&traced(command::DELIVER_SM, b"\0\x01\x01\r\n\0\x01\x01\n\0"), false);
        assert_eq!(shown.matches('\n').count(), 1);
    }

    #[test]
    fn two_files_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.log");
        let options = TraceOptions { path: path.clone(), bytes_max: 1, bodies: true };
        let line = line(&traced(0x0777, &[7; 500]), true);
        for _ in 0..2 {
            let mut file = Rotating::open(&options).unwrap();
            for lines in 0..20 {
                file.write(line.repeat(lines).as_bytes()).unwrap();
            }
        }
        for file in [&path, &full(&path)] {
            let bytes = std::fs::metadata(file).unwrap().len();
            assert!((1..=BYTES_MAX_MIN).contains(&bytes), "{bytes}");
        }
    }
}
