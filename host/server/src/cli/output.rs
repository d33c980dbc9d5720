//! Where results go: tables for people, JSON for programs, notes to standard error.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use console::Term;
use serde_json::Value;

use super::error::{CliError, Result};

/// Where the results of a command go.
pub(super) struct Output {
    json: bool,
    width: Option<u16>,
    /// Elements so far of an array that is not complete.
    array_items: Option<u64>,
    out: Box<dyn Write>,
}

impl Output {
    /// Standard output; tables fit the terminal where it is one.
    pub fn stdout(json: bool) -> Self {
        let width = Term::stdout().size_checked().map(|(_, columns)| columns);
        Self { json, width, array_items: None, out: Box::new(io::stdout()) }
    }

    /// True where a program reads.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One line, or several.
    pub fn text(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// A document for programs.
    pub fn document(&mut self, document: &Value) -> Result<()> {
        Ok(writeln!(self.out, "{document:#}")?)
    }

    /// A table for people. Nothing at all where it has no rows.
    pub fn table(&mut self, grid: Grid) -> Result<()> {
        if grid.rows.is_empty() {
            return Ok(());
        }
        let text = grid.render(self.width);
        self.text(&text)
    }

    /// Names and values, for one thing with many properties.
    pub fn properties(&mut self, properties: &[(&str, String)]) -> Result<()> {
        let widest = properties.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in properties {
            writeln!(self.out, "{name:widest$}  {}", printable(value))?;
        }
        Ok(())
    }

    /// A remark for people, beside the results.
    pub fn note(&self, text: &str) {
        // Standard error is all there is to complain to.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Begins an array whose elements come one by one.
    pub fn array_start(&mut self) -> Result<()> {
        self.array_items = Some(0);
        Ok(write!(self.out, "[")?)
    }

    /// An element of the array.
    pub fn array_item(&mut self, item: &Value) -> Result<()> {
        let items = self.array_items.get_or_insert(0);
        let separator = if *items == 0 { "\n" } else { ",\n" };
        *items += 1;
        Ok(write!(self.out, "{separator}{item:#}")?)
    }

    /// The array is complete.
    pub fn array_end(&mut self) -> Result<()> {
        let end = if self.array_items.take() == Some(0) { "]" } else { "\n]" };
        self.text(end)
    }

    /// An error: a line for people, and for programs its document in place of the result.
    pub fn error(&mut self, error: &CliError) {
        // An array that was begun stays open: the reader must see that it is not whole.
        if self.json && self.array_items.is_none() {
            let _ = self.document(&error.document());
        }
        self.complain(error);
    }

    /// An error: a line for people, where the result is already written.
    pub fn complain(&self, error: &CliError) {
        let text = printable_lines(&error.text());
        let coloured =
            Term::stderr().is_term() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        match text.strip_prefix("error:") {
            Some(rest) if coloured => self.note(&format!("\u{1b}[1;31merror:\u{1b}[0m{rest}")),
            _ => self.note(&text),
        }
    }

    #[cfg(test)]
    pub fn memory(json: bool) -> (Self, Memory) {
        let memory = Memory::default();
        (Self { json, width: Some(100), array_items: None, out: Box::new(memory.clone()) }, memory)
    }
}

/// Rows and columns of text.
pub(super) struct Grid {
    header: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// An empty table with these headings.
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), right: Vec::new(), rows: Vec::new() }
    }

    /// The columns with these headings hold numbers.
    pub fn right(mut self, columns: &[&str]) -> Self {
        self.right =
            (0..self.header.len()).filter(|column| columns.contains(&self.header[*column])).collect();
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn render(&self, width: Option<u16>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(self.header.iter().copied());
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for cells in &self.rows {
            table.add_row(cells.iter().map(|cell| printable(cell)));
        }
        let mut columns = table.column_iter_mut();
        for (index, column) in columns.by_ref().enumerate() {
            column.set_padding((0, 2));
            if self.right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

/// Without control characters, so that a message's text cannot steer the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().flat_map(|character| escaped(character, character.is_control())).collect()
}

/// The same, with line ends kept.
pub(super) fn printable_lines(text: &str) -> String {
    text.chars()
        .flat_map(|character| escaped(character, character.is_control() && character != '\n'))
        .collect()
}

fn escaped(character: char, escape: bool) -> impl Iterator<Item = char> {
    let plain = (!escape).then_some(character);
    let escapes = escape.then(|| character.escape_debug());
    plain.into_iter().chain(escapes.into_iter().flatten())
}

/// Where tests read what a command wrote.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Memory(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Memory {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(&["code", "rows"]).right(&["rows"]);
        grid.row(vec!["accepted".into(), "7".into()]);
        grid.row(vec!["country_denied".into(), "1200".into()]);
        grid
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let expected = "code            rows\naccepted           7\ncountry_denied  1200";
        assert_eq!(grid().render(None), expected);
    }

    #[test]
    fn a_narrow_terminal_wraps_cells() {
        let mut grid = Grid::new(&["id", "reason"]);
        grid.row(vec!["1".into(), "the handset was switched off for a long time".into()]);
        let text = grid.render(Some(30));
        assert!(text.lines().count() > 2, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc é😀"), "a\\u{1b}[2Jb\\nc é😀");
        assert_eq!(printable_lines("a\u{7}\nb"), "a\\u{7}\nb");
        let (mut output, memory) = Output::memory(false);
        output.properties(&[("id", "1".into()), ("text", "\u{9b}x".into())]).unwrap();
        assert_eq!(memory.text(), "id    1\ntext  \\u{9b}x\n");
    }

    #[test]
    fn an_empty_table_is_silent() {
        let (mut output, memory) = Output::memory(false);
        output.table(Grid::new(&["a"])).unwrap();
        assert_eq!(memory.text(), "");
    }
}
