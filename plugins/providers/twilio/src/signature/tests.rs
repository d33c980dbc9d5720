use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use wire::form::Form;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    format: u32,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    valid: bool,
    valid_exact_url: bool,
    method: String,
    url: String,
    content_type: String,
    params: Vec<(String, String)>,
    body: Option<String>,
    headers: std::collections::BTreeMap<String, String>,
    secret: String,
    string_to_sign: String,
}

impl Vector {
    fn request(&self) -> WebhookRequest {
        let body = match &self.body {
            Some(body) => body.clone().into_bytes(),
            None => {
                let mut form = Form::default();
                for (name, value) in &self.params {
                    form.push(name, value);
                }
                form.into_bytes()
            }
        };
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.push(("Content-Type".to_owned(), self.content_type.clone()));
        WebhookRequest {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            body,
            now_ms: 0,
            fetched: None,
        }
    }
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../../../tests/vectors/signatures/twilio.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.format, 1);
    assert!(vectors.vectors.len() >= 20);
    vectors.vectors
}

fn hmac_sha1(secret: &str, data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn verify_with(request: &WebhookRequest, secret: &str, legacy_query: bool) -> Result<(), String> {
    let host =
        Host { hmac: &|data| Ok(hmac_sha1(secret, data)), sha256: &|data| Sha256::digest(data).to_vec() };
    verify(request, &host, legacy_query)
}

#[test]
fn known_answers() {
    for vector in vectors() {
        let request = vector.request();
        for legacy_query in [false, true] {
            let result = verify_with(&request, &vector.secret, legacy_query);
            assert_eq!(result.is_ok(), vector.valid, "{} {result:?}", vector.id);
        }
        let other_secret = verify_with(&request, "another token", true);
        assert!(other_secret.is_err(), "{}", vector.id);
    }
}

#[test]
fn what_is_signed() {
    for vector in vectors() {
        let request = vector.request();
        let suffix = if is_form(&request) { signed_parameters(&request.body) } else { Vec::new() };
        let signed = [vector.url.as_bytes(), &suffix].concat();
        assert_eq!(String::from_utf8(signed.clone()).unwrap(), vector.string_to_sign, "{}", vector.id);

        let given = vector.headers.values().next().and_then(|given| secret::base64(given));
        let exact = given == Some(hmac_sha1(&vector.secret, &signed));
        let intact = is_form(&request) || signed_suffix_fits(&request);
        assert_eq!(exact && intact, vector.valid_exact_url, "{}", vector.id);
    }
}

fn signed_suffix_fits(request: &WebhookRequest) -> bool {
    let host = Host { hmac: &|_| Ok(vec![]), sha256: &|data| Sha256::digest(data).to_vec() };
    signed_suffix(request, &host).is_ok()
}

fn signed_request(called: &str, signed: &str, content_type: &str, body: &str) -> WebhookRequest {
    let request = WebhookRequest {
        method: "POST".to_owned(),
        url: called.to_owned(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.as_bytes().to_vec(),
        now_ms: 0,
        fetched: None,
    };
    let suffix = if is_form(&request) { signed_parameters(&request.body) } else { Vec::new() };
    let signature = hmac_sha1("t", &[signed.as_bytes(), &suffix].concat());
    let mut headers = request.headers.clone();
    headers.push(("x-twilio-signature".to_owned(), base64(&signature)));
    WebhookRequest { headers, ..request }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3)
            .fold(0_usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or_default()));
        for at in 0..4 {
            let sextet = char::from(ALPHABET[bits >> (18 - 6 * at) & 63]);
            text.push(if at <= chunk.len() { sextet } else { '=' });
        }
    }
    text
}

#[test]
fn a_form_that_differs_is_forged() {
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let url = "https://gw.example/hooks/twilio?m=m_1";
    let request = signed_request(url, url, form, "MessageSid=SM1&MessageStatus=sent");
    assert_eq!(verify_with(&request, "t", true), Ok(()));

    let spoiled = |spoil: fn(&mut WebhookRequest)| {
        let mut request = request.clone();
        spoil(&mut request);
        verify_with(&request, "t", true)
    };
    assert!(spoiled(|request| request.body.push(b'x')).is_err());
    assert!(spoiled(|request| request.body.extend(b"&A=")).is_err());
    assert!(spoiled(|request| request.url.push('2')).is_err());
    assert!(spoiled(|request| request.body.clear()).is_err());
    assert!(spoiled(|request| request.method = "GET".to_owned()).is_err());
    assert!(spoiled(|request| request.headers[0].1 = "application/json".to_owned()).is_err());
    assert!(spoiled(|request| request.headers[1].1.make_ascii_lowercase()).is_err());
}

#[test]
fn a_body_that_is_no_form_needs_its_hash() {
    let body = r#"{"a":1}"#;
    let hash = hex::encode(&Sha256::digest(body.as_bytes()));
    for (url, intact) in [
        (format!("https://gw.example/h?bodySHA256={hash}"), true),
        (format!("https://gw.example/h?bodySHA256={}", hash.to_uppercase()), true),
        ("https://gw.example/h".to_owned(), false),
        ("https://gw.example/h?bodySHA256=".to_owned(), false),
        (format!("https://gw.example/h?bodySHA256={}", &hash[2..]), false),
    ] {
        for content_type in ["application/json", ""] {
            let request = signed_request(&url, &url, content_type, body);
            assert_eq!(verify_with(&request, "t", true).is_ok(), intact, "{url}");
        }
    }
}

#[test]
fn other_forms_of_the_url_are_tried() {
    let form = "application/x-www-form-urlencoded";
    for (called, signed, legacy_only) in [
        ("https://u:p@a.example/h?b=1", "https://a.example/h?b=1", false),
        ("https://u:p@a.example:8443/h", "https://a.example/h", false),
        ("http://a.example/h", "http://a.example:80/h", false),
        ("https://a.example/h?b=it's", "https://a.example/h?b=it%27s", true),
        ("https://a.example/h?b=it%27s", "https://a.example/h?b=it's", true),
    ] {
        let request = signed_request(called, signed, form, "A=b");
        assert_eq!(verify_with(&request, "t", true), Ok(()), "{called}");
        assert_eq!(verify_with(&request, "t", false).is_err(), legacy_only, "{called}");
    }
    let request = signed_request("https://a.example/h", "http://a.example/h", form, "A=b");
    assert!(verify_with(&request, "t", true).is_err());
}

#[test]
fn a_form_is_read_up_to_its_limits() {
    let form = "application/x-www-form-urlencoded";
    let url = "https://a.example/h";
    for (body, fits) in [
        (vec!["A=1"; FORM_FIELDS_MAX].join("&"), true),
        (vec!["A=1"; FORM_FIELDS_MAX + 1].join("&"), false),
        ("A".repeat(FORM_BYTES_MAX), true),
        ("A".repeat(FORM_BYTES_MAX + 1), false),
    ] {
        let request = signed_request(url, url, form, &body);
        assert_eq!(verify_with(&request, "t", true).is_ok(), fits, "{}", body.len());
    }
}
