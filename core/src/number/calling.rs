//! Type of number and numbering plan, as SMPP writes them beside every address.

use serde::{Deserialize, Serialize};

macro_rules! byte_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $value:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $value,)+ }

        impl $name {
            /// The value on the wire.
            #[must_use]
            pub const fn value(self) -> u8 {
                self as u8
            }

            /// Reads the value from the wire; `None` for a reserved one.
            #[must_use]
            pub const fn from_value(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

byte_enum! {
    /// Type of number (SMPP 3.4 section 5.2.5).
    Ton {
        /// Nothing is known about the address.
        Unknown = 0,
        /// Country calling code and national number, without `+`.
        International = 1,
        /// National number without the country calling code.
        National = 2,
        /// A number that has meaning in one operator's network only.
        NetworkSpecific = 3,
        /// A subscriber number within one exchange.
        SubscriberNumber = 4,
        /// Text of the GSM default alphabet.
        Alphanumeric = 5,
        /// An abbreviated number.
        Abbreviated = 6,
    }
}

byte_enum! {
    /// Numbering plan indicator (SMPP 3.4 section 5.2.6).
    Npi {
        /// Nothing is known about the plan.
        Unknown = 0,
        /// ISDN, the telephone numbering plan (E.163, E.164).
        Isdn = 1,
        /// Data (X.121).
        Data = 3,
        /// Telex (F.69).
        Telex = 4,
        /// Land mobile (E.212).
        LandMobile = 6,
        /// National.
        National = 8,
        /// Private.
        Private = 9,
        /// ERMES.
        Ermes = 10,
        /// Internet (IP).
        Internet = 14,
        /// WAP client id.
        WapClientId = 18,
    }
}

/// What an address is, as far as SMPP must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// E.164.
    International,
    /// National significant number, for providers that want no country calling code.
    National,
    /// Short code.
    ShortCode,
    /// Alphanumeric sender.
    Alphanumeric,
}

impl AddressKind {
    /// The usual TON and NPI.
    ///
    /// A short code gets network-specific (3) with an unknown plan (0): it is valid in networks of
    /// one country only and belongs to no E.164 plan. Operators that want abbreviated (6) or
    /// unknown (0) exist, so a provider's configuration may replace this pair.
    #[must_use]
    pub const fn ton_npi(self) -> (Ton, Npi) {
        match self {
            Self::International => (Ton::International, Npi::Isdn),
            Self::National => (Ton::National, Npi::Isdn),
            Self::ShortCode => (Ton::NetworkSpecific, Npi::Unknown),
            Self::Alphanumeric => (Ton::Alphanumeric, Npi::Unknown),
        }
    }
}
