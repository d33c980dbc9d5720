//! A tenant that is described in JSON while Waypost runs: what its table in the file would say,
//! read by the same reader.

use serde_json::Value as Json;
use toml::de::DeTable;

use super::Config;
use super::context::{Context, Place};
use super::cursor::Cursor;
use super::limits;
use super::name;
use super::problem::{ConfigCode, ConfigErrors, Problem};
use super::quote::quoted;
use super::source::Source;
use super::tenant::{Tenant, read_tenant};

/// What the places of problems begin with, instead of the name of a file.
const SOURCE: &str = "settings";

impl Config {
    /// Reads and checks a tenant's settings, which may name what this configuration has.
    ///
    /// # Errors
    /// All problems, with the path of each; line and column mean nothing to whoever wrote JSON.
    pub fn read_tenant(
        &self,
        tenant: &str,
        settings: &Json,
        known_components: &[&str],
    ) -> Result<Tenant, ConfigErrors> {
        if !name::is_name(tenant) {
            let reason =
                format!("{} is not a name: 1 to 32 of a-z, 0-9 and -, a letter first", quoted(tenant));
            return Err(one(ConfigCode::InvalidValue, "", reason));
        }
        if !settings.is_object() {
            return Err(one(ConfigCode::WrongType, "", "the settings are one JSON object".to_owned()));
        }
        let text = self.as_toml(tenant, settings).map_err(|path| {
            let reason = "null is no value here: leave the key out".to_owned();
            one(ConfigCode::WrongType, &path, reason)
        })?;
        if text.len() > limits::FILE_BYTES_MAX {
            let reason = format!("settings have at most {} bytes", limits::FILE_BYTES_MAX);
            return Err(one(ConfigCode::TooLarge, "", reason));
        }
        let root = match DeTable::parse(&text) {
            Ok(root) => root,
            Err(error) => return Err(one(ConfigCode::Syntax, "", error.message().to_owned())),
        };
        let root = root.get_ref();
        let context = Context::new(Source::new(SOURCE, &text), root, known_components);
        let tables = root.get(limits::TENANTS.name).and_then(|tenants| tenants.get_ref().as_table());
        let table = tables.and_then(|tenants| tenants.get(tenant)).and_then(|it| it.get_ref().as_table());
        let read = read_tenant(tenant, Cursor::new(&context, Place::root(), table));
        let (errors, _) = context.finish();
        if errors.problems.is_empty() { Ok(read) } else { Err(errors) }
    }

    /// Whether the numbers of a tenant's settings are free in this configuration, or its own.
    ///
    /// # Errors
    /// A problem for each number that another tenant has.
    pub fn check_numbers(&self, tenant: &str, settings: &Tenant) -> Result<(), ConfigErrors> {
        let taken = settings.numbers.keys().filter_map(|number| {
            let other = self.numbers.get(number).filter(|target| target.tenant != tenant)?;
            let path = format!("{}.{number}", limits::NUMBERS.name);
            let reason = format!("the tenant {} has this number", quoted(&other.tenant));
            Some(problem(ConfigCode::Conflict, &path, reason))
        });
        let mut problems: Vec<Problem> = taken.collect();
        let omitted = problems.len().saturating_sub(limits::PROBLEMS_MAX);
        problems.truncate(limits::PROBLEMS_MAX);
        if problems.is_empty() { Ok(()) } else { Err(ConfigErrors { problems, omitted }) }
    }

    /// A file with the names that this configuration has, and the one tenant.
    fn as_toml(&self, tenant: &str, settings: &Json) -> Result<String, String> {
        let mut text = String::new();
        let names = |names: &mut dyn Iterator<Item = &String>| {
            names.map(|name| format!("{} = {{}}", Json::from(name.as_str()))).collect::<Vec<_>>().join(", ")
        };
        let components = names(&mut self.components.keys());
        let providers = names(&mut self.providers.keys());
        text += &format!("components = {{{components}}}\nproviders = {{{providers}}}\n");
        text += &format!("tenants = {{{} = ", Json::from(tenant));
        write_inline(settings, "", &mut text)?;
        text += "}\n";
        Ok(text)
    }
}

/// JSON as an inline value of TOML, whose strings have the same escapes.
///
/// # Errors
/// The path of a null, which TOML does not have.
fn write_inline(value: &Json, path: &str, text: &mut String) -> Result<(), String> {
    match value {
        Json::Null => return Err(path.to_owned()),
        Json::Object(members) => {
            text.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                *text += &format!("{comma}{} = ", Json::from(key.as_str()));
                let dot = if path.is_empty() { "" } else { "." };
                write_inline(member, &format!("{path}{dot}{key}"), text)?;
            }
            text.push('}');
        }
        Json::Array(entries) => {
            text.push('[');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_inline(entry, &format!("{path}[{index}]"), text)?;
            }
            text.push(']');
        }
        Json::Bool(_) | Json::Number(_) | Json::String(_) => *text += &value.to_string(),
    }
    Ok(())
}

fn one(code: ConfigCode, path: &str, reason: String) -> ConfigErrors {
    ConfigErrors { problems: vec![problem(code, path, reason)], omitted: 0 }
}

fn problem(code: ConfigCode, path: &str, reason: String) -> Problem {
    Problem { code, file_name: SOURCE.into(), line: 1, column: 1, path: path.to_owned(), reason, help: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config() -> Config {
        let text = "[providers.sim]\ncomponent = \"simulator\"\n[tenants.demo]\n";
        Config::parse(text, "waypost.toml", &["simulator", "country-blacklist"]).unwrap().config
    }

    fn read(name: &str, settings: &Json) -> Result<Tenant, Vec<(String, &'static str)>> {
        let read = config().read_tenant(name, settings, &["simulator", "country-blacklist"]);
        read.map_err(|errors| errors.problems.iter().map(|it| (it.path.clone(), it.code.as_str())).collect())
    }

    #[test]
    fn json_says_what_the_file_would_say() {
        let settings = json!({
            "providers": ["sim"],
            "rate_per_second": 2.5,
            "max_segments": 3,
            "screening": [{"component": "country-blacklist", "settings": {"deny": ["a\"b\n\u{1f600}"]}}],
        });
        let tenant = read("acme", &settings).unwrap();
        assert_eq!(tenant.providers.as_deref(), Some(&["sim".to_owned()][..]));
        assert_eq!((tenant.rate.unwrap().per_second, tenant.segments_max), (2.5, 3));
        assert_eq!(tenant.screening[0].settings, json!({"deny": ["a\"b\n\u{1f600}"]}));
        assert_eq!(read("acme", &json!({})).unwrap().segments_max, 10);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (settings, path, code) in [
            (json!({"providers": ["nobody"]}), "providers[0]", "config_unknown_reference"),
            (json!({"max_segment": 3}), "max_segment", "config_unknown_key"),
            (json!({"max_segments": 300}), "max_segments", "config_out_of_range"),
            (json!({"max_segments": null}), "max_segments", "config_wrong_type"),
            (json!({"screening": [{"settings": {}}]}), "screening[0].component", "config_missing_key"),
            (json!({"callback_secret": "hunter2"}), "callback_secret", "config_literal_secret"),
        ] {
            assert_eq!(read("acme", &settings).unwrap_err(), [(path.to_owned(), code)], "{settings}");
        }
        for (number, inbox, path, code) in [
            ("44", "default", "numbers.44", "config_invalid_value"),
            ("+447400900101", "In Box", "numbers.\"+447400900101\"", "config_invalid_value"),
        ] {
            let settings = json!({ "numbers": { number: inbox } });
            assert_eq!(read("acme", &settings).unwrap_err(), [(path.to_owned(), code)], "{settings}");
        }
        assert_eq!(read("../acme", &json!({})).unwrap_err()[0].1, "config_invalid_value");
        assert!(read("acme", &json!([1])).is_err());
    }

    #[test]
    fn a_number_is_one_tenants() {
        let mut config = config();
        let settings = json!({ "numbers": { "+44 7400 900101": "support", "62442": "default" } });
        let acme = read("acme", &settings).unwrap();
        config.check_numbers("acme", &acme).unwrap();
        assert_eq!(config.add_tenant("acme", acme.clone()), [""; 0]);
        let target = &config.numbers["+447400900101"];
        assert_eq!((target.tenant.as_str(), target.inbox.as_str()), ("acme", "support"));

        config.check_numbers("acme", &acme).unwrap();
        let errors = config.check_numbers("beta", &acme).unwrap_err();
        let paths: Vec<&str> = errors.problems.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["numbers.+447400900101", "numbers.62442"]);
        assert_eq!(errors.problems[0].code, ConfigCode::Conflict);
        assert_eq!(config.add_tenant("beta", acme), ["+447400900101", "62442"]);
        assert_eq!(config.numbers["62442"].tenant, "acme");
    }
}
