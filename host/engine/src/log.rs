//! The bounded log of one call: what the component writes by the log interface, and what it
//! prints.

/// Marks a log that was cut.
const CUT: &str = "… (cut: the log of a call is full)";

/// Lines of one call, up to a number of bytes.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Vec<String>,
    /// What was printed since the last line break.
    printed: String,
    bytes_left: usize,
    cut: bool,
}

impl Log {
    /// Empties the log for the next call.
    pub fn begin(&mut self, bytes_max: usize) {
        self.lines.clear();
        self.printed.clear();
        self.bytes_left = bytes_max;
        self.cut = false;
    }

    /// Notes a text with its level; each of its lines is a line of the log.
    pub fn write(&mut self, level: &str, text: &str) {
        for line in text.lines() {
            self.push(level, line);
        }
    }

    /// Takes a piece of what is printed to standard output or error. Lines are noted when they
    /// are complete, or at the end of the call.
    pub fn print(&mut self, bytes: &[u8]) {
        let room = self.bytes_left.saturating_sub(self.printed.len());
        let taken = &bytes[..bytes.len().min(room)];
        self.printed.push_str(&String::from_utf8_lossy(taken));
        while let Some(end) = self.printed.find('\n') {
            let rest = self.printed.split_off(end + 1);
            let line = std::mem::replace(&mut self.printed, rest);
            self.push("print", line.trim_end());
        }
        if taken.len() < bytes.len() {
            self.end_of_print();
            self.mark_cut();
        }
    }

    /// What was written since [`Log::begin`].
    pub fn take(&mut self) -> Vec<String> {
        self.end_of_print();
        std::mem::take(&mut self.lines)
    }

    fn end_of_print(&mut self) {
        if !self.printed.is_empty() {
            let line = std::mem::take(&mut self.printed);
            self.push("print", line.trim_end());
        }
    }

    fn push(&mut self, level: &str, line: &str) {
        if self.cut {
            return;
        }
        let whole = level.len() + 2 + line.len();
        let room = self.bytes_left.saturating_sub(level.len() + 2);
        let kept = &line[..line.floor_char_boundary(room.min(line.len()))];
        if !kept.is_empty() || line.is_empty() {
            let text = kept.chars().map(|c| if c.is_control() { ' ' } else { c });
            self.lines.push([level, ": "].into_iter().flat_map(str::chars).chain(text).collect());
        }
        self.bytes_left = self.bytes_left.saturating_sub(whole);
        if kept.len() < line.len() {
            self.mark_cut();
        }
    }

    fn mark_cut(&mut self) {
        if !self.cut {
            self.cut = true;
            self.lines.push(CUT.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(bytes_max: usize) -> Log {
        let mut log = Log::default();
        log.begin(bytes_max);
        log
    }

    #[test]
    fn what_fits_is_kept_whole_and_the_rest_is_marked() {
        let mut log = log(20);
        log.write("info", "0123456789");
        log.write("info", "abcdefgh");
        log.write("info", "never");
        assert_eq!(log.take(), ["info: 0123456789", CUT]);
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        let mut log = log(9);
        log.write("info", "aéé");
        assert_eq!(log.take(), ["info: aé", CUT]);
    }

    #[test]
    fn printed_pieces_become_lines() {
        let mut log = log(100);
        log.print(b"thread pan");
        log.print(b"icked\nat x");
        assert_eq!(log.take(), ["print: thread panicked", "print: at x"]);
    }

    #[test]
    fn endless_printing_is_cut() {
        let mut log = log(30);
        for _ in 0..100 {
            log.print(b"0123456789");
        }
        let lines = log.take();
        assert_eq!(lines.last().map(String::as_str), Some(CUT));
        assert!(lines.iter().map(String::len).sum::<usize>() < 100);
    }

    #[test]
    fn control_characters_do_not_reach_the_trace() {
        let mut log = log(100);
        log.write("warn", "a\u{1b}[31mb");
        assert_eq!(log.take(), ["warn: a [31mb"]);
    }
}
