//! Every kind of problem in one table.

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemKind {
    /// Stable, snake_case.
    pub code: &'static str,
    /// The HTTP status that comes with it.
    pub status: u16,
    /// A short name for people; the same for every problem of the kind.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident $status:literal $code:literal $title:literal)*) => {
        /// Names a kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }

        const REGISTRY: &[ProblemKind] =
            &[$(ProblemKind { code: $code, status: $status, title: $title },)*];
    };
}

kinds! {
    JsonMalformed 400 "json_malformed" "The body is not JSON"
    BodyNotUtf8 400 "body_not_utf8" "The body is not UTF-8"
    BodyIncomplete 400 "body_incomplete" "The body did not arrive whole"
    BodyTooSlow 408 "body_too_slow" "The body took too long to arrive"
    BodyTooLarge 413 "body_too_large" "The body is too large"
    ContentTypeUnsupported 415 "content_type_unsupported" "The body is not declared as JSON"
    HeaderInvalid 400 "header_invalid" "A header is not valid"
    ParameterUnknown 400 "parameter_unknown" "There is no such query parameter"
    ParameterRepeated 400 "parameter_repeated" "A query parameter is given twice"
    ParameterInvalid 400 "parameter_invalid" "A query parameter is not valid"

    FieldUnknown 422 "field_unknown" "There is no such field"
    FieldMissing 422 "field_missing" "A required field is missing"
    FieldDuplicate 422 "field_duplicate" "A field is given twice"
    FieldType 422 "field_type" "A field has the wrong type"
    FieldValue 422 "field_value" "A field has a value that it cannot have"
    FieldRange 422 "field_range" "A number is out of range"
    FieldEmpty 422 "field_empty" "A field is empty"
    FieldTooLong 422 "field_too_long" "A field is too long"
    FieldTooMany 422 "field_too_many" "A list has too many entries"
    TooManyRecipients 422 "too_many_recipients" "Too many recipients in one request"
    TextAndData 422 "text_and_data" "Both a text and binary data are given"
    DataNotBase64 422 "data_not_base64" "The binary data is not base64"
    SchedulingUnsupported 422 "scheduling_unsupported" "Messages cannot be scheduled in this version"
    CallbackHostNotAllowed 422 "callback_host_not_allowed" "The callback's host is not allowed"

    NumberEmpty 422 "number_empty" "A number is empty"
    NumberInputTooLong 422 "number_input_too_long" "A number is too long to be read"
    NumberHasLetters 422 "number_has_letters" "A number has letters"
    NumberHasExtension 422 "number_has_extension" "A number has an extension"
    NumberCharacterInvalid 422 "number_character_invalid" "A number has a character that does not belong there"
    NumberCountryMissing 422 "number_country_missing" "A number has no country"
    ShortCodeCountryMissing 422 "short_code_country_missing" "A short code has no country"
    NumberCountryWithoutPlan 422 "number_country_without_plan" "The default country has no numbering plan"
    NumberCallingCodeUnknown 422 "number_calling_code_unknown" "A calling code is unknown"
    NumberTooShort 422 "number_too_short" "A number has too few digits"
    NumberTooLong 422 "number_too_long" "A number has too many digits"
    NumberAreaCodeMissing 422 "number_area_code_missing" "A number has no area code"
    NumberInvalid 422 "number_invalid" "A number is not in use"
    SenderEmpty 422 "sender_empty" "The sender is empty"
    SenderTooLong 422 "sender_too_long" "The sender is too long"
    SenderCharacterInvalid 422 "sender_character_invalid" "The sender has a character that networks do not carry"
    SenderOuterSpace 422 "sender_outer_space" "The sender has a space around it"
    BodyEmpty 422 "body_empty" "There is nothing to send"
    BodyTooLong 422 "body_too_long" "The text or data is too long"
    NotInGsm7 422 "not_in_gsm7" "The text does not fit the GSM-7 alphabet"
    BinaryEncodingForText 422 "binary_encoding_for_text" "A text cannot be sent as binary"
    TextEncodingForBinary 422 "text_encoding_for_binary" "Binary data cannot be sent as text"
    TooManySegments 422 "too_many_segments" "The message takes too many segments"
    SegmentsMaxOutOfRange 422 "segments_max_out_of_range" "The most segments allowed are out of range"
    SubmissionInvalid 422 "submission_invalid" "The message cannot be sent as asked"
    PolicyRefused 422 "policy_refused" "A policy refused the message"

    IdempotencyKeyReused 409 "idempotency_key_reused" "The idempotency key was used for another request"
    TooLateToCancel 409 "too_late_to_cancel" "The message cannot be taken back any more"
    NotADeadLetter 409 "not_a_dead_letter" "The message is no dead letter"
    KeyInUse 409 "key_in_use" "A key cannot revoke itself"
    LimitReached 429 "limit_reached" "A limit has been reached"

    PluginFormInvalid 400 "plugin_form_invalid" "The upload cannot be taken apart"
    PluginTooLarge 413 "plugin_too_large" "The component is larger than the plan allows"
    PluginSettingsTooLarge 413 "plugin_settings_too_large" "The plugin's settings are too large"
    PluginNameInvalid 422 "plugin_name_invalid" "This is no name of a plugin"
    PluginRoleMissing 422 "plugin_role_missing" "A new plugin needs a role"
    PluginRoleInvalid 422 "plugin_role_invalid" "The plugin cannot play this role"
    BindingInvalid 422 "binding_invalid" "The plugin cannot be bound so"
    FixtureInvalid 422 "fixture_invalid" "A fixture cannot be run"
    BacktestImpossible 422 "backtest_impossible" "There is nothing to test against"
    PluginsFull 409 "plugins_full" "The plan allows no more plugins"
    RevisionsFull 409 "revisions_full" "The plan allows no more revisions"
    RevisionNotReady 409 "revision_not_ready" "The revision is not ready"
    RevisionInUse 409 "revision_in_use" "The revision is in use"
    StageTaken 409 "stage_taken" "Another component decides at this stage"
    PluginNotLoadable 409 "plugin_not_loadable" "The revision cannot be loaded"
    NothingToRollBack 409 "nothing_to_roll_back" "Nothing was active before"
    PluginBusy 409 "plugin_busy" "Others are changing the same thing"
    UploadsLimited 429 "uploads_limited" "Too many uploads"
    PluginTestsFull 429 "plugin_tests_full" "Too many tests at once"
    BacktestsFull 429 "backtests_full" "Too many backtests at once"

    TenantInvalid 422 "tenant_invalid" "The tenant's settings are not valid"
    PlanInvalid 422 "plan_invalid" "The tenant's plan is not valid"
    TenantConfigured 409 "tenant_configured" "The configuration file has the tenant"
    TenantInUse 409 "tenant_in_use" "The tenant is in use"
    TenantsFull 409 "tenants_full" "There are as many tenants as there may be"
    TenantBusy 409 "tenant_busy" "Others are changing the same tenant"
    TenantChanged 412 "tenant_changed" "The tenant is not as it was expected to be"
    KeyEnded 409 "key_ended" "The API key has ended"

    KeyMissing 401 "key_missing" "No API key"
    KeyInvalid 401 "key_invalid" "The API key is not valid"
    KeyExpired 401 "key_expired" "The API key has expired"
    ScopeMissing 403 "scope_missing" "The API key may not do this"
    WebhookForged 403 "webhook_forged" "The webhook is not from the provider"
    WebhookMalformed 400 "webhook_malformed" "The webhook cannot be understood"

    MessageUnknown 404 "message_unknown" "There is no such message"
    PluginUnknown 404 "plugin_unknown" "There is no such plugin"
    RevisionUnknown 404 "revision_unknown" "There is no such revision"
    TenantUnknown 404 "tenant_unknown" "There is no such tenant"
    KeyUnknown 404 "key_unknown" "There is no such key"
    ProviderUnknown 404 "provider_unknown" "There is no such provider"
    PathUnknown 404 "path_unknown" "There is nothing at this path"
    MethodNotAllowed 405 "method_not_allowed" "The path does not take this method"

    Internal 500 "internal" "The gateway has failed"
    TooManyPolls 503 "too_many_polls" "Too many requests wait for inbound messages"
    ShuttingDown 503 "shutting_down" "The gateway is shutting down"
    StoreUnavailable 503 "store_unavailable" "The store is unavailable"
    InboundUnrouted 503 "inbound_unrouted" "An inbound message belongs to nobody"
}

/// Every kind of problem that the API answers, in the order of the manual.
pub fn registry() -> &'static [ProblemKind] {
    REGISTRY
}

impl Code {
    /// What the code stands for.
    pub fn kind(self) -> &'static ProblemKind {
        &REGISTRY[self as usize]
    }

    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.kind().code == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_titles_are_unique_and_well_formed() {
        let codes: BTreeSet<_> = registry().iter().map(|kind| kind.code).collect();
        let titles: BTreeSet<_> = registry().iter().map(|kind| kind.title).collect();
        assert_eq!((codes.len(), titles.len()), (registry().len(), registry().len()));
        for kind in registry() {
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(kind.code.chars().all(snake), "{}", kind.code);
            assert!((400..=599).contains(&kind.status), "{}", kind.code);
            assert!(kind.title.len() <= 60 && !kind.title.ends_with('.'), "{}", kind.code);
        }
    }

    #[test]
    fn names_lead_back_to_codes() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.kind().code), Some(*code));
        }
        assert_eq!(Code::from_name("no_such_code"), None);
    }
}
