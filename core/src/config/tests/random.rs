//! Properties over arbitrary and over damaged files.

use proptest::prelude::*;

use super::*;

/// What mutations put into a good file.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    "\"",
    "'",
    "\n",
    ",",
    ".",
    "-",
    "0",
    "1e999",
    "0xffffffffffffffffff",
    "nan",
    "true",
    "1979-05-27",
    "\u{1b}",
    "é\u{202e}",
    "[x]\n",
    "a.b.c = 1\n",
    "\"\"\"",
    "\\u0000",
];

/// A mutation: where (as a share of the text), how much is removed, what is put there.
fn mutation() -> impl Strategy<Value = (f64, usize, usize)> {
    (0.0..1.0, 0_usize..12, 0..=PIECES.len())
}

fn mutate(text: &str, (at, removed, piece): (f64, usize, usize)) -> String {
    let characters: Vec<char> = text.chars().collect();
    let from = ((characters.len() as f64) * at) as usize;
    let to = (from + removed).min(characters.len());
    let before = characters[..from].iter();
    let piece = PIECES.get(piece).copied().unwrap_or("");
    before.copied().chain(piece.chars()).chain(characters[to..].iter().copied()).collect()
}

/// What every answer must be like.
fn check(text: &str) -> Result<(), TestCaseError> {
    let problems = match parse(text) {
        Ok(parsed) => parsed.warnings,
        Err(errors) => {
            prop_assert!(!errors.problems.is_empty());
            errors.problems
        }
    };
    prop_assert!(problems.len() <= limits::PROBLEMS_MAX);
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap_or(text).split('\n').collect();
    let mut last = (1, 1);
    for problem in &problems {
        let line = lines.get(problem.line as usize - 1);
        let columns_max = line.map_or(0, |line| line.chars().count() + 1);
        prop_assert!((1..=columns_max).contains(&(problem.column as usize)), "{problem}");
        prop_assert!((problem.line, problem.column) >= last, "{problem}");
        last = (problem.line, problem.column);
        prop_assert!(!problem.to_string().chars().any(char::is_control), "{problem:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_answered(text in ".{0,200}") {
        check(&text)?;
    }

    #[test]
    fn text_of_toml_pieces_is_answered(
        pieces in prop::collection::vec(0..PIECES.len(), 0..40),
    ) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        check(&text)?;
    }

    #[test]
    fn damaged_good_files_are_answered(mutations in prop::collection::vec(mutation(), 1..6)) {
        check(&mutations.iter().fold(FULL.to_owned(), |text, change| mutate(&text, *change)))?;
    }

    #[test]
    fn secrets_are_never_shown(
        secret in "[A-Za-z0-9_/+=-]{12,40}",
        form in 0_usize..8,
        also_wrong in any::<bool>(),
    ) {
        let literal = match form {
            0 => format!("\"{secret}\""),
            1 => format!("[\"{secret}\"]"),
            2 => format!("{{ env = \"{secret}\" }}"),
            3 => format!("{{ file = \"{secret}\", env = \"{secret}\" }}"),
            4 => format!("{{ \"{secret}\" = 1 }}"),
            5 => format!("{{ value = \"{secret}\" }}"),
            6 => format!("{{ env = {{ x = \"{secret}\" }} }}"),
            _ => format!("{{ file = [\"{secret}\"] }}"),
        };
        let line = format!("secrets.auth_token = {literal}\nsecrets.\"{secret}!\" = 1\n");
        let wrong = if also_wrong { "weight = -1\n" } else { "" };
        let text = LEAST.replace("[tenants", &format!("{line}{wrong}[tenants"));
        let text = format!("{text}callback_secret = {literal}\n");
        let errors = parse(&text).expect_err("a wrong name of a secret");
        let shown = format!("{errors:?} {errors}");
        prop_assert!(!shown.contains(&secret), "{shown}");
    }

    #[test]
    fn integers_are_accepted_exactly_in_their_range(number in -10_i64..2_000) {
        let text = LEAST.replace("[tenants", &format!("weight = {number}\n[tenants"));
        prop_assert_eq!(parse(&text).is_ok(), (0..=1_000).contains(&number));
    }
}
