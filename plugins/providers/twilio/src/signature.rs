//! `X-Twilio-Signature`: base64 of HMAC-SHA1, with the account's auth token as the key, over the
//! URL that Twilio called and the parameters that it posted.

use wire::form::{fields, query};
use wire::{header, hex, secret};

use crate::bindings::exports::waypost::sms::provider::WebhookRequest;

mod candidates;

const SIGNATURE_HEADER: &str = "x-twilio-signature";
const FORM_TYPE: &str = "application/x-www-form-urlencoded";
/// The parameter of the URL that stands for a body which is no form.
const BODY_HASH_PARAMETER: &str = "bodySHA256";
/// Anyone can post a form here. Twilio's own stay far below these, so a larger one is not worth the
/// fuel of sorting it: an inbound text of 1600 characters takes at most 19,200 bytes.
const FORM_BYTES_MAX: usize = 32 * 1024;
const FORM_FIELDS_MAX: usize = 256;

type Hmac<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, String> + 'a;
type Digest<'a> = dyn Fn(&[u8]) -> Vec<u8> + 'a;

/// What only the host can do.
pub struct Host<'a> {
    /// HMAC-SHA1 with the auth token.
    pub hmac: &'a Hmac<'a>,
    pub sha256: &'a Digest<'a>,
}

/// Whether the body is a form, by its media type.
pub fn is_form(request: &WebhookRequest) -> bool {
    let content_type = header(&request.headers, "content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(FORM_TYPE)
}

/// Checks that Twilio has sent the request as it is.
///
/// Twilio does not always sign the URL in the form in which it arrives, so that each form of it
/// that means the same is tried. None of them can be signed without the token.
///
/// # Errors
/// Why it cannot be from Twilio.
pub fn verify(request: &WebhookRequest, host: &Host<'_>, legacy_query: bool) -> Result<(), String> {
    let Some(given) = header(&request.headers, SIGNATURE_HEADER) else {
        return Err("the header X-Twilio-Signature is missing".to_owned());
    };
    let Some(given) = secret::base64(given) else {
        return Err("the header X-Twilio-Signature is not base64".to_owned());
    };
    let suffix = signed_suffix(request, host)?;
    let fits = |url: &str| -> Result<bool, String> {
        let signed = [url.as_bytes(), suffix.as_slice()].concat();
        Ok(secret::same(&(host.hmac)(&signed)?, &given))
    };
    if fits(&request.url)? {
        return Ok(());
    }
    for url in candidates::others(&request.url, legacy_query) {
        if fits(&url)? {
            return Ok(());
        }
    }
    Err("the signature does not fit".to_owned())
}

/// What is signed after the URL: the parameters of a form, and nothing for any other body, whose
/// hash is in the URL.
fn signed_suffix(request: &WebhookRequest, host: &Host<'_>) -> Result<Vec<u8>, String> {
    if request.method.eq_ignore_ascii_case("GET") || request.body.is_empty() {
        return Ok(Vec::new());
    }
    if is_form(request) {
        let fields = request.body.iter().filter(|byte| **byte == b'&').count() + 1;
        if request.body.len() > FORM_BYTES_MAX || fields > FORM_FIELDS_MAX {
            return Err("the form is larger than any of Twilio's".to_owned());
        }
        return Ok(signed_parameters(&request.body));
    }
    let mut parameters = fields(query(&request.url).as_bytes());
    let Some((_, claimed)) = parameters.find(|(name, _)| name == BODY_HASH_PARAMETER) else {
        return Err("the body is no form, and the URL has no bodySHA256".to_owned());
    };
    let hash = (host.sha256)(&request.body);
    let intact = hex::decode(&claimed).is_some_and(|claimed| secret::same(&claimed, &hash));
    if intact { Ok(Vec::new()) } else { Err("the body does not fit bodySHA256".to_owned()) }
}

/// Each name and value with nothing between, in byte order, each pair once.
fn signed_parameters(form: &[u8]) -> Vec<u8> {
    let mut pairs: Vec<_> = fields(form).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut signed = Vec::with_capacity(form.len());
    for (name, value) in pairs {
        signed.extend_from_slice(name.as_bytes());
        signed.extend_from_slice(value.as_bytes());
    }
    signed
}

#[cfg(test)]
mod tests;
