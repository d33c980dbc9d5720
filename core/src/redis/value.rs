//! One value of a reply. Replies are flat lists: the Spin SDK flattens what is nested, so no script
//! answers anything else.

/// One value of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing is there.
    Nil,
    /// A number.
    Int(i64),
    /// Text or bytes; a status such as `OK` comes as its text.
    Bytes(Vec<u8>),
}

impl Value {
    /// The number, also where it came as text.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            Self::Nil => None,
        }
    }

    /// A number that cannot be negative.
    #[must_use]
    pub fn unsigned(&self) -> Option<u64> {
        self.int().and_then(|number| u64::try_from(number).ok())
    }

    /// The bytes; a number has none.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Nil | Self::Int(_) => None,
        }
    }

    /// The text, where the bytes are UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// True where there is nothing.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }
}
