//! A component and the dependencies of the manifest, composed as Spin does it.
//!
//! Each key is an instance of its own, even where two keys name the same file. A key satisfies
//! imports of the component only, never those of another dependency.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::EdgeHostError;
use crate::manifest::{Component, Inherited};
use crate::plug::{self, Plug};
use crate::variables_import::SYNCHRONOUS;

/// Reads the component's file and those of its dependencies, and composes them.
pub(crate) fn compose(folder: &Path, name: &str, component: &Component) -> Result<Vec<u8>, EdgeHostError> {
    let place = format!("component.{name}");
    let source = read(folder, &component.source, &format!("{place}.source"))?;
    if component.dependencies.is_empty() {
        return Ok(source);
    }
    let place = format!("{place}.dependencies");
    let failed = |source| EdgeHostError::Plug { place: place.clone(), source };
    let imports = plug::imports(&source).map_err(failed)?;
    let files = component
        .dependencies
        .iter()
        .map(|(key, dependency)| {
            Ok((key.as_str(), read(folder, &dependency.path, &format!("{place}.\"{key}\""))?))
        })
        .collect::<Result<BTreeMap<&str, Vec<u8>>, EdgeHostError>>()?;
    let mut plugs = Vec::new();
    for (key, file) in &files {
        let inherits = component
            .dependencies
            .get(*key)
            .is_some_and(|dependency| dependency.inherit_configuration.contains(&Inherited::Variables));
        if !inherits && plug::imports(file).map_err(failed)?.iter().any(|import| import == SYNCHRONOUS) {
            let reason = format!("`{key}` imports {SYNCHRONOUS} and does not inherit variables");
            return Err(EdgeHostError::value(place, reason));
        }
        let imports: Vec<String> = imports.iter().filter(|import| means(key, import)).cloned().collect();
        if imports.is_empty() {
            let reason = format!("`{name}` imports nothing that `{key}` means");
            return Err(EdgeHostError::value(place, reason));
        }
        plugs.push(Plug { name: key, component: file, imports });
    }
    plug::plug(&source, &plugs).map_err(failed)
}

/// Whether the key of a dependency, `package:name/interface@version` without the version or without
/// both, means an import.
fn means(key: &str, import: &str) -> bool {
    let (key, key_version) = split_version(key);
    let (import, version) = split_version(import);
    let path = key == import || import.strip_prefix(key).is_some_and(|rest| rest.starts_with('/'));
    path && (key_version.is_none() || key_version == version)
}

fn split_version(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)))
}

fn read(folder: &Path, path: &Path, place: &str) -> Result<Vec<u8>, EdgeHostError> {
    let path: PathBuf = folder.join(path);
    fs::read(&path).map_err(|source| EdgeHostError::Read { place: place.to_owned(), path, source })
}

#[cfg(test)]
mod tests {
    use super::means;

    #[test]
    fn a_key_means_an_interface_or_a_package() {
        for (key, import, expected) in [
            ("waypost:sms/screening@0.1.0", "waypost:sms/screening@0.1.0", true),
            ("waypost:sms/screening", "waypost:sms/screening@0.1.0", true),
            ("waypost:sms@0.1.0", "waypost:sms/screening@0.1.0", true),
            ("waypost:sms", "waypost:sms/types@0.1.0", true),
            ("waypost:sms/screening@0.2.0", "waypost:sms/screening@0.1.0", false),
            ("waypost:sms@0.2.0", "waypost:sms/screening@0.1.0", false),
            ("waypost:sms/screen", "waypost:sms/screening@0.1.0", false),
            ("waypost:sm", "waypost:sms/screening@0.1.0", false),
        ] {
            assert_eq!(means(key, import), expected, "{key} {import}");
        }
    }
}
