//! Settings: their canonical form, their check against the component's own schema, and the
//! revision that they make with the component.

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};
use waypost_core::decision::Name;
use waypost_core::limits::PLUGIN_SETTINGS_BYTES_MAX;

use crate::load::LoadError;

/// Most violations that one error names.
const VIOLATIONS_MAX: usize = 8;

/// A component with settings, by hash: the same revision always decides the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    short: Name,
    full: Name,
}

impl Revision {
    /// The first 16 hexadecimal digits, as traces and commands show it.
    #[must_use]
    pub fn short(&self) -> &Name {
        &self.short
    }

    /// All 64 hexadecimal digits.
    #[must_use]
    pub fn full(&self) -> &Name {
        &self.full
    }

    /// The revision that a component and its settings make, without loading them: SHA-256 over
    /// the SHA-256 of both, where settings are in canonical form (sorted keys, no spaces).
    #[must_use]
    pub fn of(component: &[u8], settings: &Value) -> Self {
        Self::of_canonical(component, &canonical(settings))
    }

    /// Where the component's randomness begins while it is configured.
    pub(crate) fn seed(&self) -> u64 {
        // Sixteen hexadecimal digits always fit.
        u64::from_str_radix(&self.short, 16).unwrap_or_default()
    }

    /// The revision that settings make with a component of which only the SHA-256 is at hand, in
    /// hexadecimal. None: it is no SHA-256.
    #[must_use]
    pub fn of_hash(component_sha256: &str, settings: &Value) -> Option<Self> {
        Self::of_sha256(component_sha256, &canonical(settings))
    }

    pub(crate) fn of_sha256(component_sha256: &str, settings: &str) -> Option<Self> {
        let digits = component_sha256.as_bytes();
        if digits.len() != 64 || !digits.iter().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte =
            |at: usize| u8::from_str_radix(&component_sha256[2 * at..2 * at + 2], 16).unwrap_or_default();
        let component: [u8; 32] = std::array::from_fn(byte);
        Some(Self::of_digest(&component, settings))
    }

    pub(crate) fn of_canonical(component: &[u8], settings: &str) -> Self {
        Self::of_digest(&Sha256::digest(component), settings)
    }

    fn of_digest(component: &[u8], settings: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(component);
        hash.update(Sha256::digest(settings.as_bytes()));
        let full = hex(&hash.finalize());
        Self { short: full[..16].into(), full: full.into() }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short)
    }
}

/// JSON with sorted keys and without spaces.
pub(crate) fn canonical(settings: &Value) -> String {
    let mut sorted = settings.clone();
    sorted.sort_all_objects();
    sorted.to_string()
}

pub(crate) fn check_size(canonical: &str) -> Result<(), LoadError> {
    if canonical.len() > PLUGIN_SETTINGS_BYTES_MAX {
        return Err(LoadError::Settings {
            violations: vec![Violation {
                path: "/".to_owned(),
                reason: format!("the settings are larger than {PLUGIN_SETTINGS_BYTES_MAX} bytes"),
            }],
        });
    }
    Ok(())
}

/// One place where settings do not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON Pointer (RFC 6901); `/` is the whole of the settings.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.path, self.reason)
    }
}

/// Checks settings against the schema that the component named.
pub(crate) fn validate(schema: &str, settings: &Value) -> Result<(), LoadError> {
    let not_a_schema = |reason: String| LoadError::Schema { reason };
    let schema: Value = serde_json::from_str(schema).map_err(|error| not_a_schema(error.to_string()))?;
    let validator = jsonschema::validator_for(&schema).map_err(|error| not_a_schema(error.to_string()))?;
    let violations: Vec<_> = validator
        .iter_errors(settings)
        .take(VIOLATIONS_MAX)
        .map(|error| {
            let path = error.instance_path().to_string();
            Violation { path: if path.is_empty() { "/".to_owned() } else { path }, reason: error.to_string() }
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(LoadError::Settings { violations }) }
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_make_a_revision() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"x":1,"y":2}}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b": {"y":2, "x":1}, "a": 1}"#).unwrap();
        assert_eq!(Revision::of(b"c", &one), Revision::of(b"c", &two));
        assert_ne!(Revision::of(b"c", &one), Revision::of(b"d", &one));
        assert_ne!(Revision::of(b"c", &one), Revision::of(b"c", &json!({"a":1})));
        assert_eq!(Revision::of(b"c", &one).short().len(), 16);
        let hash = hex(&Sha256::digest(b"c"));
        assert_eq!(Revision::of_hash(&hash, &two), Some(Revision::of(b"c", &one)));
        for no_hash in ["", "c", &hash[1..], &hash.replace('2', "g"), &"é".repeat(32)] {
            assert_eq!(Revision::of_hash(no_hash, &one), None, "{no_hash}");
        }
    }

    #[test]
    fn violations_name_place_and_reason() {
        let schema = json!({
            "type": "object",
            "properties": {"deny": {"type": "array", "items": {"type": "string"}}},
            "additionalProperties": false,
        })
        .to_string();
        assert!(validate(&schema, &json!({"deny": ["KP"]})).is_ok());
        let error = validate(&schema, &json!({"deny": ["KP", 5]})).unwrap_err().to_string();
        assert!(error.contains("/deny/1"), "{error}");
        let error = validate(&schema, &json!({"denny": []})).unwrap_err().to_string();
        assert!(error.contains("denny"), "{error}");
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for schema in ["", "nonsense", r#"{"type": "nonsense"}"#, r##"{"$ref": "#/nowhere"}"##] {
            let error = validate(schema, &json!({})).unwrap_err();
            assert_eq!(error.code(), "plugin_schema_invalid", "{schema}");
        }
    }
}
