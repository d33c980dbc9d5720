//! Problems in the OpenAPI document.

use std::collections::BTreeMap;

use http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::schema::AllOfBuilder;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::Code;

/// Codes of every call that needs a key.
pub const KEY: &[Code] = &[
    Code::KeyMissing,
    Code::KeyInvalid,
    Code::KeyExpired,
    Code::ScopeMissing,
    Code::StoreUnavailable,
    Code::Internal,
];

/// Codes of every call with a JSON body.
pub const BODY: &[Code] = &[
    Code::JsonMalformed,
    Code::BodyNotUtf8,
    Code::BodyIncomplete,
    Code::BodyTooSlow,
    Code::BodyTooLarge,
    Code::ContentTypeUnsupported,
    Code::FieldUnknown,
    Code::FieldMissing,
    Code::FieldDuplicate,
    Code::FieldType,
];

/// Codes of every call with query parameters.
pub const QUERY: &[Code] = &[Code::ParameterUnknown, Code::ParameterRepeated, Code::ParameterInvalid];

/// What can be wrong with a message that is to be sent.
pub const SUBMISSION: &[Code] = &[
    Code::FieldValue,
    Code::FieldRange,
    Code::FieldEmpty,
    Code::FieldTooLong,
    Code::FieldTooMany,
    Code::TooManyRecipients,
    Code::TextAndData,
    Code::DataNotBase64,
    Code::SchedulingUnsupported,
    Code::CallbackHostNotAllowed,
    Code::NumberEmpty,
    Code::NumberInputTooLong,
    Code::NumberHasLetters,
    Code::NumberHasExtension,
    Code::NumberCharacterInvalid,
    Code::NumberCountryMissing,
    Code::ShortCodeCountryMissing,
    Code::NumberCountryWithoutPlan,
    Code::NumberCallingCodeUnknown,
    Code::NumberTooShort,
    Code::NumberTooLong,
    Code::NumberAreaCodeMissing,
    Code::NumberInvalid,
    Code::SenderEmpty,
    Code::SenderTooLong,
    Code::SenderCharacterInvalid,
    Code::SenderOuterSpace,
    Code::BodyEmpty,
    Code::BodyTooLong,
    Code::NotInGsm7,
    Code::BinaryEncodingForText,
    Code::TextEncodingForBinary,
    Code::TooManySegments,
    Code::SegmentsMaxOutOfRange,
    Code::SubmissionInvalid,
];

/// A problem document (RFC 9457). Some codes bring further members.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "the shape that Problem is serialised to, for the OpenAPI document only")]
pub struct ProblemDocument {
    /// `urn:waypost:problem:` and the code.
    #[schema(example = "urn:waypost:problem:field_unknown")]
    r#type: String,
    /// The kind of the problem, for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The kind of the problem, for programs: it never changes.
    code: String,
    /// What was wrong, where, and what to do.
    detail: String,
    /// The part of the body that is wrong: a JSON pointer (RFC 6901).
    pointer: Option<String>,
}

/// One answer for each status, with the codes that come with it.
pub fn responses(groups: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in groups.iter().copied().flatten() {
        by_status.entry(code.kind().status).or_default().push(*code);
    }
    let documented = by_status.into_iter().map(|(status, mut codes)| {
        codes.sort_unstable();
        codes.dedup();
        (status.to_string(), RefOr::T(response(status, &codes)))
    });
    documented.collect()
}

fn response(status: u16, codes: &[Code]) -> Response {
    let status_text = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut description = status_text.unwrap_or("Problem").to_owned();
    for code in codes {
        let kind = code.kind();
        description.push_str(&format!("\n* `{}`: {}", kind.code, kind.title));
    }
    let names = codes.iter().map(|code| code.kind().code);
    let code_schema =
        ObjectBuilder::new().property("code", ObjectBuilder::new().enum_values(Some(names)).build()).build();
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(code_schema).build();
    let content = ContentBuilder::new().schema(Some(RefOr::T(schema.into()))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_grouped_by_status() {
        let responses = responses(&[KEY, &[Code::MessageUnknown, Code::KeyMissing]]);
        let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
        assert_eq!(statuses, ["401", "403", "404", "500", "503"]);
        let json = serde_json::to_value(&responses["401"]).unwrap();
        let names = &json["content"]["application/problem+json"]["schema"]["allOf"][1];
        assert_eq!(
            names["properties"]["code"]["enum"],
            serde_json::json!(["key_missing", "key_invalid", "key_expired"])
        );
    }
}
