//! What docs/conformance.md has to say.

use crate::case::{self, folder};
use crate::targets;

fn document() -> String {
    std::fs::read_to_string(folder().join("../../docs/conformance.md")).unwrap()
}

/// The cells of the rows of the table under a heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let document = document();
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_target_is_in_the_document() {
    let named: Vec<_> = rows("Targets").into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(named, targets::NAMES);
}

#[test]
fn every_exception_is_in_the_document_with_its_reason() {
    let mut expected: Vec<_> = case::all()
        .into_iter()
        .flat_map(|case| case.except.into_iter().map(move |target| (case.name.clone(), target)))
        .collect();
    expected.sort_unstable();
    let mut told = Vec::new();
    for row in rows("Exceptions") {
        let [case, target, reason] = row.as_slice() else { panic!("case, target, reason: {row:?}") };
        assert!(reason.len() > 20, "the reason says too little: {row:?}");
        told.push((case.trim_matches('`').to_owned(), target.trim_matches('`').to_owned()));
    }
    told.sort_unstable();
    assert_eq!(told, expected, "exceptions of the document and of the cases");
}
