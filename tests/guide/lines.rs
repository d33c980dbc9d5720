//! The lines of the guide that are to be run: those in its fences `sh guide=…`.

const GUIDE: &str = include_str!("../../docs/writing-plugins.md");

/// A language of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    Rust,
    Javascript,
    Python,
}

/// A line for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// Its exit code is not 0.
    pub fails: bool,
}

impl Lang {
    /// The name in the guide, and of `--lang`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Javascript => "javascript",
            Self::Python => "python",
        }
    }
}

/// The lines for one language, in their order.
pub fn of(lang: Lang) -> Vec<Line> {
    read(GUIDE, lang.name())
}

fn read(guide: &str, lang: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    // Inside of a fence: for this language, and whether it fails.
    let mut fence: Option<(bool, bool)> = None;
    for line in guide.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(head)) => fence = Some(of_fence(head, lang)),
            (Some(_), Some(_)) => fence = None,
            (Some((true, fails)), None) if !line.trim().is_empty() => {
                lines.push(Line { text: line.to_owned(), fails });
            }
            _ => {}
        }
    }
    assert!(fence.is_none(), "a fence has no end");
    lines
}

/// Of the words behind the three backticks.
fn of_fence(head: &str, lang: &str) -> (bool, bool) {
    let mut words = head.split_whitespace();
    let is_shell = words.next() == Some("sh");
    let (mut is_for, mut fails) = (false, false);
    for word in words {
        match word.split_once('=') {
            Some(("guide", langs)) => is_for = langs.split(',').any(|name| name == lang),
            None if word == "fails" => fails = true,
            _ => panic!("the guide has a fence with `{word}`"),
        }
    }
    (is_shell && is_for, fails)
}

#[test]
fn lines_are_those_of_the_language() {
    let guide = "text\n```sh guide=a\none\n\ntwo\n```\n```rust\nno\n```\n```sh guide=a,b fails\nthree\n```\n";
    let line = |text: &str, fails| Line { text: text.to_owned(), fails };
    assert_eq!(read(guide, "a"), [line("one", false), line("two", false), line("three", true)]);
    assert_eq!(read(guide, "b"), [line("three", true)]);
    for lang in [Lang::Rust, Lang::Javascript, Lang::Python] {
        assert!(of(lang).len() > 15, "{lang:?}");
    }
}
