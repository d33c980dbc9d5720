//! A file with one line for each message taken, so that counts outlive the process.
//!
//! A line is `id attempt unix_ms`. It is handed to the operating system before the submit is
//! answered; it survives a crash of the simulator, not one of the machine.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ID_BYTES_MAX;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be opened or read.
    #[error("journal_unreadable: {path}: {source}; give a file that can be read and written")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A line of it is not of a journal.
    #[error("journal_foreign: {path}, line {line}: not `id attempt unix_ms`; give another file")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
    },
}

/// The file, open for appending.
pub struct Journal {
    file: Mutex<File>,
}

impl Journal {
    /// Opens or makes the file, and gives each id in it to `taken`. A last line without its end is
    /// what a crash left: it is cut off.
    ///
    /// # Errors
    /// Where the file cannot be opened, or is something else.
    pub fn open(path: &Path, mut taken: impl FnMut(&str)) -> Result<Self, JournalError> {
        let unreadable = |source| JournalError::Unreadable { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(unreadable)?;
        let mut reader = BufReader::new(&file);
        let mut whole_bytes = 0;
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            let bytes = reader.read_line(&mut line).map_err(unreadable)?;
            let Some(entry) = line.strip_suffix('\n') else {
                break;
            };
            let id =
                id_of(entry).ok_or_else(|| JournalError::Foreign { path: path.to_owned(), line: number })?;
            taken(id);
            whole_bytes += bytes as u64;
        }
        file.set_len(whole_bytes).map_err(unreadable)?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// Appends one line.
    ///
    /// # Errors
    /// What the operating system said.
    pub fn append(&self, id: &str, attempt: u32, unix_ms: u64) -> std::io::Result<()> {
        let line = format!("{id} {attempt} {unix_ms}\n");
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

fn id_of(line: &str) -> Option<&str> {
    let mut fields = line.split(' ');
    let id = fields.next().filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX)?;
    fields.next()?.parse::<u32>().ok()?;
    fields.next()?.parse::<u64>().ok()?;
    fields.next().is_none().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopened(path: &Path) -> Result<Vec<String>, JournalError> {
        let mut ids = Vec::new();
        Journal::open(path, |id| ids.push(id.to_owned()))?;
        Ok(ids)
    }

    #[test]
    fn what_was_appended_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, |_| {}).unwrap();
        journal.append("a", 1, 10).unwrap();
        journal.append("b", 2, 20).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a 1 10\nb 2 20\n");
        assert_eq!(reopened(&path).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_torn_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, "a 1 10\nb 2").unwrap();
        let journal = Journal::open(&path, |_| {}).unwrap();
        journal.append("c", 1, 30).unwrap();
        assert_eq!(reopened(&path).unwrap(), ["a", "c"]);
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        let notes = "a 1 10\nbuy milk\n";
        std::fs::write(&path, notes).unwrap();
        assert!(matches!(reopened(&path), Err(JournalError::Foreign { line: 2, .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
        assert!(matches!(reopened(folder.path()), Err(JournalError::Unreadable { .. })));
    }
}
