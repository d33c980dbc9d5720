mod countries;
mod examples;
mod properties;
mod recipients;
mod senders;

use super::Country;

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn countries(code: &str) -> Option<Country> {
    (!code.is_empty()).then(|| country(code))
}
