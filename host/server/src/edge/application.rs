//! A Spin application as data: what the manifest, the package's record and the comparison of two
//! packages are made from.

use std::collections::BTreeMap;

use super::bake::Ingredient;
use super::hash::sha256;

/// A whole application.
#[derive(Debug, Clone)]
pub struct Application {
    /// What must, or may, be set from outside, by name.
    pub variables: BTreeMap<String, Variable>,
    /// In the order of the manifest.
    pub components: Vec<Component>,
    /// The files that components are made of.
    pub files: Files,
}

/// A variable of the application. Its value comes from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Used where none is set. None: the application does not start without one.
    pub default: Option<String>,
    /// Not to be shown.
    pub secret: bool,
    /// For people.
    pub description: String,
    /// What a native host takes the value from, as a shell writes it. Never the value.
    pub native: Option<String>,
}

/// A component of the manifest.
#[derive(Debug, Clone)]
pub struct Component {
    /// Kebab-case.
    pub id: String,
    /// For people.
    pub description: String,
    /// The part that it runs.
    pub source: FileId,
    /// Paths from outside. Empty: private, reached by chaining alone.
    pub routes: Vec<String>,
    /// `allowed_outbound_hosts`.
    pub hosts: Vec<String>,
    /// The environment variable by which it is told what it is, and its value.
    pub environment: (&'static str, String),
    /// Variables of the component, each a template over those of the application.
    pub variables: BTreeMap<String, String>,
    /// What satisfies its imports.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// What satisfies one import.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The component.
    pub file: FileId,
    /// It may read the variables of the component that it belongs to: it signs.
    pub variables: bool,
    /// The plugins in it. Empty: no policy.
    pub made_of: Vec<Ingredient>,
}

/// A file of [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(usize);

/// A component on disk.
#[derive(Debug, Clone)]
pub struct File {
    /// What it is called after; unique within the application.
    pub label: String,
    /// In hexadecimal digits.
    pub sha256: String,
    /// The component.
    pub bytes: Vec<u8>,
}

/// The files of an application, each content once.
#[derive(Debug, Clone, Default)]
pub struct Files(Vec<File>);

/// How files are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By content: `1a2b3c4d5e6f-twilio.wasm`. Two packages never disagree about a name.
    Hashed,
    /// Without it: `twilio.wasm`. For a manifest that is kept under version control.
    Plain,
}

/// Digits of the hash in the name of a file.
const PREFIX_CHARS: usize = 12;

impl Files {
    pub(super) fn add(&mut self, label: &str, bytes: &[u8]) -> FileId {
        let sha256 = sha256(bytes);
        if let Some(index) = self.0.iter().position(|file| file.sha256 == sha256) {
            return FileId(index);
        }
        let taken = |label: &str| self.0.iter().any(|file| file.label == label);
        let numbered = (2..).map(|number| format!("{label}-{number}"));
        let free = std::iter::once(label.to_owned()).chain(numbered).find(|label| !taken(label));
        // Numbers do not end before labels do.
        let label = free.unwrap_or_default();
        self.0.push(File { label, sha256, bytes: bytes.to_vec() });
        FileId(self.0.len() - 1)
    }

    /// A file that was added.
    #[must_use]
    pub fn get(&self, id: FileId) -> &File {
        &self.0[id.0]
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.0.iter()
    }
}

impl File {
    /// Where it is below the folder of the package.
    #[must_use]
    pub fn path(&self, naming: Naming) -> String {
        match naming {
            Naming::Hashed => format!("components/{}-{}.wasm", &self.sha256[..PREFIX_CHARS], self.label),
            Naming::Plain => format!("components/{}.wasm", self.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_is_one_file_with_a_name_of_its_own() {
        let mut files = Files::default();
        let one = files.add("a", b"1");
        assert_eq!(files.add("b", b"1"), one);
        let two = files.add("a", b"2");
        assert_eq!(files.get(two).path(Naming::Plain), "components/a-2.wasm");
        assert_eq!(files.get(one).path(Naming::Hashed), "components/6b86b273ff34-a.wasm");
        assert_eq!(files.iter().count(), 2);
    }
}
