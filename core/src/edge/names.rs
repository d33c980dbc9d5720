//! Names of Waypost as Spin takes them.
//!
//! A Spin id is words with one delimiter between them, each of small letters and digits, a letter
//! first (<https://spinframework.dev/manifest-reference>). Names of Waypost may have words that
//! begin with a digit, and empty ones.

/// The id of a Spin component, in kebab case: `("tenant", "acme-2")` is `tenant-acme2`. Two names
/// may have the same id: packaging refuses that.
#[must_use]
pub fn component_id(kind: &str, name: &str) -> String {
    joined(&[kind, name], '-')
}

/// The name of a Spin variable, in snake case: `["provider", "my-carrier", "api_key"]` is
/// `provider_my_carrier_api_key`.
#[must_use]
pub fn variable_name(parts: &[&str]) -> String {
    joined(parts, '_')
}

/// Whether Spin takes this as the name of a variable as it stands.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && variable_name(&[name]) == name
}

/// Words that begin with a digit belong to the word before them; the first word of `parts` begins
/// with a letter.
fn joined(parts: &[&str], delimiter: char) -> String {
    let mut out = String::new();
    for word in parts.iter().flat_map(|part| part.split(['-', '_'])).filter(|word| !word.is_empty()) {
        if !out.is_empty() && word.starts_with(|first: char| first.is_ascii_lowercase()) {
            out.push(delimiter);
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        for (name, id, variable) in [
            ("acme", "tenant-acme", "tenant_acme"),
            ("acme-shop", "tenant-acme-shop", "tenant_acme_shop"),
            ("acme-2", "tenant-acme2", "tenant_acme2"),
            ("a--b-", "tenant-a-b", "tenant_a_b"),
            ("2fast", "tenant2fast", "tenant2fast"),
        ] {
            assert_eq!(component_id("tenant", name), id);
            assert_eq!(variable_name(&["tenant", name]), variable);
        }
    }

    #[test]
    fn some_names_of_secrets_are_none_of_variables() {
        for (name, good) in
            [("secret_token", true), ("secret_a__b", false), ("secret_a_", false), ("secret_key_2", false)]
        {
            assert_eq!(is_variable_name(name), good, "{name}");
        }
    }
}
