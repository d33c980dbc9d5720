//! `docs/writing-plugins.md`, followed word by word: from an empty folder to a policy that decides and
//! back, in each of the three languages, with the built `waypost` binary and the languages' own tools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say what they expect by unwrapping it"
)]

#[allow(dead_code, unused_imports, reason = "each test binary uses its part of the kit")]
#[path = "../kit/mod.rs"]
mod kit;

mod claims;
mod lines;
mod place;
mod templates;

use claims::Claims;
use kit::{Client, Gateway};
use lines::Lang;
use place::Place;

const CONFIG: &str = r#"
[server]
listen = "{address}"
[providers.simulator]
component = "simulator"
[tenants.demo]
"#;

/// Follows the guide in one language and checks after each line what the guide says of it.
async fn follow(lang: Lang) {
    let gateway = Gateway::start(CONFIG).await;
    let key = gateway.key("demo", &["plugins", "send", "read"]);
    let mut claims = Claims::new(Client::new(gateway.address(), &key));
    let mut place = Place::empty(lang.name());
    place.set("WAYPOST_URL", &gateway.url());
    place.set("WAYPOST_KEY", &key);
    for line in lines::of(lang) {
        let said = place.run(&line.text, line.fails);
        claims.check(&line.text, &said).await;
    }
    claims.all_made();
    templates::check(lang, &mut place);
    place.leave();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust() {
    follow(Lang::Rust).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript() {
    follow(Lang::Javascript).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python() {
    follow(Lang::Python).await;
}
