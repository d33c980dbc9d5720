//! Headers that carry credentials: written by the component as templates, filled in here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use waypost_core::provider::{Credential, Header, HeaderValue};

use crate::secrets::SecretMap;

/// A header as it goes on the wire.
pub(super) struct Filled {
    /// A token of RFC 9110.
    pub(super) name: String,
    /// May hold a secret.
    pub(super) value: String,
    /// True where it does: kept out of logs.
    pub(super) sensitive: bool,
}

/// Fills in every header. The error is the name of a secret that is not configured.
pub(super) fn fill(headers: &[Header], secrets: &SecretMap) -> Result<Vec<Filled>, String> {
    headers.iter().map(|header| fill_one(header, secrets)).collect()
}

fn fill_one(header: &Header, secrets: &SecretMap) -> Result<Filled, String> {
    let value = match &header.value {
        HeaderValue::Plain(value) => {
            return Ok(Filled { name: header.name.clone(), value: value.clone(), sensitive: false });
        }
        HeaderValue::Basic { user, password } => {
            let pair = format!("{}:{}", part(user, secrets)?, part(password, secrets)?);
            format!("Basic {}", STANDARD.encode(pair))
        }
        HeaderValue::Bearer(name) => format!("Bearer {}", secret(name, secrets)?),
        HeaderValue::Prefixed { prefix, secret: name } => format!("{prefix}{}", secret(name, secrets)?),
    };
    Ok(Filled { name: header.name.clone(), value, sensitive: true })
}

fn part<'a>(credential: &'a Credential, secrets: &'a SecretMap) -> Result<&'a str, String> {
    match credential {
        Credential::Literal(text) => Ok(text),
        Credential::Secret(name) => secret(name, secrets),
    }
}

fn secret<'a>(name: &str, secrets: &'a SecretMap) -> Result<&'a str, String> {
    secrets.text(name).ok_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    fn value_of(value: HeaderValue) -> Result<String, String> {
        let mut secrets = SecretMap::default();
        secrets.insert("token", Secret::from("open sesame"));
        fill_one(&Header { name: "authorization".to_owned(), value }, &secrets).map(|filled| filled.value)
    }

    #[test]
    fn templates_are_filled_in() {
        // The example of RFC 7617, section 2.
        let basic = HeaderValue::Basic {
            user: Credential::Literal("Aladdin".to_owned()),
            password: Credential::Secret("token".to_owned()),
        };
        assert_eq!(value_of(basic), Ok("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()));
        let bearer = HeaderValue::Bearer("token".to_owned());
        assert_eq!(value_of(bearer), Ok("Bearer open sesame".to_owned()));
        let prefixed = HeaderValue::Prefixed { prefix: "AccessKey ".to_owned(), secret: "token".to_owned() };
        assert_eq!(value_of(prefixed), Ok("AccessKey open sesame".to_owned()));
    }

    #[test]
    fn a_secret_that_is_not_there_is_named() {
        assert_eq!(value_of(HeaderValue::Bearer("other".to_owned())), Err("other".to_owned()));
    }
}
