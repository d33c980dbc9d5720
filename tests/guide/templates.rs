//! What `waypost plugin new` makes for each role, beyond the role of the guide. In Rust the whole way to
//! the fixtures; in JavaScript and Python a component takes a minute and more of a processor, so that
//! here the fixtures are asked natively, through the same files that make the component.

use std::path::Path;

use crate::lines::Lang;
use crate::place::Place;

const ROLES: [&str; 4] = ["screening", "sender-identity", "routing", "receiving"];

/// Makes a folder for each role and tests what is in it. `place` is where the guide has ended, with the
/// tools that it has installed.
pub fn check(lang: Lang, place: &mut Place) {
    for role in ROLES {
        let (name, lang_name) = (format!("of-{role}"), lang.name());
        place.run("cd ..", false);
        place.run(&format!("waypost plugin new {name} --lang {lang_name} --role {role}"), false);
        place.run(&format!("cd {name}"), false);
        for line in lines(lang, role) {
            place.run(&line, false);
        }
    }
}

fn lines(lang: Lang, role: &str) -> Vec<String> {
    let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    match lang {
        Lang::Rust => own(&["cargo test --quiet", "waypost plugin build", "waypost plugin test"]),
        Lang::Javascript => vec!["npm test".to_owned(), format!("node {} {role}", glue("mjs"))],
        Lang::Python => {
            let world = format!("{}-policy", role.trim_end_matches("-identity"));
            let bindings = format!(
                "../consent-tag/.venv/bin/componentize-py --wit-path wit --world {world} bindings bindings"
            );
            vec!["python3 -m unittest".to_owned(), bindings, format!("python3 {} {role}", glue("py"))]
        }
    }
}

fn glue(ending: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guide");
    format!("'{}'", tests.join(format!("glue.{ending}")).display())
}
