//! Compares a JSON value with a pattern and says every difference.

use serde_json::{Map, Value};

use crate::pattern::{Kind, Pattern};
use crate::shape::Shape;
use crate::template::Hole;
use crate::variables::Variables;

/// A place where a value is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of what is expected.
    pub line: usize,
    /// Where in the value (JSON pointer), what was expected, what is there.
    pub text: String,
}

/// All differences. Captures what the pattern names, as far as it matches.
pub fn compare(pattern: &Pattern, value: &Value, variables: &mut Variables) -> Vec<Difference> {
    let mut matcher = Matcher { variables, differences: Vec::new() };
    matcher.value(pattern, value, "");
    matcher.differences
}

struct Matcher<'a> {
    variables: &'a mut Variables,
    differences: Vec<Difference>,
}

impl Matcher<'_> {
    fn value(&mut self, pattern: &Pattern, value: &Value, at: &str) {
        match (&pattern.kind, value) {
            (Kind::Rest, _) => {}
            (Kind::Scalar(expected), value) if expected == value => {}
            (Kind::Scalar(expected), value) => self.differs(pattern, at, &expected.to_string(), value),
            (Kind::Text(template), Value::String(text)) => match template.matches(text, self.variables) {
                Ok(true) => {}
                Ok(false) => {
                    let expected = Value::from(template.shown(self.variables)).to_string();
                    self.differs(pattern, at, &expected, value);
                }
                Err(error) => self.add(pattern, at, &error),
            },
            (Kind::Text(template), value) => {
                let expected = Value::from(template.shown(self.variables)).to_string();
                self.differs(pattern, at, &expected, value);
            }
            (Kind::Hole(hole), value) => self.hole(pattern, hole, value, at),
            (Kind::Object { members, open }, Value::Object(map)) => {
                self.object(pattern, members, *open, map, at);
            }
            (Kind::Object { .. }, value) => self.differs(pattern, at, "an object", value),
            (Kind::Array(items), Value::Array(values)) => self.array(pattern, items, values, at),
            (Kind::Array(_), value) => self.differs(pattern, at, "a list", value),
        }
    }

    fn hole(&mut self, pattern: &Pattern, hole: &Hole, value: &Value, at: &str) {
        match hole {
            Hole::Shape(shape, name) if shape.fits(value) => {
                if let Some(name) = name {
                    self.variables.capture(name, value.clone());
                }
            }
            Hole::Shape(shape, _) => {
                self.differs(pattern, at, &format!("{shape:?}").to_lowercase(), value);
            }
            Hole::Expression(name) => match self.variables.value(name) {
                Some(expected) if expected == *value => {}
                Some(expected) => self.differs(pattern, at, &expected.to_string(), value),
                None => self.add(pattern, at, &format!("`{{{{{name}}}}}` is not known here")),
            },
        }
    }

    fn object(
        &mut self,
        pattern: &Pattern,
        members: &[(String, Pattern)],
        open: bool,
        map: &Map<String, Value>,
        at: &str,
    ) {
        for (name, member) in members {
            let at = format!("{at}/{name}");
            let is_absence = matches!(member.kind, Kind::Hole(Hole::Shape(Shape::Absent, _)));
            match map.get(name) {
                Some(value) => self.value(member, value, &at),
                None if is_absence => {}
                None => self.add(member, &at, "is missing"),
            }
        }
        let is_expected = |name: &String| members.iter().any(|(known, _)| known == name);
        for (name, value) in map.iter().filter(|(name, _)| !open && !is_expected(name)) {
            self.add(pattern, &format!("{at}/{name}"), &format!("is not expected, and is {value}"));
        }
    }

    fn array(&mut self, pattern: &Pattern, items: &[Pattern], values: &[Value], at: &str) {
        if items.iter().any(|item| item.kind == Kind::Rest) {
            if !self.open_array(items, values) {
                let value = Value::from(values.to_vec());
                self.differs(pattern, at, "elements that fit, in this order", &value);
            }
            return;
        }
        for (index, (item, value)) in items.iter().zip(values).enumerate() {
            self.value(item, value, &format!("{at}/{index}"));
        }
        if items.len() != values.len() {
            let text = format!("has {} elements, not {}", values.len(), items.len());
            self.add(pattern, at, &text);
        }
    }

    /// Whether the elements fit, where `...` stands for any number of them.
    fn open_array(&mut self, items: &[Pattern], values: &[Value]) -> bool {
        let Some((item, items_left)) = items.split_first() else { return values.is_empty() };
        if item.kind == Kind::Rest {
            return (0..=values.len()).any(|skipped| self.open_array(items_left, &values[skipped..]));
        }
        let Some((value, values_left)) = values.split_first() else { return false };
        let before = self.variables.clone();
        if compare(item, value, self.variables).is_empty() && self.open_array(items_left, values_left) {
            return true;
        }
        *self.variables = before;
        false
    }

    fn differs(&mut self, pattern: &Pattern, at: &str, expected: &str, value: &Value) {
        self.add(pattern, at, &format!("is {value}, not {expected}"));
    }

    fn add(&mut self, pattern: &Pattern, at: &str, what: &str) {
        let at = if at.is_empty() { "the body" } else { at };
        self.differences.push(Difference { line: pattern.line, text: format!("{at} {what}") });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pattern;

    fn differences(pattern: &str, value: &Value) -> Vec<String> {
        let mut variables = Variables::new("a-case", 0);
        let found = compare(&pattern::parse(pattern, 1).unwrap(), value, &mut variables);
        found.into_iter().map(|it| format!("{}: {}", it.line, it.text)).collect()
    }

    #[test]
    fn what_fits_has_no_difference() {
        let value = json!({ "a": 1, "b": [1, 2, 3], "c": "x-7", "d": null, "at": "2026-11-21T22:00:00Z" });
        for pattern in [
            "{{any}}",
            r#"{ "a": 1, ... }"#,
            r#"{ "a": {{number}}, "b": [..., 3], "c": "x-{{number}}", "d": null, "at": {{time}} }"#,
            r#"{ "b": [1, ...], ... }"#,
            r#"{ "b": [..., 2, ...], "e": {{absent}}, ... }"#,
            r#"{ "a": {{x: number}}, "b": [{{x}}, ...], ... }"#,
        ] {
            assert_eq!(differences(pattern, &value), Vec::<String>::new(), "{pattern}");
        }
    }

    #[test]
    fn each_difference_is_told_with_its_line() {
        let value = json!({ "a": 1, "b": [1, 2], "c": "x" });
        for (pattern, expected) in [
            (
                r#"{ "a": 1 }"#,
                vec!["1: /b is not expected, and is [1,2]", "1: /c is not expected, and is \"x\""],
            ),
            ("{ \"a\": 2,\n\"c\": \"y\", ... }", vec!["1: /a is 1, not 2", "2: /c is \"x\", not \"y\""]),
            (r#"{ "b": [1], ... }"#, vec!["1: /b has 2 elements, not 1"]),
            (r#"{ "b": [..., 1], ... }"#, vec!["1: /b is [1,2], not elements that fit, in this order"]),
            (r#"{ "d": {{any}}, ... }"#, vec!["1: /d is missing"]),
            (r#"{ "a": {{absent}}, ... }"#, vec!["1: /a is 1, not absent"]),
            (r#"{ "a": {{unknown}}, ... }"#, vec!["1: /a `{{unknown}}` is not known here"]),
            ("[]", vec![r#"1: the body is {"a":1,"b":[1,2],"c":"x"}, not a list"#]),
        ] {
            assert_eq!(differences(pattern, &value), expected, "{pattern}");
        }
    }
}
