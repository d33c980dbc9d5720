//! Headers that carry credentials: written by the component as templates, filled in by whoever
//! has the secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Credential, Header, HeaderValue};

/// A header as it goes on the wire. Has no `Debug`: its value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Filled {
    /// A token of RFC 9110.
    pub name: String,
    /// May hold a secret.
    pub value: String,
    /// True where it does: kept out of logs.
    pub sensitive: bool,
}

/// Fills in every header. `secret` gives the text of a secret by its name.
///
/// # Errors
/// The name of a secret that is not configured, or is no text.
pub fn fill<'s>(headers: &[Header], secret: impl Fn(&str) -> Option<&'s str>) -> Result<Vec<Filled>, String> {
    headers.iter().map(|header| fill_one(header, &secret)).collect()
}

fn fill_one<'s>(header: &Header, secret: &impl Fn(&str) -> Option<&'s str>) -> Result<Filled, String> {
    let named = |name: &String| secret(name).ok_or_else(|| name.clone());
    let part = |credential: &Credential| match credential {
        Credential::Literal(text) => Ok(text.clone()),
        Credential::Secret(name) => named(name).map(str::to_owned),
    };
    let value = match &header.value {
        HeaderValue::Plain(value) => {
            return Ok(Filled { name: header.name.clone(), value: value.clone(), sensitive: false });
        }
        HeaderValue::Basic { user, password } => {
            format!("Basic {}", STANDARD.encode(format!("{}:{}", part(user)?, part(password)?)))
        }
        HeaderValue::Bearer(name) => format!("Bearer {}", named(name)?),
        HeaderValue::Prefixed { prefix, secret: name } => format!("{prefix}{}", named(name)?),
    };
    Ok(Filled { name: header.name.clone(), value, sensitive: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(value: HeaderValue) -> Result<(String, bool), String> {
        let secret = |name: &str| (name == "token").then_some("open sesame");
        let header = Header { name: "authorization".to_owned(), value };
        fill(&[header], secret)
            .map(|mut filled| filled.remove(0))
            .map(|header| (header.value, header.sensitive))
    }

    #[test]
    fn templates_are_filled_in() {
        // The example of RFC 7617, section 2.
        let basic = HeaderValue::Basic {
            user: Credential::Literal("Aladdin".to_owned()),
            password: Credential::Secret("token".to_owned()),
        };
        let prefixed = HeaderValue::Prefixed { prefix: "AccessKey ".to_owned(), secret: "token".to_owned() };
        for (value, expected, sensitive) in [
            (basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true),
            (HeaderValue::Bearer("token".to_owned()), "Bearer open sesame", true),
            (prefixed, "AccessKey open sesame", true),
            (HeaderValue::Plain("text/xml".to_owned()), "text/xml", false),
        ] {
            assert_eq!(value_of(value), Ok((expected.to_owned(), sensitive)));
        }
    }

    #[test]
    fn a_secret_that_is_not_there_is_named() {
        assert_eq!(value_of(HeaderValue::Bearer("other".to_owned())), Err("other".to_owned()));
    }
}
