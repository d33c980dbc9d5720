//! From the table of a provider to sessions that can be started.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock};

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use waypost_core::config::smpp::{self as config, PASSWORD_BYTES_MAX};
use waypost_smpp::{OptionsError, Roots, Tls, TlsError};

use super::Sessions;
use crate::secrets::{self, Secret, SecretError};

/// Largest file of authorities, in bytes.
const CA_BYTES_MAX: u64 = 1024 * 1024;
/// Hexadecimal digits of a revision.
const REVISION_DIGITS: usize = 12;

/// Where files and secrets are.
pub struct Setup<'a> {
    /// Relative paths begin here.
    pub base: &'a Path,
    /// False on a machine that need not have them: only what the configuration says is checked.
    pub files_at_hand: bool,
}

/// Why sessions cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The password cannot be read.
    #[error(transparent)]
    Password(#[from] SecretError),
    /// SMPP has 8 octets for it.
    #[error(
        "it has {0} octets, and SMPP allows for {PASSWORD_BYTES_MAX}: ask the carrier for a shorter one \
         (password_too_long)"
    )]
    PasswordTooLong(usize),
    /// Some octet of it cannot be sent.
    #[error("it must be ASCII without control characters (password_invalid)")]
    PasswordInvalid,
    /// The authorities cannot be read.
    #[error("the file {path} cannot be read: {reason} (tls_ca_unreadable): make it readable for Waypost")]
    CaUnreadable {
        /// As the configuration names it.
        path: String,
        /// From the operating system.
        reason: String,
    },
    /// There is no TLS with them.
    #[error("{0} (tls_invalid): give the certificates of the carrier's authority as PEM")]
    Tls(#[from] TlsError),
    /// The sessions would not start.
    #[error("{0} (smpp_invalid)")]
    Options(#[from] OptionsError),
}

impl SetupError {
    /// The key of the configuration that it is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Password(_) | Self::PasswordTooLong(_) | Self::PasswordInvalid => "password",
            Self::CaUnreadable { .. } | Self::Tls(_) => "tls_ca_file",
            Self::Options(_) => "address",
        }
    }
}

impl Setup<'_> {
    /// Sessions of the provider `name`, not started.
    ///
    /// # Errors
    /// What is wrong with what the configuration points to.
    pub fn sessions(&self, name: &str, config: &config::Smpp) -> Result<Sessions, SetupError> {
        let (ca_pem, tls) = self.tls(config)?;
        let sessions = Sessions {
            password: self.password(config)?,
            ca_pem,
            tls,
            trace_file: config.trace.as_ref().map(|trace| self.base.join(&trace.file)),
            title: title(config),
            revision: revision(config),
            config: Arc::new(config.clone()),
            client: OnceLock::new(),
            unbound_since_ms: AtomicU64::new(0),
            ended: watch::Sender::new(false),
            predecessor: Mutex::default(),
            told: AtomicBool::new(false),
        };
        sessions.options(name, None).check()?;
        Ok(sessions)
    }

    fn password(&self, config: &config::Smpp) -> Result<Secret, SetupError> {
        let Some(reference) = config.password.as_ref().filter(|_| self.files_at_hand) else {
            return Ok(Secret::from(""));
        };
        let password = secrets::read(reference, self.base)?;
        let octets = password.expose();
        if octets.len() > PASSWORD_BYTES_MAX {
            return Err(SetupError::PasswordTooLong(octets.len()));
        }
        if !octets.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ') {
            return Err(SetupError::PasswordInvalid);
        }
        Ok(password)
    }

    fn tls(&self, config: &config::Smpp) -> Result<(Option<Vec<u8>>, Option<Tls>), SetupError> {
        let Some(tls) = config.tls.as_ref().filter(|_| self.files_at_hand) else { return Ok((None, None)) };
        let pem = tls.ca_file.as_ref().map(|path| self.read(path)).transpose()?;
        let roots = pem.as_deref().map_or(Roots::System, Roots::Pem);
        let made = Tls::new(roots, tls.server_name.as_deref(), None)?;
        Ok((pem, Some(made)))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, SetupError> {
        let error = |reason: String| SetupError::CaUnreadable { path: path.to_owned(), reason };
        let full = self.base.join(path);
        let length = std::fs::metadata(&full).map_err(|e| error(e.to_string()))?.len();
        if length > CA_BYTES_MAX {
            return Err(error(format!("{length} bytes are more than {CA_BYTES_MAX}")));
        }
        std::fs::read(&full).map_err(|e| error(e.to_string()))
    }
}

/// Tenants see it, so it names no address.
fn title(config: &config::Smpp) -> String {
    let version = match config.version {
        config::Version::V34 => "3.4",
        config::Version::V50 => "5.0",
    };
    format!("SMPP {version}")
}

/// Secrets are only named in the configuration.
fn revision(config: &config::Smpp) -> String {
    let hash = Sha256::digest(format!("{config:?}"));
    let mut digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.truncate(REVISION_DIGITS);
    digits
}
