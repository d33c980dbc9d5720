//! An upload as it comes in: a component by itself, or a form with it and what belongs to it.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::{FutureExt as _, stream};
use multer::Multipart;
use serde_json::Value;
use waypost_api::{Code, Problem};
use waypost_core::decision::Role;

use super::super::blocks::Blocks;
use crate::plugins::{PluginError, idle};

/// Largest part beside the component, in bytes. Settings are held to it before they are taken apart: what a
/// megabyte of JSON comes to is many times as much.
pub const PART_BYTES_MAX: usize = 128 * 1024;
/// Most of what a library says of a form: it repeats names, which may have any length.
const CAUSE_CHARS_MAX: usize = 200;

/// What an upload says.
#[derive(Default)]
pub struct Form {
    /// The component.
    pub component: Bytes,
    /// Its settings.
    pub settings: Option<Value>,
    /// What it decides.
    pub role: Option<Role>,
    /// What its author wants to remember.
    pub note: Option<String>,
}

impl Form {
    /// Takes an upload apart, beside the threads that serve everybody: it is searched and copied.
    ///
    /// # Errors
    /// Neither a component nor a form, or one that is not as it should be.
    pub async fn read(headers: &HeaderMap, body: Blocks) -> Result<Self, Problem> {
        let declared = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let declared = declared.to_owned();
        let parsed = idle("upload", move || Self::parse(&declared, body.join()))
            .map_err(|error| PluginError::NotStarted(error.to_string()))?;
        parsed.await.map_err(|_| PluginError::NotStarted("the upload was not read".to_owned()))?
    }

    fn parse(declared: &str, body: Bytes) -> Result<Self, Problem> {
        if declared.eq_ignore_ascii_case("application/wasm")
            || declared.eq_ignore_ascii_case("application/octet-stream")
        {
            return Ok(Self { component: body, ..Self::default() });
        }
        let boundary = multer::parse_boundary(declared).map_err(|_| {
            let detail = "Send the component with `Content-Type: application/wasm`, or as the part \
                          `component` of `multipart/form-data`.";
            Problem::new(Code::ContentTypeUnsupported, detail)
        })?;
        // Whole, and not as it arrives: the library searches all that it has again with each piece.
        let whole = stream::iter([Ok::<_, Infallible>(body)]);
        let parsed = Self::of_parts(Multipart::new(whole, boundary)).now_or_never();
        parsed.unwrap_or_else(|| Err(malformed("it does not end")))
    }

    async fn of_parts(mut parts: Multipart<'_>) -> Result<Self, Problem> {
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|error| malformed(&error.to_string()))? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(|error| malformed(&error.to_string()))?;
            form.take(&name, bytes)?;
        }
        if form.component.is_empty() {
            let detail = "The form has no part `component`, or it is empty.";
            return Err(Problem::new(Code::PluginFormInvalid, detail));
        }
        Ok(form)
    }

    fn take(&mut self, name: &str, bytes: Bytes) -> Result<(), Problem> {
        let text = || {
            let detail = format!("The part `{name}` of the form is not UTF-8.");
            String::from_utf8(bytes.to_vec()).map_err(|_| Problem::new(Code::PluginFormInvalid, detail))
        };
        match name {
            "component" => self.component = bytes,
            "settings" if bytes.len() > PART_BYTES_MAX => return Err(PluginError::SettingsTooLarge.into()),
            "settings" => {
                let settings = serde_json::from_slice(&bytes).map_err(|error| {
                    let detail = format!("The part `settings` of the form is not JSON: {error}.");
                    Problem::new(Code::PluginFormInvalid, detail)
                })?;
                self.settings = Some(settings);
            }
            "role" => self.role = Some(role(text()?.trim())?),
            "note" => self.note = Some(text()?),
            _ => {
                let detail = "The parts of the form are `component`, `settings`, `role` and `note`.";
                return Err(Problem::new(Code::PluginFormInvalid, detail));
            }
        }
        Ok(())
    }
}

/// The role of that name.
///
/// # Errors
/// There is none that a tenant can bring.
pub fn role(text: &str) -> Result<Role, Problem> {
    let known = Role::ALL.into_iter().find(|role| role.as_str() == text);
    known.filter(|role| *role != Role::Provider).ok_or_else(|| {
        let detail = "`role` is one of `screening`, `sender-identity`, `routing`, `receiving`.";
        Problem::new(Code::PluginRoleInvalid, detail)
    })
}

fn malformed(cause: &str) -> Problem {
    let cause: String = cause.chars().take(CAUSE_CHARS_MAX).collect();
    Problem::new(Code::PluginFormInvalid, format!("The form cannot be taken apart: {cause}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\ncontent-disposition: form-data; name=\"role\"\r\n\r\nrouting\r\n\
        --b\r\ncontent-disposition: form-data; name=\"settings\"\r\n\r\n{\"a\":1}\r\n\
        --b\r\ncontent-disposition: form-data; name=\"component\"\r\n\r\n\0asm\r\n--b--\r\n";

    fn parse(form: &str) -> Result<Form, Code> {
        let parsed = Form::parse("multipart/form-data; boundary=b", Bytes::copy_from_slice(form.as_bytes()));
        parsed.map_err(|problem| problem.code())
    }

    #[test]
    fn a_form_is_taken_apart() {
        let form = parse(FORM).unwrap_or_else(|code| panic!("{code:?}"));
        assert_eq!((&*form.component, form.role), (&b"\0asm"[..], Some(Role::Routing)));
        assert_eq!((form.settings, form.note), (Some(serde_json::json!({ "a": 1 })), None));
    }

    #[test]
    fn a_form_that_is_not_as_it_should_be_is_refused() {
        let large = "7".repeat(PART_BYTES_MAX + 1);
        for (form, code) in [
            (FORM.replace("{\"a\":1}", &large), Code::PluginSettingsTooLarge),
            (FORM.replace("{\"a\":1}", "{"), Code::PluginFormInvalid),
            (FORM.replace("routing", &large), Code::PluginRoleInvalid),
            (FORM.replace("\"role\"", "\"file\""), Code::PluginFormInvalid),
            (FORM.replace("\0asm", ""), Code::PluginFormInvalid),
            (FORM[..100].to_owned(), Code::PluginFormInvalid),
            (FORM.replace("--b", "--c"), Code::PluginFormInvalid),
            (String::new(), Code::PluginFormInvalid),
        ] {
            assert_eq!(parse(&form).err(), Some(code), "{}", form.chars().take(300).collect::<String>());
        }
        let other = Form::parse("text/plain", Bytes::from_static(b"\0asm"));
        assert_eq!(other.err().map(|problem| problem.code()), Some(Code::ContentTypeUnsupported));
    }
}
