//! `POST /v1/messages/explain`: what would become of a message.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use waypost_core::decision::{Name, Refusal};
use waypost_core::limits;
use waypost_core::request::{Explanation, SendError};
use waypost_core::text::Replacement;

use super::auth::{Authorised, Sending};
use super::messages::submission_problem;
use super::problem::{self, Problem, documented};
use super::wire::{
    Address, DecisionObject, PriceObject, Recipients, ReplacementObject, SendBody, Timestamp, country_of,
    encoding_name, replacements, sender_of,
};
use super::{Api, json};

documented!(Problems: problem::KEY, problem::BODY, problem::SUBMISSION);

/// What would become of each message.
#[derive(Serialize, ToSchema)]
#[schema(as = Explanations)]
struct ExplanationList<'a> {
    /// In the order of `to`.
    messages: Vec<ExplanationObject<'a>>,
}

/// What would become of a message.
#[derive(Serialize, ToSchema)]
#[schema(as = Explanation)]
struct ExplanationObject<'a> {
    /// The recipient in E.164, or a short code.
    to: Address<'a>,
    /// ISO 3166-1; null for a worldwide service.
    #[schema(required = true)]
    country: Option<&'a str>,
    /// What the recipient's number is used for.
    number_type: &'a str,
    /// The sender that it would have; null where the provider chooses.
    #[schema(required = true)]
    from: Option<Address<'a>>,
    /// How it would be encoded: `gsm7`, `ucs2` or `binary`.
    encoding: &'a str,
    /// How many segments it would take.
    segments: u8,
    /// Which characters would be replaced by look-alikes.
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "replacements")]
    #[schema(value_type = Vec<ReplacementObject>, required = false)]
    replaced: &'a [Replacement],
    /// Every decision, in order.
    decisions: Vec<DecisionObject<'a>>,
    /// The provider that it would go to first; null where it is refused.
    #[schema(required = true)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = Refusal)]
struct RefusalObject<'a> {
    /// Stable.
    code: &'a str,
    /// For people.
    reason: &'a str,
}

/// See what would become of a message: every decision, the route, encoding, segments and price.
///
/// Takes the body of a sending. Nothing is stored, sent or counted.
#[utoipa::path(
    post,
    path = "/v1/messages/explain",
    operation_id = "explainMessage",
    tag = "messages",
    request_body = SendBody,
    responses((status = 200, description = "In the order of `to`", body = ExplanationList), Problems),
    security(("key" = ["send"])),
)]
pub async fn explain(
    State(api): State<Arc<Api>>,
    authorised: Authorised<Sending>,
    request: Request,
) -> Result<Response, Problem> {
    let bytes = json::read(request, limits::REQUEST_BYTES_MAX).await?;
    let body: SendBody = json::parse(&bytes)?;
    let is_one = matches!(body.to, Recipients::One(_));
    let wanted = body.into_request()?;
    let caller = &authorised.caller;
    if wanted.callback_url.as_deref().is_some_and(|url| !caller.tenant.permits_callback(url)) {
        return Err(submission_problem(SendError::CallbackHost, &wanted, is_one));
    }
    let explained = api.gateway.explain(caller, &wanted);
    let explanations = explained.map_err(|error| submission_problem(error, &wanted, is_one))?;
    let messages = explanations.iter().map(ExplanationObject::from).collect();
    json::answer(StatusCode::OK, &ExplanationList { messages })
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
