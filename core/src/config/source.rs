//! From a byte offset in the text to the line and column that people count in.

use std::sync::Arc;

/// The text of one file with the starts of its lines.
pub(super) struct Source<'a> {
    pub(super) file_name: Arc<str>,
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file_name: &str, text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file_name: file_name.into(),
            text,
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
        }
    }

    /// Line and column, both from 1, of a byte offset; an offset beyond the end is the end.
    pub(super) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        // At least 1, because the first line starts at 0.
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let line_start = self.line_starts[line - 1];
        let before = self.text.as_bytes()[line_start..offset].iter();
        // Every byte that does not continue a UTF-8 sequence begins a character.
        let column = before.filter(|byte| (**byte & 0xC0) != 0x80).count() + 1;
        (clamp(line), clamp(column))
    }
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
