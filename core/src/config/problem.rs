//! What is wrong, or doubtful, in a configuration file, and where.

use std::fmt;
use std::sync::Arc;

/// The kind of a [`Problem`]. The text of each kind is stable and may be matched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigCode {
    /// The text is not TOML.
    Syntax,
    /// The file or one of its lists is larger than allowed.
    TooLarge,
    /// A key that this place does not know.
    UnknownKey,
    /// A value of another TOML type than the key takes.
    WrongType,
    /// A number, or the length of a list, outside the allowed range.
    OutOfRange,
    /// A value of the right type that the key cannot take.
    InvalidValue,
    /// A key, or a whole section, that must be there.
    MissingKey,
    /// A component, provider or tenant that is named but defined nowhere.
    UnknownReference,
    /// Two values that cannot both hold.
    Conflict,
    /// A secret written into the file instead of a reference to it.
    LiteralSecret,
    /// Warning: a country written by an alias (`UK`).
    CountryAlias,
    /// Warning: a value that changes nothing.
    NoEffect,
    /// Warning: something that looks like a secret at a place that is stored and shown.
    SuspectedSecret,
    /// Warning: providers have no address to call back to.
    NoPublicUrl,
}

impl ConfigCode {
    /// The stable snake_case text of this kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "config_syntax",
            Self::TooLarge => "config_too_large",
            Self::UnknownKey => "config_unknown_key",
            Self::WrongType => "config_wrong_type",
            Self::OutOfRange => "config_out_of_range",
            Self::InvalidValue => "config_invalid_value",
            Self::MissingKey => "config_missing_key",
            Self::UnknownReference => "config_unknown_reference",
            Self::Conflict => "config_conflict",
            Self::LiteralSecret => "config_literal_secret",
            Self::CountryAlias => "config_country_alias",
            Self::NoEffect => "config_no_effect",
            Self::SuspectedSecret => "config_suspected_secret",
            Self::NoPublicUrl => "config_no_public_url",
        }
    }
}

impl fmt::Display for ConfigCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One error or one warning, with its place in the file.
///
/// Displayed as `waypost.toml:12:3: providers.twilio.weigth: unknown key; did you mean "weight"?
/// (config_unknown_key)`. The text is meant for the operator who wrote the file: it may repeat the
/// file's own keys (also the numbers under `numbers`), never a value from inside `secrets` or
/// `settings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub code: ConfigCode,
    /// The name of the file as the caller gave it.
    pub file_name: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The dotted path of the key, with `[0]` for the first entry of a list; empty for the whole
    /// file.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file_name, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        write!(f, " ({})", self.code)
    }
}

/// Every problem of a refused file, in the order of the file. Displayed with one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The problems, at least one and at most [`super::limits::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// How many more there were than are listed.
    pub omitted: usize,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
