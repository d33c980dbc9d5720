//! Looks at the bytes of a component before anything of it is compiled: form, imports, exports.

use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};
use waypost_core::decision::Role;

use crate::load::LoadError;
use crate::version::{VERSIONS, Version};
use crate::wasi;

/// What every interface of the plugin API begins with.
const PACKAGE: &str = "waypost:sms/";
/// Features of WebAssembly that components may use; those of the engines.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::COMPONENT_MODEL
}

/// Checks the bytes: a whole and valid component, that plays the role and imports nothing that
/// the sandbox does not have. `role`'s export is required; further roles may be there. Returns the
/// version of the plugin API that it was built for.
pub(crate) fn inspect(bytes: &[u8], role: Role, bytes_max: usize) -> Result<&'static Version, LoadError> {
    check_size(bytes, bytes_max)?;
    if wasmtime::Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    let (imports, exports) = names(bytes)?;
    Validator::new_with_features(features())
        .validate_all(bytes)
        .map_err(|error| LoadError::NotValid { reason: error.to_string() })?;
    let version = version(&exports, role)?;
    for import in imports {
        if !permitted(&import, version.name, &exports) {
            return Err(LoadError::ForeignImport { import, role });
        }
    }
    Ok(version)
}

pub(crate) fn check_size(bytes: &[u8], bytes_max: usize) -> Result<(), LoadError> {
    if bytes.len() > bytes_max {
        return Err(LoadError::TooLarge { bytes: bytes.len(), bytes_max });
    }
    Ok(())
}

/// Names of what a component imports, in its order. Nothing else of it is checked.
///
/// # Errors
///
/// Where the bytes are no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>, LoadError> {
    names(component).map(|(imports, _)| imports)
}

/// Names of the outermost imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), LoadError> {
    let not_valid = |error: wasmparser::BinaryReaderError| LoadError::NotValid { reason: error.to_string() };
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(not_valid)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(LoadError::CoreModule);
            }
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import.map_err(not_valid)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export.map_err(not_valid)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// The version in which the component plays the role.
fn version(exports: &[String], role: Role) -> Result<&'static Version, LoadError> {
    let prefix = format!("{PACKAGE}{role}@");
    let offered: Vec<_> = exports.iter().filter_map(|name| name.strip_prefix(&prefix)).collect();
    let Some(version) = VERSIONS.iter().rev().find(|known| offered.contains(&known.name)) else {
        return Err(match offered.first() {
            Some(version) => LoadError::UnknownVersion { version: (*version).to_owned() },
            None => LoadError::MissingExport { export: format!("{prefix}{}", newest()) },
        });
    };
    let configuration = format!("{PACKAGE}configuration@{}", version.name);
    if !exports.contains(&configuration) {
        return Err(LoadError::MissingExport { export: configuration });
    }
    Ok(version)
}

fn newest() -> &'static str {
    VERSIONS[VERSIONS.len() - 1].name
}

/// Sending belongs to the receiving role and signing to the provider role. A component that plays
/// such a role may import them in its other roles too, where the host refuses each call.
fn permitted(import: &str, version: &str, exports: &[String]) -> bool {
    if wasi::provides(import) {
        return true;
    }
    let Some(interface) = import
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_suffix(version))
        .and_then(|rest| rest.strip_suffix('@'))
    else {
        return false;
    };
    let plays = |role: Role| exports.contains(&format!("{PACKAGE}{role}@{version}"));
    match interface {
        "types" | "log" => true,
        "messaging" => plays(Role::Receiving),
        "signing" => plays(Role::Provider),
        _ => false,
    }
}
