//! Problems of a call in the OpenAPI document.

/// Declares a type that documents the problems of a call, from lists of codes.
macro_rules! documented {
    ($name:ident: $($codes:expr),+ $(,)?) => {
        enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                waypost_api::problem::responses(&[$($codes),+])
            }
        }
    };
}
pub(super) use documented;
