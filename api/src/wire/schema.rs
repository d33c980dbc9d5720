//! Schemas that cannot be derived.

use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use waypost_core::limits;
use waypost_core::message::State;

use super::scalar::{Address, Id, Octets, Status, Timestamp};
use super::send::Recipients;

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        text().format(Some(format)).examples(["2026-01-31T08:00:00.250Z"]).into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        text().pattern(Some("^msg_[0-9a-hjkmnp-tv-z]{26}$")).into()
    }
}

impl ToSchema for Id {}

impl PartialSchema for Status {
    fn schema() -> RefOr<Schema> {
        text().enum_values(Some(State::ALL.map(State::as_str))).into()
    }
}

impl ToSchema for Status {}

impl PartialSchema for Address<'_> {
    fn schema() -> RefOr<Schema> {
        text().examples(["+447700900123"]).into()
    }
}

impl ToSchema for Address<'_> {}

impl PartialSchema for Octets<'_> {
    fn schema() -> RefOr<Schema> {
        text().content_encoding("base64").into()
    }
}

impl ToSchema for Octets<'_> {}

impl PartialSchema for Recipients {
    fn schema() -> RefOr<Schema> {
        let one = ObjectBuilder::new().schema_type(Type::String).examples(["+447700900123"]);
        let entry = ObjectBuilder::new().schema_type(Type::String);
        let many = ArrayBuilder::new()
            .items(RefOr::T(entry.build().into()))
            .min_items(Some(1))
            .max_items(Some(limits::RECIPIENTS_MAX));
        OneOfBuilder::new().item(one).item(many).into()
    }
}

impl ToSchema for Recipients {}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
