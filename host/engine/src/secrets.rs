//! Secrets that stay in the host.

/// Where the secrets of a provider come from. A component never sees a value: it names a secret,
/// and the host signs with it or fills it into a header.
pub trait Secrets: Send + Sync {
    /// The value of the named secret. None: there is no such secret.
    fn get(&self, name: &str) -> Option<&[u8]>;
}

/// For components that need none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _name: &str) -> Option<&[u8]> {
        None
    }
}
