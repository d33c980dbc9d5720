//! Every limit of the message path in one place, with its unit in its name.

/// Longest `code` of a refusal, in characters.
pub const CODE_CHARS_MAX: usize = 64;
/// Longest `reason` of a refusal or failure, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// Most recipients in one request.
pub const RECIPIENTS_MAX: usize = 100;
/// Largest request body that the API reads, in bytes.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Most tags on a message.
pub const TAGS_MAX: usize = 16;
/// Longest tag, in bytes.
pub const TAG_BYTES_MAX: usize = 64;
/// Longest `client_ref`, in bytes.
pub const CLIENT_REF_BYTES_MAX: usize = 128;
/// Longest `callback_url`, in bytes.
pub const CALLBACK_URL_BYTES_MAX: usize = 2048;
/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How long an idempotency key is remembered, in milliseconds: 24 hours.
pub const IDEMPOTENCY_MS: u64 = 24 * 3600 * 1000;
/// Highest priority; 0 is the lowest.
pub const PRIORITY_MAX: u8 = 3;
/// Shortest validity that a message may ask for, in seconds.
pub const VALID_FOR_S_MIN: u32 = 5;
/// Longest validity that a message may ask for, in seconds: 7 days.
pub const VALID_FOR_S_MAX: u32 = 7 * 24 * 3600;
/// Validity of a message that asks for none, in seconds: 48 hours.
pub const VALID_FOR_S_DEFAULT: u32 = 48 * 3600;
/// How many times a message may lead to another, so that two gateways do not talk for ever.
pub const HOPS_MAX: u8 = 4;
/// An inbound message that comes this soon after a reply to its sender, in milliseconds, is taken for an
/// answer of a machine: it has the hops of that reply. A person reads and types for longer.
pub const HOPS_WINDOW_MS: u64 = 15_000;
/// Most messages of receiving components to one number in an hour.
pub const REPLIES_PER_HOUR_MAX: u32 = 20;
/// Most messages of receiving components to one number in a day.
pub const REPLIES_PER_DAY_MAX: u32 = 100;
/// Most rows on a page of a list.
pub const PAGE_ROWS_MAX: u32 = 500;
/// Rows on a page that asks for no number.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Largest webhook body that is read, in bytes.
pub const WEBHOOK_BYTES_MAX: usize = 64 * 1024;
/// Largest answer of a provider that is read, in bytes.
pub const PROVIDER_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest provider reference that is kept, in bytes.
pub const REFERENCE_BYTES_MAX: usize = 128;
/// How long a receipt that fits no message is kept for one that comes later, in milliseconds.
pub const ORPHAN_RECEIPT_MS: u64 = 48 * 3600 * 1000;
/// Longest number of a sender or a recipient of an inbound part, in bytes. SMPP's have at most 20.
pub const INBOUND_ADDRESS_BYTES_MAX: usize = 64;
/// Most inboxes of a tenant beside those of the configuration: its receiving components name them.
pub const INBOXES_MAX: usize = 100;
/// Longest part of a long inbound message, in bytes, with its coding. SMPP's `short_message` has at most
/// 254.
pub const INBOUND_PART_BYTES_MAX: usize = 1024;
/// Most long inbound messages of one tenant and provider that are not whole, or not delivered.
pub const INBOUND_PARTS_OPEN_MAX: u32 = 10_000;
/// How long a long inbound message waits for its missing parts, in milliseconds: 24 hours.
pub const INBOUND_PARTS_WAIT_MS: u64 = 24 * 3600 * 1000;
/// How long a part of a long inbound message that is done is known again, in milliseconds: 10 minutes.
/// Long enough for a provider that has lost an answer; telephones use their few references again.
pub const INBOUND_PARTS_KNOWN_MS: u64 = 10 * 60 * 1000;
/// Most receipts kept that fit no message.
pub const ORPHAN_RECEIPTS_MAX: u32 = 100_000;
/// Largest settings of a plugin, as JSON without spaces, in bytes.
pub const PLUGIN_SETTINGS_BYTES_MAX: usize = 64 * 1024;
/// How far a tenant may get into debt with its decision time within one request, in milliseconds of
/// waiting: whoever sends to many recipients at once may use more than is left, but not without end.
pub const DECISION_DEBT_MS_MAX: u64 = 10_000;
/// Largest record of something registered, as JSON, in bytes: settings and schema of a revision are
/// at most 64 KiB each.
pub const REGISTRY_RECORD_BYTES_MAX: usize = 256 * 1024;
/// Longest name of something registered, in bytes.
pub const REGISTRY_NAME_BYTES_MAX: usize = 200;
