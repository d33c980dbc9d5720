//! Messages on their way out.

use serde::Serialize;
use serde::ser::Serializer;
use waypost_core::decision::Failure;
use waypost_core::flow::{Provider as _, Shell};
use waypost_core::message::{Draft, Envelope, Progress, State};
use waypost_core::text::{Body, Encoding, Replacement};

use super::scalar::{Address, Id, Octets, Status, Timestamp};

/// A message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message<'a> {
    /// Its id.
    pub id: Id,
    /// Where it is in its life.
    pub status: Status,
    /// The recipient in E.164, or a short code.
    pub to: Address<'a>,
    /// ISO 3166-1; null for a worldwide service.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub country: Option<&'a str>,
    /// What the recipient's number is used for: `mobile`, `fixed_line`, …
    pub number_type: &'a str,
    /// The sender; null where the provider chooses.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub from: Option<Address<'a>>,
    /// How it is encoded on the air: `gsm7`, `ucs2` or `binary`.
    pub encoding: &'a str,
    /// How many segments it takes.
    pub segments: u8,
    /// The text as it goes out. Only where one message is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// The bytes as they go out. Only where one message is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Octets<'a>>,
    /// Which characters were replaced by look-alikes. Only in the answer to its sending.
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "replacements")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<ReplacementObject>, required = false))]
    pub replaced: &'a [Replacement],
    /// The provider that it waits for, or that has it.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub route: Option<&'a str>,
    /// What it costs, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceObject<'a>>,
    /// 0 (bulk) to 3 (urgent).
    pub priority: u8,
    /// The application's labels.
    pub tags: &'a [String],
    /// The application's reference.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub client_ref: Option<&'a str>,
    /// When it was taken.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// When its validity ends.
    pub expires_at: Timestamp,
    /// While it waits: when it is submitted next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many times it was handed to a provider.
    pub attempts: u16,
    /// The provider's id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<&'a str>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureObject<'a>>,
    /// True where a submit of it was in doubt and it may have been sent twice.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub possibly_duplicated: bool,
}

impl<'a> Message<'a> {
    /// Without its text, as lists and answers to a sending show it.
    pub fn new(shell: &'a impl Shell, envelope: &'a Envelope, progress: &'a Progress) -> Self {
        let draft = &envelope.draft;
        let waits = matches!(progress.state, State::Held | State::Queued);
        Self {
            id: Id(envelope.id),
            status: Status(progress.state),
            to: Address(draft.to.address.as_str()),
            country: country_of(draft),
            number_type: draft.to.kind.name(),
            from: sender_of(draft),
            encoding: encoding_name(draft.encoding),
            segments: draft.segments,
            text: None,
            data: None,
            replaced: &[],
            route: progress.route.as_deref(),
            price: price(shell, progress),
            priority: draft.priority,
            tags: &draft.tags,
            client_ref: envelope.client_ref.as_deref(),
            created_at: Timestamp(draft.time_ms),
            updated_at: Timestamp(progress.changed_ms),
            expires_at: Timestamp(envelope.valid_until_ms),
            due_at: progress.due_ms.filter(|_| waits).map(Timestamp),
            attempts: progress.attempts,
            reference: progress.reference.as_deref(),
            failure: progress.failure.as_ref().map(FailureObject::from),
            possibly_duplicated: progress.doubted,
        }
    }

    /// With its text or data.
    pub fn whole(shell: &'a impl Shell, envelope: &'a Envelope, progress: &'a Progress) -> Self {
        let (text, data) = text_or_data(&envelope.draft.body);
        Self { text, data, ..Self::new(shell, envelope, progress) }
    }
}

/// Several messages in the order of the request.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MessageBatch))]
pub struct Batch<'a> {
    /// In the order of `to`.
    pub messages: Vec<Message<'a>>,
}

/// A page of a list of messages, newest first.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MessagePage))]
pub struct Page<'a> {
    /// Newest first, without text and data.
    pub messages: Vec<Message<'a>>,
    /// Give it as `cursor` to read on; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<Id>,
}

/// What a message costs.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Price))]
pub struct PriceObject<'a> {
    /// A decimal number with six places.
    #[serde(serialize_with = "amount")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "0.040000"))]
    pub amount: u64,
    /// ISO 4217.
    pub currency: &'a str,
}

/// What went wrong.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Failure))]
pub struct FailureObject<'a> {
    /// Who has to act: `message`, `sender`, `throttled`, `transient`, `system`, `in_doubt`, `policy`.
    pub class: &'a str,
    /// The provider's or Waypost's own code.
    pub code: &'a str,
    /// For people.
    pub reason: &'a str,
}

/// A character that was replaced by a look-alike.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Replacement))]
pub struct ReplacementObject<'a> {
    /// What the text had.
    pub from: &'a str,
    /// What is sent for it; empty where an invisible character was removed.
    pub to: &'a str,
    /// How many times.
    pub count: u32,
}

impl<'a> From<&'a Failure> for FailureObject<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self { class: failure.class.as_str(), code: &failure.code, reason: &failure.reason }
    }
}

/// The country of the recipient.
pub fn country_of(draft: &Draft) -> Option<&str> {
    draft.to.country.as_ref().map(|country| country.as_str())
}

/// The sender as it will be shown.
pub fn sender_of(draft: &Draft) -> Option<Address<'_>> {
    draft.sender.as_ref().map(|sender| Address(sender.address.as_str()))
}

/// A body as either of the two fields.
pub fn text_or_data(body: &Body) -> (Option<&str>, Option<Octets<'_>>) {
    match body {
        Body::Text(text) => (Some(text), None),
        Body::Binary(bytes) => (None, Some(Octets(bytes))),
    }
}

/// The stable name of an encoding.
pub fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
        Encoding::Binary => "binary",
    }
}

/// Writes replacements as objects.
pub fn replacements<S: Serializer>(replaced: &&[Replacement], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(replaced.iter().map(|replacement| ReplacementObject {
        from: &replacement.from,
        to: &replacement.to,
        count: replacement.count,
    }))
}

fn price<'a>(shell: &'a impl Shell, progress: &Progress) -> Option<PriceObject<'a>> {
    let provider = shell.providers().get(progress.route.as_ref()?)?;
    Some(PriceObject { amount: progress.price_micros?, currency: provider.terms().currency()? })
}

fn amount<S: Serializer>(micros: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000))
}

fn is_false(flag: &bool) -> bool {
    !flag
}
