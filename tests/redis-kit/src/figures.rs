//! What a server says about itself.

use std::collections::BTreeMap;

use crate::{KitError, Server};

/// How often a command ran, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandStat {
    /// Calls, those from scripts included.
    pub calls: u64,
    /// Time of all calls, in microseconds. A script's includes that of the commands it calls.
    pub time_us: u64,
}

/// Bytes on the server's connections since its start or [`Server::reset_stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetBytes {
    /// Read by the server.
    pub input: u64,
    /// Written by the server.
    pub output: u64,
}

/// Asking for a figure is a command too: it is in what the next question answers.
impl Server {
    /// A section of `INFO`, as names and values.
    pub fn info(&self, section: &str) -> Result<BTreeMap<String, String>, KitError> {
        let reply = self.order(&["INFO", section])?;
        let text = reply.text().ok_or(KitError::Protocol("INFO is no text"))?;
        let fields =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        Ok(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Calls and time of each command since the start or [`Server::reset_stats`]. Names in small letters,
    /// subcommands as `config|get`.
    pub fn commandstats(&self) -> Result<BTreeMap<String, CommandStat>, KitError> {
        let mut stats = BTreeMap::new();
        for (field, value) in self.info("commandstats")? {
            let Some(name) = field.strip_prefix("cmdstat_") else { continue };
            stats.insert(name.to_owned(), command_stat(&value).ok_or(KitError::NoFigure("cmdstat"))?);
        }
        Ok(stats)
    }

    /// Processor time of the process since its start, in microseconds: user and system, all threads.
    pub fn cpu_us(&self) -> Result<u64, KitError> {
        let info = self.info("cpu")?;
        let read = |field| info.get(field).and_then(|text| micros(text));
        let user = read("used_cpu_user").ok_or(KitError::NoFigure("used_cpu_user"))?;
        Ok(user + read("used_cpu_sys").ok_or(KitError::NoFigure("used_cpu_sys"))?)
    }

    /// Bytes read and written.
    pub fn net_bytes(&self) -> Result<NetBytes, KitError> {
        let info = self.info("stats")?;
        let read =
            |field| info.get(field).and_then(|text| text.parse().ok()).ok_or(KitError::NoFigure(field));
        Ok(NetBytes { input: read("total_net_input_bytes")?, output: read("total_net_output_bytes")? })
    }

    /// Sets the figures of commands and bytes to zero (`CONFIG RESETSTAT`), not the processor time.
    pub fn reset_stats(&self) -> Result<(), KitError> {
        self.order(&["CONFIG", "RESETSTAT"]).map(drop)
    }
}

/// `calls=2,usec=13,usec_per_call=6.50,…`
fn command_stat(text: &str) -> Option<CommandStat> {
    let read = |name| text.split(',').find_map(|field| field.strip_prefix(name)?.parse().ok());
    Some(CommandStat { calls: read("calls=")?, time_us: read("usec=")? })
}

/// Seconds with up to six decimals, in microseconds.
fn micros(text: &str) -> Option<u64> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals: u64 = format!("{decimals:0<6}").get(..6)?.parse().ok()?;
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_microseconds() {
        assert_eq!(micros("1.002003"), Some(1_002_003));
        assert_eq!(micros("0.5"), Some(500_000));
        assert_eq!(micros("12"), Some(12_000_000));
        assert_eq!(micros("x.1"), None);
    }

    #[test]
    fn a_line_of_command_statistics_is_read() {
        let stat = command_stat("calls=2,usec=13,usec_per_call=6.50,rejected_calls=0,failed_calls=0");
        assert_eq!(stat, Some(CommandStat { calls: 2, time_us: 13 }));
        assert_eq!(command_stat("calls=2"), None);
    }
}
