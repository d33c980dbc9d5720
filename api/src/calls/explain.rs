//! `POST /v1/messages/explain`: what would become of a message.

use http::StatusCode;
use serde::Serialize;
use waypost_core::decision::{Name, Refusal};
use waypost_core::flow::{Caller, Shell, intake};
use waypost_core::request::Explanation;
use waypost_core::text::Replacement;

use super::send::problem_of;
use crate::answer::{Answer, json};
use crate::json::parse;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::wire::ReplacementObject;
use crate::wire::{
    Address, DecisionObject, PriceObject, Recipients, SendBody, Timestamp, country_of, encoding_name,
    replacements, sender_of,
};

/// What would become of each message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Explanations))]
pub struct ExplanationList<'a> {
    /// In the order of `to`.
    messages: Vec<ExplanationObject<'a>>,
}

/// What would become of a message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Explanation))]
pub struct ExplanationObject<'a> {
    /// The recipient in E.164, or a short code.
    to: Address<'a>,
    /// ISO 3166-1; null for a worldwide service.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    country: Option<&'a str>,
    /// What the recipient's number is used for.
    number_type: &'a str,
    /// The sender that it would have; null where the provider chooses.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    from: Option<Address<'a>>,
    /// How it would be encoded: `gsm7`, `ucs2` or `binary`.
    encoding: &'a str,
    /// How many segments it would take.
    segments: u8,
    /// Which characters would be replaced by look-alikes.
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "replacements")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<ReplacementObject>, required = false))]
    replaced: &'a [Replacement],
    /// Every decision, in order.
    decisions: Vec<DecisionObject<'a>>,
    /// The provider that it would go to first; null where it is refused.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    route: Option<&'a str>,
    /// Every provider that it could go to, best first.
    routes: Vec<&'a str>,
    /// Why it would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusalObject<'a>>,
    /// Until when it would be held.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<Timestamp>,
    /// What it would cost by the first provider, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<PriceObject<'a>>,
}

/// Why a policy says no.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Refusal))]
pub struct RefusalObject<'a> {
    /// Stable.
    code: &'a str,
    /// For people.
    reason: &'a str,
}

/// What would become of each message. Nothing is stored, sent or counted.
///
/// # Errors
/// What is wrong with the request.
pub fn explain<S: Shell>(shell: &S, caller: &Caller<S::Tenant>, body: &[u8]) -> Result<Answer, Problem> {
    let wanted: SendBody = parse(body)?;
    let is_one = matches!(wanted.to, Recipients::One(_));
    let wanted = wanted.into_request()?;
    let explained = intake::explain(shell, &*caller.tenant, &wanted);
    let explanations = explained.map_err(|error| problem_of(error, &wanted, is_one, shell.now_ms()))?;
    let messages = explanations.iter().map(ExplanationObject::from).collect();
    json(StatusCode::OK, &ExplanationList { messages })
}

impl<'a> From<&'a Explanation> for ExplanationObject<'a> {
    fn from(explanation: &'a Explanation) -> Self {
        let Explanation { draft, replaced, decisions, routes, held_until_ms, price_micros, currency } =
            explanation;
        let price = price_micros.zip(currency.as_deref());
        Self {
            to: Address(draft.to.address.as_str()),
            country: country_of(draft),
            number_type: draft.to.kind.name(),
            from: sender_of(draft),
            encoding: encoding_name(draft.encoding),
            segments: draft.segments,
            replaced,
            decisions: decisions.iter().map(DecisionObject::from).collect(),
            route: routes.as_ref().ok().and_then(|routes| routes.first()).map(Name::as_ref),
            routes: routes.iter().flatten().map(Name::as_ref).collect(),
            refused: routes.as_ref().err().map(RefusalObject::from),
            held_until: held_until_ms.map(Timestamp),
            price: price.map(|(amount, currency)| PriceObject { amount, currency }),
        }
    }
}

impl<'a> From<&'a Refusal> for RefusalObject<'a> {
    fn from(refusal: &'a Refusal) -> Self {
        Self { code: &refusal.code, reason: &refusal.reason }
    }
}
