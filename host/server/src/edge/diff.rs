//! What a package changes in the one before it.

use std::collections::BTreeMap;
use std::fmt;

use super::record::{ComponentRecord, DependencyRecord, Record};

/// One difference. Displayed as `~ tenant-shop: screening: settings of country-blacklist`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Not there before.
    Added(String),
    /// Not there any more.
    Removed(String),
    /// There before, and different now.
    Changed(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(what) => write!(f, "+ {what}"),
            Self::Removed(what) => write!(f, "- {what}"),
            Self::Changed(what) => write!(f, "~ {what}"),
        }
    }
}

/// Everything that differs, by component and then by variable. Without an earlier package, all of it
/// is new.
#[must_use]
pub fn changes(before: Option<&Record>, after: &Record) -> Vec<Change> {
    let (no_components, no_variables) = (BTreeMap::new(), BTreeMap::new());
    let (components, variables) =
        before.map_or((&no_components, &no_variables), |before| (&before.components, &before.variables));
    let mut changes = Vec::new();
    let presence = |name: &str, kind: &str| format!("{kind} {name}");
    compare(
        &mut changes,
        components,
        &after.components,
        |changes, id, before, after| {
            let details = details(before, after);
            changes.extend(details.into_iter().map(|detail| Change::Changed(format!("{id}: {detail}"))));
        },
        |id, component| match component.hosts.as_slice() {
            [] => presence(id, "component"),
            hosts => format!("{}, calls {}", presence(id, "component"), hosts.join(", ")),
        },
    );
    compare(
        &mut changes,
        variables,
        &after.variables,
        |changes, name, before, after| {
            if before != after {
                changes.push(Change::Changed(format!(
                    "variable {name}: {}",
                    terms(after.required, after.secret)
                )));
            }
        },
        |name, variable| format!("variable {name}: {}", terms(variable.required, variable.secret)),
    );
    changes
}

fn compare<T>(
    changes: &mut Vec<Change>,
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    differ: impl Fn(&mut Vec<Change>, &str, &T, &T),
    show: impl Fn(&str, &T) -> String,
) {
    for (name, old) in before {
        match after.get(name) {
            Some(new) => differ(changes, name, old, new),
            None => changes.push(Change::Removed(show(name, old))),
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        changes.push(Change::Added(show(name, new)));
    }
}

fn details(before: &ComponentRecord, after: &ComponentRecord) -> Vec<String> {
    let mut details = Vec::new();
    if before.source_sha256 != after.source_sha256 {
        details.push("the part of Waypost that it runs".to_owned());
    }
    details.extend(listed("routes", &before.routes, &after.routes));
    details.extend(listed("allowed hosts", &before.hosts, &after.hosts));
    let variables = |record: &ComponentRecord| -> Vec<String> {
        record.variables.iter().map(|(name, value)| format!("{name} = {value}")).collect()
    };
    details.extend(listed("variables", &variables(before), &variables(after)));
    for (import, new) in &after.dependencies {
        let role = import.rsplit_once('/').map_or(import.as_str(), |(_, rest)| rest);
        let role = role.split('@').next().unwrap_or(role);
        match before.dependencies.get(import) {
            Some(old) if old == new => {}
            Some(old) => details.push(format!("{role}: {}", plugins(old, new))),
            None => details.push(format!("{role}: new")),
        }
    }
    if before.told_sha256 != after.told_sha256 {
        details.push("its configuration".to_owned());
    }
    details
}

fn listed(what: &str, before: &[String], after: &[String]) -> Option<String> {
    let gone = before.iter().filter(|entry| !after.contains(entry)).map(|entry| format!("-{entry}"));
    let new = after.iter().filter(|entry| !before.contains(entry)).map(|entry| format!("+{entry}"));
    let entries: Vec<String> = gone.chain(new).collect();
    (!entries.is_empty()).then(|| format!("{what} {}", entries.join(" ")))
}

/// What is different between two compositions for the same import.
fn plugins(before: &DependencyRecord, after: &DependencyRecord) -> String {
    let names = |record: &DependencyRecord| -> Vec<String> {
        record.made_of.iter().map(|it| it.component.clone()).collect()
    };
    let show = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let (old, new) = (names(before), names(after));
    if old != new {
        return format!("{} instead of {}", show(&new), show(&old));
    }
    let mut different = Vec::new();
    for (old, new) in before.made_of.iter().zip(&after.made_of) {
        if old.sha256 != new.sha256 {
            different.push(format!("component {}", new.component));
        }
        if old.settings_sha256 != new.settings_sha256 {
            different.push(format!("settings of {}", new.component));
        }
    }
    if different.is_empty() { "the parts of Waypost in it".to_owned() } else { different.join(", ") }
}

fn terms(required: bool, secret: bool) -> String {
    let required = if required { "required" } else { "optional" };
    format!("{required}{}", if secret { ", secret" } else { "" })
}
