//! Command status (SMPP 3.4 section 5.1.3, SMPP 5.0 section 4.7.6).

use std::fmt;

use waypost_core::smpp::status;

/// How a request ended, as the other side says. Any value can come; what each means for a message is
/// not decided here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandStatus(pub u32);

impl CommandStatus {
    /// No error.
    pub const ROK: Self = Self(0x00);
    /// `short_message` does not fit its length.
    pub const RINVMSGLEN: Self = Self(0x01);
    /// The length of the PDU is wrong.
    pub const RINVCMDLEN: Self = Self(0x02);
    /// Nobody knows this command.
    pub const RINVCMDID: Self = Self(0x03);
    /// Not in this state of the session.
    pub const RINVBNDSTS: Self = Self(0x04);
    /// Bound already.
    pub const RALYBND: Self = Self(0x05);
    /// System error.
    pub const RSYSERR: Self = Self(0x08);
    /// The source address is wrong.
    pub const RINVSRCADR: Self = Self(0x0A);
    /// The destination address is wrong.
    pub const RINVDSTADR: Self = Self(0x0B);
    /// The bind failed.
    pub const RBINDFAIL: Self = Self(0x0D);
    /// Wrong password.
    pub const RINVPASWD: Self = Self(0x0E);
    /// Wrong system id.
    pub const RINVSYSID: Self = Self(0x0F);
    /// The queue is full.
    pub const RMSGQFUL: Self = Self(0x14);
    /// Wrong system type.
    pub const RINVSYSTYP: Self = Self(0x53);
    /// More than was agreed on.
    pub const RTHROTTLED: Self = Self(0x58);
    /// The receiver could not take it now; the SMSC tries again.
    pub const RX_T_APPN: Self = Self(0x64);
    /// The receiver can never take it.
    pub const RX_P_APPN: Self = Self(0x65);
    /// The optional part of the PDU cannot be read.
    pub const RINVOPTPARSTREAM: Self = Self(0xC0);
    /// The length of an optional parameter is wrong.
    pub const RINVPARLEN: Self = Self(0xC2);
    /// Not allowed (SMPP 5.0).
    pub const RPROHIBITED: Self = Self(0x101);

    /// Whether all is well.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::ROK
    }

    /// Whether it asks for fewer messages (a full queue or too many at once).
    #[must_use]
    pub fn is_throttling(self) -> bool {
        matches!(self, Self::RTHROTTLED | Self::RMSGQFUL)
    }

    /// Whether a bind that is refused so will be refused again until somebody changes something.
    #[must_use]
    pub fn refuses_for_good(self) -> bool {
        matches!(
            self,
            Self::RINVPASWD | Self::RINVSYSID | Self::RINVSYSTYP | Self::RINVCMDID | Self::RPROHIBITED
        )
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match status::find(self.0) {
            Some(known) => f.write_str(known.name),
            None if self.is_ok() => f.write_str("ESME_ROK"),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
