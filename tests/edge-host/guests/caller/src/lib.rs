//! Calls a composed dependency, another component, and whatever URL it is told.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use spin_sdk::http::body::IncomingBodyExt as _;
use spin_sdk::http::{FullBody, IntoResponse, Request};
use spin_sdk::http_service;

use bindings::waypost::sms::configuration::configure;
use bindings::waypost::sms::screening::{self, Verdict};
use bindings::waypost::sms::types::{Body, Encoding, Message, NumberKind, Recipient};

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        inline: "
            package waypost:caller;
            world caller {
                import waypost:sms/configuration@0.1.0;
                import waypost:sms/screening@0.1.0;
            }
        ",
        path: "../../../../wit/0.1.0",
        world: "waypost:caller/caller",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let query = request.uri().query().unwrap_or_default();
    let text = match request.uri().path().rsplit('/').next() {
        Some("screen") => screen(query),
        Some("configure") => configure(query).map_or_else(|reason| reason, |()| "configured".to_owned()),
        Some("chain") => fetch(&format!("http://empty.spin.internal{query}")).await,
        _ => fetch(query).await,
    };
    let body = Bytes::from(text);
    Ok(http::Response::builder().header(CONTENT_LENGTH, body.len()).body(FullBody::new(body))?)
}

fn screen(country: &str) -> String {
    let message = Message {
        tenant: "acme".to_owned(),
        time_ms: 0,
        to: Recipient {
            number: "+33612345678".to_owned(),
            country: (!country.is_empty()).then(|| country.to_owned()),
            kind: NumberKind::Mobile,
        },
        sender: None,
        body: Body::Text("hello".to_owned()),
        encoding: Encoding::Gsm7,
        segments: 1,
        priority: 1,
        tags: Vec::new(),
    };
    match screening::screen(&message) {
        Verdict::Allow => "allow".to_owned(),
        Verdict::Refuse(refusal) => refusal.code,
        Verdict::HoldUntil(time_ms) => format!("hold until {time_ms}"),
    }
}

/// The status and the body, or what the host says.
async fn fetch(url: &str) -> String {
    let response = match spin_sdk::http::get(url).await {
        Ok(response) => response,
        Err(error) => return format!("failed: {error:?}"),
    };
    let status = response.status().as_u16();
    match response.into_body().bytes().await {
        Ok(body) => format!("{status} {}", String::from_utf8_lossy(&body)),
        Err(error) => format!("{status} failed: {error:?}"),
    }
}
