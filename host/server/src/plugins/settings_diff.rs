//! Where two settings differ, by JSON pointer (RFC 6901).

use serde::Serialize;
use serde_json::Value;

/// Most places that are named.
const PLACES_MAX: usize = 200;

/// A place where settings differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// Where.
    pub pointer: String,
    /// In the one; None: it has nothing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// In the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// The places where they differ, the first `PLACES_MAX` of them. Lists are compared as a whole:
/// an entry more at the front would make every later one differ.
pub fn differing(from: &Value, to: &Value) -> Vec<Differing> {
    let mut found = Vec::new();
    compare(Some(from), Some(to), String::new(), &mut found);
    found
}

fn compare(from: Option<&Value>, to: Option<&Value>, pointer: String, found: &mut Vec<Differing>) {
    if from == to || found.len() >= PLACES_MAX {
        return;
    }
    let (Some(Value::Object(a)), Some(Value::Object(b))) = (from, to) else {
        found.push(Differing { pointer, from: from.cloned(), to: to.cloned() });
        return;
    };
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        compare(a.get(key), b.get(key), format!("{pointer}/{escaped}"), found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_named_where_they_differ() {
        let from = json!({"deny": ["DE"], "same": 1, "deep": {"a/b": 1, "gone": true}});
        let to = json!({"deny": ["DE", "FR"], "same": 1, "deep": {"a/b": 2}, "new": null});
        let found: Vec<_> =
            differing(&from, &to).into_iter().map(|it| (it.pointer, it.from, it.to)).collect();
        assert_eq!(
            found,
            [
                ("/deep/a~1b".to_owned(), Some(json!(1)), Some(json!(2))),
                ("/deep/gone".to_owned(), Some(json!(true)), None),
                ("/deny".to_owned(), Some(json!(["DE"])), Some(json!(["DE", "FR"]))),
                ("/new".to_owned(), None, Some(Value::Null)),
            ]
        );
        assert_eq!(differing(&json!({}), &json!([]))[0].pointer, "");
        assert!(differing(&from, &from).is_empty());
    }
}
