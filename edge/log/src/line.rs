//! One bounded line for each call.

/// Most bytes of a text that are written, as in a native host.
const TEXT_BYTES_MAX: usize = 1024;
/// Marks a text that was cut.
const CUT: &str = "… (cut)";

/// A line with its end. Control characters become spaces, so that one call is one line.
pub(crate) fn of(level: &str, text: &str) -> String {
    let kept = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let mut line = format!("plugin {level}: ");
    line.extend(kept.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }));
    if kept.len() < text.len() {
        line.push_str(CUT);
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_line_whatever_it_says() {
        assert_eq!(of("info", "a\nb\u{1b}[31m\n"), "plugin info: a b [31m\n");
        assert_eq!(of("warn", ""), "plugin warn: \n");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let line = of("info", &"é".repeat(TEXT_BYTES_MAX));
        assert!(line.ends_with("é… (cut)\n"));
        assert!(line.len() <= "plugin info: ".len() + TEXT_BYTES_MAX + CUT.len() + 1);
        let whole = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(of("info", &whole), format!("plugin info: {whole}\n"));
    }
}
