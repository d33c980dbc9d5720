//! The body of `POST /v1/messages` and of `…/explain`.

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::Uri;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use waypost_core::limits;
use waypost_core::request::SendRequest;
use waypost_core::text::{Body, EncodingChoice, SEGMENTS_LIMIT};

use super::scalar::{Whole, Word};
use crate::problem::{Code, Problem};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is to be sent, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = Send))]
pub struct SendBody {
    /// One recipient, or up to 100: E.164 with `+`, or as dialled in the tenant's default country.
    pub to: Recipients,
    /// The sender: a number, a short code or a name of at most 11 characters.
    pub from: Option<String>,
    /// The text. Either this or `data`.
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    pub text: Option<String>,
    /// Bytes for an application on the handset, in base64. Either this or `text`.
    #[cfg_attr(feature = "openapi", schema(content_encoding = "base64"))]
    pub data: Option<String>,
    /// Without it `auto`: GSM-7 where the whole text fits, else UCS-2.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EncodingName>))]
    pub encoding: Option<Word<EncodingName>>,
    /// Most segments that the message may take. A longer one is refused, never cut.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u8>, minimum = 1, maximum = 20))]
    pub max_segments: Option<Whole>,
    /// Replace typographic characters by look-alikes where that makes the text fit GSM-7.
    pub replace_lookalikes: Option<bool>,
    /// Not submitted any more after this time. Without it 48 hours.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 5, maximum = 604800))]
    pub valid_for_seconds: Option<Whole>,
    /// 0 (bulk, without it) to 3 (urgent).
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u8>, minimum = 0, maximum = 3))]
    pub priority: Option<Whole>,
    /// The application's labels, each of 1 to 64 bytes.
    #[cfg_attr(feature = "openapi", schema(max_items = 16))]
    pub tags: Option<Vec<String>>,
    /// The application's own reference.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub client_ref: Option<String>,
    /// Where final states are reported: http or https, to a host that the operator allows.
    #[cfg_attr(feature = "openapi", schema(max_length = 2048, format = "uri"))]
    pub callback_url: Option<String>,
    /// Known only to be refused with a reason.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub send_at: Option<IgnoredAny>,
}

/// `to`: a number, or a list of them.
#[derive(Debug)]
pub enum Recipients {
    /// Answered with the message itself.
    One(String),
    /// Answered with a list.
    Many(Vec<String>),
}

/// An encoding that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", schema(as = EncodingChoice))]
pub enum EncodingName {
    /// GSM-7 where the whole text fits, else UCS-2.
    Auto,
    /// GSM-7 or nothing.
    Gsm7,
    /// UCS-2.
    Ucs2,
    /// 8-bit data.
    Binary,
}

impl SendBody {
    /// The request, checked as far as can be done without the tenant.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn into_request(self) -> Result<SendRequest, Problem> {
        if self.send_at.is_some() {
            let detail = "`send_at` is not supported in this version: send the message when it is to go.";
            return Err(Problem::new(Code::SchedulingUnsupported, detail).at("/send_at"));
        }
        let tags = self.tags.unwrap_or_default();
        check_tags(&tags)?;
        check_length("client_ref", self.client_ref.as_deref(), limits::CLIENT_REF_BYTES_MAX)?;
        if let Some(url) = &self.callback_url {
            check_callback(url)?;
        }
        let segments = within("max_segments", self.max_segments, 1..=i64::from(SEGMENTS_LIMIT))?;
        let valid_for_s = within(
            "valid_for_seconds",
            self.valid_for_seconds,
            i64::from(limits::VALID_FOR_S_MIN)..=i64::from(limits::VALID_FOR_S_MAX),
        )?;
        let priority = within("priority", self.priority, 0..=i64::from(limits::PRIORITY_MAX))?;
        Ok(SendRequest {
            to: self.to.into_list()?,
            from: self.from,
            body: body(self.text, self.data)?,
            encoding: self.encoding.map(|Word(name)| name.into()).unwrap_or_default(),
            segments_max: segments,
            replace_lookalikes: self.replace_lookalikes.unwrap_or(false),
            valid_for_s,
            priority: priority.unwrap_or(0),
            tags,
            client_ref: self.client_ref,
            callback_url: self.callback_url,
        })
    }
}

impl Recipients {
    fn into_list(self) -> Result<Vec<String>, Problem> {
        let list = match self {
            Self::One(to) => return Ok(vec![to]),
            Self::Many(list) => list,
        };
        let max = limits::RECIPIENTS_MAX;
        if list.is_empty() {
            let detail = format!("`to` is an empty list. Give 1 to {max} recipients.");
            return Err(Problem::new(Code::FieldEmpty, detail).at("/to"));
        }
        if list.len() > max {
            let detail =
                format!("`to` has {} recipients and {max} are the most. Send several requests.", list.len());
            return Err(Problem::new(Code::TooManyRecipients, detail).at("/to").with("max", max));
        }
        Ok(list)
    }
}

fn body(text: Option<String>, data: Option<String>) -> Result<Body, Problem> {
    match (text, data) {
        (Some(text), None) => Ok(Body::Text(text)),
        (None, Some(data)) => BASE64.decode(data).map(Body::Binary).map_err(|_| {
            let detail =
                "`data` is not base64 (RFC 4648 section 4). Encode the bytes with the standard alphabet.";
            Problem::new(Code::DataNotBase64, detail).at("/data")
        }),
        (Some(_), Some(_)) => {
            let detail = "`text` and `data` are both given. A message has one of them: remove the other.";
            Err(Problem::new(Code::TextAndData, detail).at("/data"))
        }
        (None, None) => {
            let detail = "Neither `text` nor `data` is given. Add one of them.";
            Err(Problem::new(Code::FieldMissing, detail).at("/text"))
        }
    }
}

fn check_tags(tags: &[String]) -> Result<(), Problem> {
    let max = limits::TAGS_MAX;
    if tags.len() > max {
        let detail = format!("`tags` has {} entries and {max} are the most. Leave some out.", tags.len());
        return Err(Problem::new(Code::FieldTooMany, detail).at("/tags").with("max", max));
    }
    for (index, tag) in tags.iter().enumerate() {
        let name = format_args!("tags/{index}");
        if tag.is_empty() {
            let detail =
                format!("`/{name}` is empty. Leave it out, or give it 1 to {} bytes.", limits::TAG_BYTES_MAX);
            return Err(Problem::new(Code::FieldEmpty, detail).at(format!("/{name}")));
        }
        check_length(name, Some(tag), limits::TAG_BYTES_MAX)?;
    }
    Ok(())
}

fn check_callback(url: &str) -> Result<(), Problem> {
    check_length("callback_url", Some(url), limits::CALLBACK_URL_BYTES_MAX)?;
    let uri: Option<Uri> = url.parse().ok();
    let fits = uri.as_ref().is_some_and(|uri| {
        let scheme_fits = matches!(uri.scheme_str(), Some("http" | "https"));
        scheme_fits && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if fits {
        return Ok(());
    }
    let detail = "`callback_url` is not a URL that can be called. Write http:// or https://, a host without \
                  user and password, and a path.";
    Err(Problem::new(Code::FieldValue, detail).at("/callback_url"))
}

fn check_length(name: impl fmt::Display, value: Option<&str>, bytes_max: usize) -> Result<(), Problem> {
    let Some(value) = value.filter(|value| value.len() > bytes_max) else { return Ok(()) };
    let bytes = value.len();
    let detail = format!("`{name}` is {bytes} bytes long and {bytes_max} are the most. Shorten it.");
    Err(Problem::new(Code::FieldTooLong, detail).at(format!("/{name}")).with("bytes_max", bytes_max))
}

fn within<T: TryFrom<i64>>(
    name: &str,
    value: Option<Whole>,
    range: RangeInclusive<i64>,
) -> Result<Option<T>, Problem> {
    let Some(Whole(number)) = value else { return Ok(None) };
    match T::try_from(number) {
        Ok(fitting) if range.contains(&number) => Ok(Some(fitting)),
        _ => {
            let (min, max) = range.into_inner();
            let detail = format!("`{name}` is {number}. Give a number from {min} to {max}.");
            let problem = Problem::new(Code::FieldRange, detail).at(format!("/{name}"));
            Err(problem.with("min", min).with("max", max))
        }
    }
}

impl From<EncodingName> for EncodingChoice {
    fn from(name: EncodingName) -> Self {
        match name {
            EncodingName::Auto => Self::Auto,
            EncodingName::Gsm7 => Self::Gsm7,
            EncodingName::Ucs2 => Self::Ucs2,
            EncodingName::Binary => Self::Binary,
        }
    }
}

impl<'de> Deserialize<'de> for Recipients {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Recipients;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, to: &str) -> Result<Recipients, E> {
                Ok(Recipients::One(to.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Recipients, A::Error> {
                let mut list = Vec::new();
                while let Some(to) = entries.next_element()? {
                    list.push(to);
                }
                Ok(Recipients::Many(list))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
