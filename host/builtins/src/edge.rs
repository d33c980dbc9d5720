//! The parts that every Spin application of Waypost is made of, compiled from `edge/`.

/// The parts of a Spin application.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The HTTP handler of a tenant. Imports a policy for each role.
    pub gateway: &'a [u8],
    /// The HTTP handler that speaks to one provider. Imports the provider's adapter.
    pub provider: &'a [u8],
    /// What adapters sign with. Imports Spin's variables.
    pub signing: &'a [u8],
    /// The log that policies and adapters write to.
    pub log: &'a [u8],
    /// A policy for each role that a tenant has not bound.
    pub none: &'a [u8],
    /// Makes one screening component of two.
    pub screening_pair: &'a [u8],
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("gateway_bytes", &self.gateway.len())
            .field("provider_bytes", &self.provider.len())
            .finish_non_exhaustive()
    }
}

macro_rules! part {
    ($package:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $package, ".wasm"))
    };
}

/// The parts of this version.
pub const PARTS: Parts<'static> = Parts {
    gateway: part!("edge-gateway"),
    provider: part!("edge-provider"),
    signing: part!("edge-signing"),
    log: part!("edge-log"),
    none: part!("edge-none"),
    screening_pair: part!("edge-screening-pair"),
};
