//! Files that are refused, each with the exact messages.

use super::*;

/// The table of bad files, see its head.
const CASES: &str = include_str!("bad.txt");

struct Case {
    title: &'static str,
    text: String,
    messages: &'static str,
}

/// A case begins with `### place: title`; the text, `--->` and the messages follow.
fn cases() -> Vec<Case> {
    let sections = CASES.split("\n### ").skip(1);
    sections
        .map(|section| {
            let (title, rest) = section.split_once('\n').expect("a title");
            let (text, messages) = rest.split_once("--->\n").expect("an arrow");
            let text = match title.split_once(": ").expect("a place").0 {
                "whole" => text.to_owned(),
                "after" => format!("{LEAST}{text}"),
                "provider" => LEAST.replace("[tenants", &format!("{text}[tenants")),
                place => panic!("no place {place}"),
            };
            Case { title, text, messages: messages.trim_end() }
        })
        .collect()
}

#[test]
fn each_bad_file_is_refused_with_exactly_its_messages() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = match parse(&case.text) {
            Ok(_) => "accepted".to_owned(),
            Err(errors) => errors.to_string(),
        };
        if found != case.messages {
            wrong.push(format!("{}\nexpected:\n{}\nfound:\n{found}\n", case.title, case.messages));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_shows_what_may_be_a_secret() {
    let hidden = ["never_shown", "never-shown", "12345678"];
    let with_secret: Vec<Case> =
        cases().into_iter().filter(|case| hidden.iter().any(|secret| case.text.contains(secret))).collect();
    assert!(with_secret.len() >= 16, "{}", with_secret.len());
    for case in with_secret {
        let errors = parse(&case.text).expect_err(case.title);
        let shown = format!("{errors} {errors:?}");
        assert!(hidden.iter().all(|secret| !shown.contains(secret)), "{}: {shown}", case.title);
    }
}

#[test]
fn the_table_has_every_code_of_an_error() {
    let codes = [
        ConfigCode::Syntax,
        ConfigCode::TooLarge,
        ConfigCode::UnknownKey,
        ConfigCode::WrongType,
        ConfigCode::OutOfRange,
        ConfigCode::InvalidValue,
        ConfigCode::MissingKey,
        ConfigCode::UnknownReference,
        ConfigCode::Conflict,
        ConfigCode::LiteralSecret,
    ];
    for code in codes {
        assert!(CASES.contains(&format!("({code})")), "{code}");
    }
}

#[test]
fn sizes_have_limits() {
    let repeat =
        |count: usize, entry: &dyn Fn(usize) -> String| -> String { (0..count).map(entry).collect() };
    let provider = |index| format!("[providers.p{index}]\ncomponent = \"simulator\"\n");
    let tenant = |index| format!("[tenants.t{index}]\n");
    let component = |index| format!("[components.c{index}]\npath = \"a\"\n");
    let cases = [
        (
            format!("#{}", "x".repeat(limits::FILE_BYTES_MAX)),
            "waypost.toml:1:1: a file has at most 1048576 bytes, found 1048577 (config_too_large)",
        ),
        (
            format!("{}[tenants.a]", repeat(1_001, &provider)),
            "waypost.toml:1:2: providers: at most 1000 entries, found 1001 (config_too_large)",
        ),
        (
            format!("{}[providers.a]\ncomponent = \"simulator\"", repeat(10_001, &tenant)),
            "waypost.toml:1:2: tenants: at most 10000 entries, found 10001 (config_too_large)",
        ),
        (
            format!("{LEAST}{}", repeat(1_001, &component)),
            "waypost.toml:4:2: components: at most 1000 entries, found 1001 (config_too_large)",
        ),
        (
            LEAST.replace("[tenants", &format!("settings.a = '{}'\n[tenants", "x".repeat(32_768))),
            "waypost.toml:3:1: providers.simulator.settings: must be at most 32768 bytes as JSON, \
             found 32776 (config_too_large)",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parse(&text).expect_err(message).to_string(), message);
    }
    let at_the_limits = format!("{}{}", repeat(1_000, &provider), repeat(10_000, &tenant));
    assert!(parse(&at_the_limits).is_ok());
}

#[test]
fn only_the_first_problems_are_listed_and_the_others_counted() {
    let unknown: String = (0..5_000).map(|index| format!("k{index} = 1\n")).collect();
    let errors = parse(&format!("{unknown}{LEAST}")).expect_err("unknown keys");
    assert_eq!((errors.problems.len(), errors.omitted), (limits::PROBLEMS_MAX, 4_900));
    assert!(errors.to_string().ends_with("\nand 4900 more"));
}
