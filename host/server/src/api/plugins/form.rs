//! An upload as it comes in: a component by itself, or a form with it and what belongs to it.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::{Stream, StreamExt as _, stream};
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::Value;
use waypost_api::{Code, Problem};
use waypost_core::decision::Role;

use super::super::blocks::Blocks;
use crate::plugins::{PluginError, idle};

/// Largest part beside the component, in bytes. Settings are held to it before they are taken apart: what a
/// megabyte of JSON comes to is many times as much.
pub const PART_BYTES_MAX: usize = 128 * 1024;
const COMPONENT: &str = "component";
const SETTINGS: &str = "settings";
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
        let runtime = tokio::runtime::Handle::current();
        let parsed = idle("upload", move || runtime.block_on(Self::parse(&declared, body)))
            .map_err(|error| PluginError::NotStarted(error.to_string()))?;
        parsed.await.map_err(|_| PluginError::NotStarted("the upload was not read".to_owned()))?
    }

    async fn parse(declared: &str, body: Blocks) -> Result<Self, Problem> {
        if declared.eq_ignore_ascii_case("application/wasm")
            || declared.eq_ignore_ascii_case("application/octet-stream")
        {
            return Ok(Self { component: body.join(), ..Self::default() });
        }
        let boundary = multer::parse_boundary(declared).map_err(|_| {
            let detail = "Send the component with `Content-Type: application/wasm`, or as the part \
                          `component` of `multipart/form-data`.";
            Problem::new(Code::ContentTypeUnsupported, detail)
        })?;
        let length = body.len();
        let sizes = SizeLimit::new().for_field(SETTINGS, PART_BYTES_MAX as u64);
        let limits = Constraints::new().size_limit(sizes);
        let mut parts = Multipart::with_constraints(one_by_one(body), boundary, limits);
        let mut form = Self::default();
        while let Some(mut part) = parts.next_field().await.map_err(problem)? {
            let name = part.name().unwrap_or_default().to_owned();
            let mut bytes = Vec::with_capacity(if name == COMPONENT { length } else { 0 });
            while let Some(piece) = part.chunk().await.map_err(problem)? {
                bytes.extend_from_slice(&piece);
            }
            form.take(&name, bytes.into())?;
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
            COMPONENT => self.component = bytes,
            SETTINGS => {
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

/// The library takes all that is ready, and searches all that it has taken with each piece: a block at a time is
/// neither too much nor too often.
fn one_by_one(body: Blocks) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(body.into_pieces().enumerate()).then(|(place, block)| async move {
        // What it has not found at its first look it looks for a second time, and takes an end that it sees
        // then for one that came too early.
        if place > 0 {
            tokio::task::yield_now().await;
        }
        Ok(Bytes::from_owner(block))
    })
}

fn problem(error: multer::Error) -> Problem {
    if let multer::Error::FieldSizeExceeded { .. } = error {
        return PluginError::SettingsTooLarge.into();
    }
    let cause: String = error.to_string().chars().take(CAUSE_CHARS_MAX).collect();
    Problem::new(Code::PluginFormInvalid, format!("The form cannot be taken apart: {cause}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &str = "multipart/form-data; boundary=b";
    const FORM: &str = "--b\r\ncontent-disposition: form-data; name=\"role\"\r\n\r\nrouting\r\n\
        --b\r\ncontent-disposition: form-data; name=\"settings\"\r\n\r\n{\"a\":1}\r\n\
        --b\r\ncontent-disposition: form-data; name=\"component\"\r\n\r\n\0asm\r\n--b--\r\n";

    async fn parse(declared: &str, form: &str) -> Result<Form, Code> {
        let mut body = Blocks::default();
        body.add(form.as_bytes());
        Form::parse(declared, body).await.map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn a_form_is_taken_apart() {
        for component in ["\0asm".to_owned(), "\0asm".repeat(500_000)] {
            let form = FORM.replace("\0asm", &component);
            let form = parse(DECLARED, &form).await.unwrap_or_else(|code| panic!("{code:?}"));
            assert!(form.component == component, "{} bytes", component.len());
            assert_eq!((form.role, form.note), (Some(Role::Routing), None));
            assert_eq!(form.settings, Some(serde_json::json!({ "a": 1 })));
        }
        let component = parse("application/wasm", "\0asm").await.map(|form| form.component);
        assert_eq!(component.ok().as_deref(), Some(&b"\0asm"[..]));
    }

    #[tokio::test]
    async fn a_form_that_is_not_as_it_should_be_is_refused() {
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
            assert_eq!(
                parse(DECLARED, &form).await.err(),
                Some(code),
                "{}",
                form.chars().take(300).collect::<String>()
            );
        }
        assert_eq!(parse("text/plain", "\0asm").await.err(), Some(Code::ContentTypeUnsupported));
    }
}
