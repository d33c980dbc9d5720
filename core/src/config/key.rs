//! How a key of the file is described: one description serves the reader (name, default, range)
//! and the reference table, so that the two cannot disagree.

/// Stands where a key without a default has its default; the text says what absence means.
#[derive(Clone, Copy, Debug)]
pub struct Absent(pub &'static str);

/// A whole number.
#[derive(Debug)]
pub struct Integer<D: 'static> {
    /// Name in the file, its unit last.
    pub name: &'static str,
    /// Value when the key is left out.
    pub default: D,
    /// Smallest allowed value.
    pub min: u32,
    /// Largest allowed value.
    pub max: u32,
    /// What it does.
    pub meaning: &'static str,
}

/// A number that may have a fraction and may be left out.
#[derive(Debug)]
pub struct Number {
    /// Name in the file, its unit last.
    pub name: &'static str,
    /// What its absence means.
    pub default: Absent,
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
    /// What it does.
    pub meaning: &'static str,
}

/// `true` or `false`.
#[derive(Debug)]
pub struct Flag {
    /// Name in the file.
    pub name: &'static str,
    /// Value when the key is left out.
    pub default: bool,
    /// What it does.
    pub meaning: &'static str,
}

/// One of a few words.
#[derive(Debug)]
pub struct Choice<T: 'static> {
    /// Name in the file.
    pub name: &'static str,
    /// Value when the key is left out.
    pub default: T,
    /// The words and what each stands for.
    pub choices: &'static [(&'static str, T)],
    /// What it does.
    pub meaning: &'static str,
}

/// A list with at most so many entries.
#[derive(Debug)]
pub struct List {
    /// Name in the file.
    pub name: &'static str,
    /// What an entry is.
    pub entry: &'static str,
    /// What its absence means.
    pub default: Absent,
    /// Fewest entries when the key is there.
    pub entries_min: usize,
    /// Most entries.
    pub entries_max: usize,
    /// What it does.
    pub meaning: &'static str,
}

/// Anything else: strings with a form of their own, and tables.
#[derive(Debug)]
pub struct Other {
    /// Name in the file; `<name>` for keys that the operator names.
    pub name: &'static str,
    /// TOML type and form.
    pub kind: &'static str,
    /// Default, or what absence means.
    pub default: &'static str,
    /// What is allowed.
    pub range: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// One line of the reference table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the key in its section.
    pub name: &'static str,
    /// TOML type and form.
    pub kind: String,
    /// Default, or what absence means.
    pub default: String,
    /// What is allowed.
    pub range: String,
    /// What it does.
    pub meaning: &'static str,
}

/// Whatever can be a line of the reference table.
pub trait Describe: Sync {
    /// The line.
    fn row(&self) -> Row;
}

impl Describe for Integer<u32> {
    fn row(&self) -> Row {
        let range = format!("{} to {}", self.min, self.max);
        row(self.name, "integer", self.default, range, self.meaning)
    }
}

impl Describe for Integer<Absent> {
    fn row(&self) -> Row {
        let range = format!("{} to {}", self.min, self.max);
        row(self.name, "integer", self.default.0, range, self.meaning)
    }
}

impl Describe for Number {
    fn row(&self) -> Row {
        let range = format!("{} to {}", self.min, self.max);
        row(self.name, "number", self.default.0, range, self.meaning)
    }
}

impl Describe for Flag {
    fn row(&self) -> Row {
        row(self.name, "boolean", self.default, "`true` or `false`", self.meaning)
    }
}

impl<T: Copy + PartialEq + Sync> Describe for Choice<T> {
    fn row(&self) -> Row {
        let words: Vec<String> = self.words().map(|word| format!("`{word}`")).collect();
        let default = format!("`{}`", self.default_word());
        row(self.name, "string", default, words.join(", "), self.meaning)
    }
}

impl<T: Copy + PartialEq> Choice<T> {
    /// The words that may be written.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.choices.iter().map(|(word, _)| *word)
    }

    /// The word that stands for the default.
    pub fn default_word(&self) -> &'static str {
        let found = self.choices.iter().find(|(_, value)| *value == self.default);
        found.map_or("", |(word, _)| word)
    }
}

impl Describe for List {
    fn row(&self) -> Row {
        let range = format!("{} to {} entries", self.entries_min, self.entries_max);
        let kind = format!("list of {}", self.entry);
        row(self.name, kind, self.default.0, range, self.meaning)
    }
}

impl Describe for Other {
    fn row(&self) -> Row {
        row(self.name, self.kind, self.default, self.range, self.meaning)
    }
}

fn row(
    name: &'static str,
    kind: impl Into<String>,
    default: impl ToString,
    range: impl Into<String>,
    meaning: &'static str,
) -> Row {
    Row { name, kind: kind.into(), default: default.to_string(), range: range.into(), meaning }
}
