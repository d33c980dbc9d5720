use std::fmt;

use serde::{Deserialize, Serialize};

/// What a number is used for, as far as its numbering plan tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// Mobile.
    Mobile,
    /// Fixed line.
    FixedLine,
    /// The plan does not tell fixed and mobile apart, as in North America.
    FixedOrMobile,
    /// Free for the caller.
    TollFree,
    /// Premium rate.
    Premium,
    /// Cost shared between caller and owner.
    SharedCost,
    /// Voice over IP.
    Voip,
    /// Personal number, routed to wherever its owner is.
    Personal,
    /// Pager.
    Pager,
    /// Universal access number of a company.
    Uan,
    /// Voicemail access.
    Voicemail,
    /// Short code, valid within one country.
    ShortCode,
    /// Not told by the plan; seen with [`Strictness::Possible`](super::Strictness::Possible) only.
    Unknown,
}

impl NumberKind {
    /// The stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::FixedLine => "fixed_line",
            Self::FixedOrMobile => "fixed_or_mobile",
            Self::TollFree => "toll_free",
            Self::Premium => "premium",
            Self::SharedCost => "shared_cost",
            Self::Voip => "voip",
            Self::Personal => "personal",
            Self::Pager => "pager",
            Self::Uan => "uan",
            Self::Voicemail => "voicemail",
            Self::ShortCode => "short_code",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
