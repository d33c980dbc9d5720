//! `docs/smpp.md` says what the code does.

use crate::config::Config;
use crate::smpp::status;

const MANUAL: &str = include_str!("../../../../docs/smpp.md");

#[test]
fn the_manual_has_the_table_of_statuses() {
    assert!(MANUAL.contains(&status::table()), "docs/smpp.md lacks this table:\n{}", status::table());
}

#[test]
fn the_examples_of_the_manual_are_good_files() {
    let examples: Vec<&str> =
        MANUAL.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let commented = example.replace("\n# ", "\n");
        for text in [example, &commented] {
            let text = format!("{text}\n[tenants.default]\n").replace("tls = false", "tls = true");
            let parsed =
                Config::parse(&text, "docs/smpp.md", &[]).unwrap_or_else(|errors| panic!("{errors}"));
            assert!(parsed.config.providers["carrier"].smpp().is_some() && parsed.warnings.is_empty());
        }
    }
}
