//! Variables of the application and the templates that bring them to a component.

use std::collections::BTreeMap;

use crate::EdgeHostError;
use crate::manifest::Variable;

/// The value of every variable of the application.
#[derive(Debug)]
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// Takes what was given from outside, else the default. A required one without a value, and a
    /// value for one that is not declared, are errors.
    pub(crate) fn resolve(
        declared: &BTreeMap<String, Variable>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, EdgeHostError> {
        if let Some(name) = given.keys().find(|name| !declared.contains_key(*name)) {
            return Err(EdgeHostError::value(
                "options.variables",
                format!("`{name}` is not in [variables] of the manifest"),
            ));
        }
        declared
            .iter()
            .map(|(name, variable)| {
                let place = || format!("variables.{name}");
                check_name(name).map_err(|reason| EdgeHostError::value(place(), reason))?;
                if variable.required == variable.default.is_some() {
                    return Err(EdgeHostError::value(place(), "either `required = true` or a `default`"));
                }
                let value = given.get(name).or(variable.default.as_ref());
                let value =
                    value.ok_or_else(|| EdgeHostError::value(place(), "is required and has no value"))?;
                Ok((name.clone(), value.clone()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Fills in `{{ name }}`. `place` is for the error.
    pub(crate) fn render(&self, template: &str, place: &str) -> Result<String, EdgeHostError> {
        let mut rendered = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err(EdgeHostError::value(place, format!("`{{{{` without `}}}}` in `{template}`")));
            };
            let name = name.trim();
            let Some(value) = self.0.get(name) else {
                return Err(EdgeHostError::value(place, format!("`{name}` is not in [variables]")));
            };
            rendered.push_str(before);
            rendered.push_str(value);
            rest = after;
        }
        rendered.push_str(rest);
        Ok(rendered)
    }
}

/// Lower case letters, digits and single underscores, beginning with a letter.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let of_these = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if starts_well && name.bytes().all(of_these) && !name.contains("__") && !name.ends_with('_') {
        Ok(())
    } else {
        Err("a name is of lower case letters, digits and single underscores, a letter first")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Values;
    use crate::manifest::Variable;

    fn values(manifest: &str, given: &[(&str, &str)]) -> Result<Values, String> {
        let declared: BTreeMap<String, Variable> = toml::from_str(manifest).unwrap();
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Values::resolve(&declared, &given).map_err(|error| error.to_string())
    }

    #[test]
    fn given_values_come_before_defaults() {
        let manifest = "a = { default = \"1\" }\nb = { required = true, secret = true }";
        let values = values(manifest, &[("b", "2")]).unwrap();
        assert_eq!(values.render("{{ a }}-{{b}}!", "here").unwrap(), "1-2!");
        assert_eq!(values.render("plain", "here").unwrap(), "plain");
        for (template, named) in [("{{ c }}", "`c`"), ("{{ a", "without")] {
            let error = values.render(template, "here").unwrap_err().to_string();
            assert!(error.starts_with("here: ") && error.contains(named), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (manifest, given, named) in [
            ("b = { required = true }", &[][..], "variables.b: is required"),
            ("b = { secret = true }", &[], "variables.b: either"),
            ("B = { required = true }", &[], "variables.B: a name"),
            ("", &[("c", "1")], "`c` is not in"),
        ] {
            let error = values(manifest, given).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
