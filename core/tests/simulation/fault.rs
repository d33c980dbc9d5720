//! Rules that can be broken on purpose, to show that the invariants notice.

/// What the reference store gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// A settle is taken whatever attempt it is for.
    ForgottenFence,
    /// A lease that was lost puts the message back into the queue as if nothing had been sent.
    SilentRequeue,
    /// A receipt changes final states too.
    ReceiptOverwritesFinal,
    /// The idempotency key of a request is not kept.
    ForgottenKey,
    /// Destination caps are looked at but not counted.
    UncountedCap,
    /// The provider's rate is not kept between claims.
    ForgottenRate,
    /// A message is dropped together with its lost lease.
    DroppedMessage,
    /// A receipt is taken for whatever message it names, whichever provider sends it.
    TrustedReference,
    /// Waits of messages in doubt never end.
    EndlessDoubt,
}
