//! The Spin manifest, version 2 (<https://spinframework.dev/manifest-reference>), with comments for
//! people. The same application gives the same text.

use std::fmt::Write as _;

use super::application::{Application, Component, FileId, Naming, Variable};

/// The name of the application.
pub const NAME: &str = "waypost-edge";

/// How a manifest refers to the files of the application.
#[derive(Debug, Clone)]
pub struct Layout {
    /// From the folder of the manifest to that of the package: empty, or with `/` at its end.
    pub prefix: String,
    /// How files are named.
    pub naming: Naming,
}

/// The text of `spin.toml`.
#[must_use]
pub fn render(application: &Application, layout: &Layout) -> String {
    let mut out = head();
    for (name, variable) in &application.variables {
        line(&mut out, &format!("{name} = {}", variable_table(variable)));
    }
    for component in &application.components {
        out.push('\n');
        render_component(&mut out, application, layout, component);
    }
    out
}

fn head() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "# Made by `waypost edge package` from waypost.toml. Change that file and package it again:\n\
         # what is written here by hand is gone with the next package.\n\
         spin_manifest_version = 2\n\
         \n\
         [application]\n\
         name = \"{NAME}\"\n\
         version = \"{version}\"\n\
         description = \"Waypost at the edge: takes messages and webhooks, keeps them in Redis\"\n\
         \n\
         # Values come from outside: SPIN_VARIABLE_REDIS_HOST=… in the environment of `spin up`, or\n\
         # the variables of the platform. No secret stands in this file.\n\
         [variables]\n"
    )
}

fn variable_table(variable: &Variable) -> String {
    let value = match &variable.default {
        Some(default) => format!("default = {}", string(default)),
        None => "required = true".to_owned(),
    };
    let secret = if variable.secret { ", secret = true" } else { "" };
    format!("{{ {value}{secret}, description = {} }}", string(&variable.description))
}

fn render_component(out: &mut String, application: &Application, layout: &Layout, component: &Component) {
    let path = |file: FileId| {
        let path = application.files.get(file).path(layout.naming);
        string(&format!("{}{path}", layout.prefix))
    };
    let id = &component.id;
    line(out, &format!("# {}.", component.description));
    for route in &component.routes {
        line(out, &format!("[[trigger.http]]\nroute = {}\ncomponent = {}\n", string(route), string(id)));
    }
    if component.routes.is_empty() {
        line(out, &format!("[[trigger.http]]\nroute = {{ private = true }}\ncomponent = {}\n", string(id)));
    }
    line(out, &format!("[component.{id}]"));
    line(out, &format!("description = {}", string(&component.description)));
    line(out, &format!("source = {}", path(component.source)));
    let hosts: Vec<String> = component.hosts.iter().map(|host| string(host)).collect();
    line(out, &format!("allowed_outbound_hosts = [{}]", hosts.join(", ")));
    let (name, value) = &component.environment;
    line(out, &format!("environment = {{ {name} = {} }}", literal(value)));
    if !component.variables.is_empty() {
        line(out, &format!("\n[component.{id}.variables]"));
        for (name, value) in &component.variables {
            line(out, &format!("{name} = {}", string(value)));
        }
    }
    line(out, &format!("\n[component.{id}.dependencies]"));
    for (import, dependency) in &component.dependencies {
        // What signs reads the variables of this component, and nothing else of it.
        let inherit = if dependency.variables { ", inherit_configuration = [\"variables\"]" } else { "" };
        line(out, &format!("{} = {{ path = {}{inherit} }}", string(import), path(dependency.file)));
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}

/// A basic string of TOML.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A literal string where the text allows one: JSON stays readable in it.
fn literal(text: &str) -> String {
    let plain = !text.contains('\'') && !text.chars().any(char::is_control);
    if plain { format!("'{text}'") } else { string(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_from_toml() {
        for text in ["a", "it's", "\"quoted\" \\ and\n\u{1}", "{\"a\":[1]}", "{\"a\":\"it's\"}"] {
            for written in [string(text), literal(text)] {
                let line = format!("x = {written}");
                let parsed = toml::de::DeTable::parse_recoverable(&line).0;
                let value =
                    parsed.get_ref().get("x").and_then(|value| value.get_ref().as_str().map(str::to_owned));
                assert_eq!(value.as_deref(), Some(text), "{written}");
            }
        }
    }
}
