//! Requests from outside.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use waypost_edge_guests::EMPTY;
use waypost_edge_host::Options;

use crate::support::{Client, Folder, start};

fn manifest() -> String {
    format!(
        "[variables]
        greeting = {{ default = 'hello' }}
        name = {{ required = true, secret = true }}
        [[trigger.http]]
        route = '/...'
        component = 'empty'
        [[trigger.http]]
        route = '/hidden'
        component = 'other'
        [[trigger.http]]
        route = {{ private = true }}
        component = 'private'
        [component.empty]
        source = '{EMPTY}'
        environment = {{ PLACE = 'edge' }}
        [component.empty.variables]
        greeting = '{{{{ greeting }}}}, {{{{ name }}}}!'
        [component.other]
        source = '{EMPTY}'
        [component.private]
        source = '{EMPTY}'"
    )
}

#[tokio::test]
async fn a_component_answers_with_what_it_was_given() {
    let options =
        Options { variables: [("name".to_owned(), "waypost".to_owned())].into(), ..Options::default() };
    let host = Folder::new(&manifest()).start(options).await.unwrap();
    let client = Client::new();
    for (path, status, body) in [
        ("/", 200, "hello"),
        ("/any/path", 200, "hello"),
        ("/variable", 200, "hello, waypost!"),
        ("/environment", 200, "edge"),
        ("/header?spin-path-info", 200, "/header"),
        ("/header?spin-matched-route", 200, "/..."),
        ("/header?spin-component-route", 200, ""),
        ("/error", 500, ""),
    ] {
        assert_eq!(client.get(&format!("{}{path}", host.url())).await, (status, body.to_owned()), "{path}");
    }
    let url = format!("{}/header?spin-full-url", host.url());
    assert_eq!(client.get(&url).await, (200, url.clone()));
    let (_, unknown) = client.get(&format!("{}/unknown-variable", host.url())).await;
    assert!(unknown.contains("absent"), "{unknown}");
}

#[tokio::test]
async fn a_body_comes_through() {
    let host = start(&format!(
        "[[trigger.http]]\nroute = '/...'\ncomponent = 'empty'\n[component.empty]\nsource = '{EMPTY}'"
    ))
    .await;
    let body = "0123456789".repeat(20_000);
    let request =
        Request::post(format!("{}/echo", host.url())).body(Full::new(Bytes::from(body.clone()))).unwrap();
    assert_eq!(Client::new().send(request).await, (200, body));
}

#[tokio::test]
async fn a_private_component_is_not_reached_from_outside() {
    let host = start(&format!(
        "[[trigger.http]]
        route = '/public'
        component = 'public'
        [[trigger.http]]
        route = {{ private = true }}
        component = 'private'
        [component.public]
        source = '{EMPTY}'
        [component.private]
        source = '{EMPTY}'"
    ))
    .await;
    let client = Client::new();
    assert_eq!(client.get(&format!("{}/public", host.url())).await.0, 200);
    for path in ["/", "/private", "/public/deeper"] {
        assert_eq!(client.get(&format!("{}{path}", host.url())).await.0, 404, "{path}");
    }
    // The name that is known inside says nothing outside.
    let request = Request::get(format!("{}/", host.url()));
    let request = request.header("host", "private.spin.internal").body(Full::default()).unwrap();
    assert_eq!(client.send(request).await.0, 404);
}

#[tokio::test]
async fn what_a_client_forges_stands_before_what_the_host_says() {
    let host = start(&format!(
        "[[trigger.http]]\nroute = '/...'\ncomponent = 'empty'\n[component.empty]\nsource = '{EMPTY}'"
    ))
    .await;
    let request = Request::get(format!("{}/header?spin-path-info", host.url()));
    let request = request.header("spin-path-info", "/forged").body(Full::default()).unwrap();
    assert_eq!(Client::new().send(request).await, (200, "/forged /header".to_owned()));
}
