//! Reads scripts, checks them, and changes them.

use std::path::{Path, PathBuf};

use super::script::{Inbound, Script};

/// Largest script file, in bytes.
const SCRIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("script_unreadable: {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It is not TOML, or has a key or a value that it may not have.
    #[error("script_invalid: {0}")]
    Invalid(String),
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Where it is not TOML, or has an unknown key or a value out of range; with the line.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        let script: Self = toml::from_str(text).map_err(|error| ScriptError::Invalid(error.to_string()))?;
        script.check()?;
        Ok(script)
    }

    /// Reads a script file.
    ///
    /// # Errors
    /// As [`Script::from_toml`]; where the file cannot be read, or is larger than 1 MiB.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let unreadable = |source| ScriptError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > SCRIPT_BYTES_MAX {
            return Err(ScriptError::Invalid(format!("{} is larger than 1 MiB", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::from_toml(&text).map_err(|error| match error {
            ScriptError::Invalid(what) => ScriptError::Invalid(format!("{}: {what}", path.display())),
            other => other,
        })
    }

    /// This script with the keys of a JSON object changed; objects within it are merged.
    ///
    /// # Errors
    /// Where it has an unknown key, one that only holds from the start, or a value out of range.
    pub fn with(&self, changes: &serde_json::Value) -> Result<Self, ScriptError> {
        let Some(object) = changes.as_object() else {
            return Err(ScriptError::Invalid("not a JSON object".to_owned()));
        };
        if let Some(key) = ["listen", "control", "log"].into_iter().find(|key| object.contains_key(*key)) {
            return Err(ScriptError::Invalid(format!("`{key}` holds from the start and cannot be changed")));
        }
        let invalid = |error: serde_json::Error| ScriptError::Invalid(error.to_string());
        let mut whole = serde_json::to_value(self).map_err(invalid)?;
        merge(&mut whole, changes);
        let script: Self = serde_json::from_value(whole).map_err(invalid)?;
        script.check()?;
        Ok(script)
    }

    /// Checks a script that was put together in code.
    ///
    /// # Errors
    /// Which value is out of range.
    pub fn check(&self) -> Result<(), ScriptError> {
        self.check_ranges().map_err(ScriptError::Invalid)
    }

    fn check_ranges(&self) -> Result<(), String> {
        if self.control.is_some_and(|address| !address.ip().is_loopback()) {
            return Err("control: not an address of this machine; give one as 127.0.0.1:7802".to_owned());
        }
        let mut shares = vec![
            ("submit.unanswered", self.submit.unanswered),
            ("receipts.lost", self.receipts.lost),
            ("receipts.doubled", self.receipts.doubled),
            ("receipts.unknown", self.receipts.unknown),
            ("drops.share", self.drops.share),
        ];
        shares.extend(self.errors.iter().map(|chance| ("errors.share", chance.share)));
        shares.extend(self.malformed.iter().map(|malformed| ("malformed.share", malformed.share)));
        for (name, share) in shares {
            within(name, (0.0..=1.0).contains(&share), "0 to 1")?;
        }
        for system in &self.systems {
            within("systems.system_id", (1..=15).contains(&system.system_id.len()), "1 to 15 octets")?;
            let password = system.password.as_ref().map_or(0, String::len);
            within("systems.password", password <= 64, "at most 64 octets")?;
        }
        within("bind.system_id", self.bind.system_id.len() <= 15, "at most 15 octets")?;
        within("deliver.window", (1..=1_000_000).contains(&self.deliver.window), "1 to 1000000")?;
        within("deliver.waiting_max", self.deliver.waiting_max > 0, "1 or more")?;
        within("receipts.error", self.receipts.error <= 999, "0 to 999")?;
        within("limits.links", (1..=100_000).contains(&self.limits.links), "1 to 100000")?;
        within("limits.pdu_bytes", (1_024..=16 << 20).contains(&self.limits.pdu_bytes), "1024 to 16777216")?;
        within("log.entries", self.log.entries <= 10_000_000, "0 to 10000000")?;
        within("log.recipients", self.log.recipients <= 10_000_000, "0 to 10000000")?;
        if !self.receipts.states.is_empty() && self.receipts.states.values().all(|weight| *weight == 0) {
            return Err("receipts.states: every weight is 0; leave it out, or give one".to_owned());
        }
        self.inbound.iter().try_for_each(Inbound::check)
    }
}

impl Inbound {
    /// Says what is wrong with it.
    ///
    /// # Errors
    /// Where a field is out of range, or not one of `text` and `data` is given.
    pub fn check(&self) -> Result<(), String> {
        for (name, address) in [("from", &self.from), ("to", &self.to)] {
            within(&format!("inbound.{name}"), (1..=20).contains(&address.len()), "1 to 20 octets")?;
        }
        match (&self.text, &self.data) {
            (Some(text), None) => within("inbound.text", text.len() <= 64_000, "at most 64000 octets")?,
            (None, Some(data)) => {
                within("inbound.data", crate::protocol::is_hex(data), "octets in hexadecimal")?;
                within("inbound.data", data.len() <= 64_000, "at most 32000 octets")?;
            }
            _ => return Err("inbound: give one of `text` and `data`".to_owned()),
        }
        within("inbound.times", self.times == 1 || self.every_ms > 0, "1, or give `every_ms` with it")
    }
}

fn within(name: &str, is_within: bool, range: &str) -> Result<(), String> {
    if is_within { Ok(()) } else { Err(format!("{name}: not {range}")) }
}

fn merge(whole: &mut serde_json::Value, changes: &serde_json::Value) {
    match (whole, changes) {
        (serde_json::Value::Object(whole), serde_json::Value::Object(changes)) => {
            for (key, change) in changes {
                merge(whole.entry(key.clone()).or_insert(serde_json::Value::Null), change);
            }
        }
        (whole, change) => *whole = change.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_script_is_the_default() {
        assert_eq!(Script::from_toml("").unwrap(), Script::default());
    }

    #[test]
    fn faults_are_named_with_their_place() {
        for (text, said) in [
            ("[submit]\ndelay = 3", "unknown field `delay`"),
            ("[submit]\ndelay_ms = \"3\"", "line 2"),
            ("[[errors]]\nstatus = \"ESME_RNO\"\nshare = 0.1", "ESME_RTHROTTLED"),
            ("[[errors]]\nstatus = 88\nshare = 1.1", "errors.share: not 0 to 1"),
            ("[receipts.states]\nDELIVERED = 1", "DELIVRD"),
            ("[[inbound]]\nfrom = \"1\"\nto = \"2\"", "one of `text` and `data`"),
            ("control = \"0.0.0.0:1\"", "control"),
        ] {
            let error = Script::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn changes_are_merged() {
        let script = Script::from_toml("[submit]\ndelay_ms = 3\nwindow = 5").unwrap();
        let changed = script.with(&json!({ "submit": { "delay_ms": 7 }, "rows": false })).unwrap();
        assert_eq!((changed.submit.delay_ms, changed.submit.window, changed.rows), (7, 5, false));
        for wrong in [json!({ "log": {} }), json!({ "submit": { "x": 1 } }), json!([]), json!({ "rows": 3 })]
        {
            assert!(script.with(&wrong).is_err(), "{wrong}");
        }
    }
}
