//! What all readers of one file share: where problems go and which names exist.

use std::cell::RefCell;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::limits::{self, PROBLEMS_MAX};
use super::problem::{ConfigCode, ConfigErrors, Problem};
use super::quote::quoted;
use super::source::Source;
use crate::nearest::nearest;

/// A place in the file: the dotted path of a key and the byte offset to point at.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) offset: usize,
}

impl Place {
    /// The whole file.
    pub(super) fn root() -> Self {
        Self { path: String::new(), offset: 0 }
    }

    /// A key below this one.
    pub(super) fn child(&self, key: &str, offset: usize) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = if is_bare(key) {
            format!("{}{dot}{key}", self.path)
        } else {
            format!("{}{dot}{}", self.path, quoted(key))
        };
        Self { path, offset }
    }

    /// An entry of the list at this place, counted from 0.
    pub(super) fn entry(&self, index: usize, offset: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), offset }
    }
}

/// What a string of the file may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Component,
    Provider,
    Tenant,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Provider => "provider",
            Self::Tenant => "tenant",
        }
    }

    /// The table of the file in which such names are defined.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Component => limits::COMPONENTS.name,
            Self::Provider => limits::PROVIDERS.name,
            Self::Tenant => limits::TENANTS.name,
        }
    }
}

/// Shared by all readers of one file.
pub(super) struct Context<'a> {
    source: Source<'a>,
    built_in: BTreeSet<&'a str>,
    components: BTreeSet<&'a str>,
    providers: BTreeSet<&'a str>,
    tenants: BTreeSet<&'a str>,
    /// Phone numbers that have been given to somebody, and where.
    numbers: RefCell<BTreeMap<String, Place>>,
    errors: RefCell<Found>,
    warnings: RefCell<Found>,
}

/// Problems in the order in which they were found; no more than [`PROBLEMS_MAX`] are kept, so that
/// a hostile file cannot make the answer larger than itself.
#[derive(Default)]
struct Found {
    kept: Vec<(usize, Problem)>,
    omitted: usize,
}

impl<'a> Context<'a> {
    /// The names are taken from the whole file before anything is read, so that a reference may
    /// stand before what it names.
    pub(super) fn new(source: Source<'a>, root: &'a DeTable<'a>, known_components: &[&'a str]) -> Self {
        let keys_of = |kind: Kind| -> BTreeSet<&'a str> {
            let table = root.get(kind.table()).and_then(|value| value.get_ref().as_table());
            table.into_iter().flat_map(|t| t.keys()).map(|key| key.get_ref().as_ref()).collect()
        };
        let built_in: BTreeSet<&str> = known_components.iter().copied().collect();
        let mut components = keys_of(Kind::Component);
        components.extend(&built_in);
        Self {
            source,
            built_in,
            components,
            providers: keys_of(Kind::Provider),
            tenants: keys_of(Kind::Tenant),
            numbers: RefCell::default(),
            errors: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// A number that is given to somebody here. The error is where it was given away before.
    pub(super) fn claim_number(&self, number: &str, place: Place) -> Result<(), Place> {
        match self.numbers.borrow_mut().entry(number.to_owned()) {
            Entry::Occupied(first) => Err(first.get().clone()),
            Entry::Vacant(free) => {
                free.insert(place);
                Ok(())
            }
        }
    }

    pub(super) fn error(
        &self,
        code: ConfigCode,
        place: &Place,
        reason: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.push(&self.errors, code, place, reason.into(), help.into());
    }

    pub(super) fn warning(
        &self,
        code: ConfigCode,
        place: &Place,
        reason: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.push(&self.warnings, code, place, reason.into(), help.into());
    }

    /// `did you mean "…"?` where a candidate is near; nothing is searched once no more problems
    /// are kept.
    pub(super) fn did_you_mean<'c>(
        &self,
        word: &str,
        candidates: impl IntoIterator<Item = &'c str> + Clone,
    ) -> Option<String> {
        if self.errors.borrow().kept.len() >= PROBLEMS_MAX {
            return None;
        }
        let candidate = nearest(word, candidates)?;
        Some(format!("did you mean {}?", quoted(candidate)))
    }

    pub(super) fn is_built_in(&self, component: &str) -> bool {
        self.built_in.contains(component)
    }

    /// All names of a kind, sorted; of components the built-in ones too.
    pub(super) fn names(&self, kind: Kind) -> &BTreeSet<&'a str> {
        match kind {
            Kind::Component => &self.components,
            Kind::Provider => &self.providers,
            Kind::Tenant => &self.tenants,
        }
    }

    /// The line (from 1) of a place.
    pub(super) fn line(&self, place: &Place) -> u32 {
        self.source.position(place.offset).0
    }

    /// The errors, which may be none, and the warnings, each in the order of the file.
    pub(super) fn finish(self) -> (ConfigErrors, Vec<Problem>) {
        let (problems, omitted) = self.errors.into_inner().in_file_order();
        let (warnings, _) = self.warnings.into_inner().in_file_order();
        (ConfigErrors { problems, omitted }, warnings)
    }

    fn push(
        &self,
        found: &RefCell<Found>,
        code: ConfigCode,
        place: &Place,
        reason: String,
        help: Option<String>,
    ) {
        let mut found = found.borrow_mut();
        if found.kept.len() >= PROBLEMS_MAX {
            found.omitted += 1;
            return;
        }
        let (line, column) = self.source.position(place.offset);
        let file_name = self.source.file_name.clone();
        let path = place.path.clone();
        let problem = Problem { code, file_name, line, column, path, reason, help };
        found.kept.push((place.offset, problem));
    }
}

impl Found {
    fn in_file_order(mut self) -> (Vec<Problem>, usize) {
        self.kept.sort_by_key(|(offset, _)| *offset);
        (self.kept.into_iter().map(|(_, problem)| problem).collect(), self.omitted)
    }
}

fn is_bare(key: &str) -> bool {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=limits::SECRET_NAME_BYTES_MAX).contains(&key.len()) && key.bytes().all(bare)
}
