//! TLS to an SMSC.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio_rustls::TlsConnector;

/// Whom to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roots<'a> {
    /// Whom the system trusts.
    System,
    /// These only, as PEM.
    Pem(&'a [u8]),
}

/// How to speak TLS. TLS 1.2 and 1.3, ring; the certificate of the SMSC is always checked.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A certificate or key is no PEM.
    #[error("not PEM: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// There is no certificate to trust.
    #[error("no root certificate")]
    NoRoots,
    /// A certificate or key cannot be used.
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
    /// The name cannot be that of a server.
    #[error("not a server name")]
    ServerName(#[from] InvalidDnsNameError),
}

impl Tls {
    /// TLS with the roots, the name that the certificate must have (that of the address where it is
    /// `None`), and certificate chain and key of this side as PEM where the SMSC asks for them.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn new(
        roots: Roots<'_>,
        server_name: Option<&str>,
        identity: Option<(&[u8], &[u8])>,
    ) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        match roots {
            Roots::System => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Roots::Pem(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    store.add(certificate?)?;
                }
            }
        }
        if store.is_empty() {
            return Err(TlsError::NoRoots);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store);
        let config = match identity {
            Some((chain, key)) => {
                let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
            }
            None => builder.with_no_client_auth(),
        };
        let server_name = server_name.map(|name| ServerName::try_from(name.to_owned())).transpose()?;
        Ok(Self { config: Arc::new(config), server_name })
    }

    pub(crate) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }

    /// The name to ask for at that host.
    pub(crate) fn name_for(&self, host: &str) -> Result<ServerName<'static>, InvalidDnsNameError> {
        match &self.server_name {
            Some(name) => Ok(name.clone()),
            None => ServerName::try_from(host.to_owned()),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}
