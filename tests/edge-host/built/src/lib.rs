//! Where the compiled components of `tests/edge-host/guests` lie, for the manifests of tests.

/// An HTTP handler that does nothing, or at `/redis` one Redis call over a connection that it keeps.
pub const EMPTY: &str = env!("GUEST_EMPTY");

/// An HTTP handler that imports `waypost:sms/screening@0.1.0` and calls other components.
pub const CALLER: &str = env!("GUEST_CALLER");

/// A screening policy that imports `waypost:sms/log@0.1.0`.
pub const NOTING: &str = env!("GUEST_NOTING");

/// Exports `waypost:sms/log@0.1.0`.
pub const INERT_LOG: &str = env!("GUEST_INERT_LOG");
