//! Redis through the host.

use waypost_edge_guests::EMPTY;
use waypost_edge_host::{EdgeHost, Options};

use crate::support::{Client, Folder, RedisServer};

async fn host(redis: &str, allowed: &str) -> EdgeHost {
    let manifest = format!(
        "[variables]
        redis_url = {{ required = true }}
        [[trigger.http]]
        route = '/...'
        component = 'empty'
        [component.empty]
        source = '{EMPTY}'
        allowed_outbound_hosts = ['{allowed}']
        [component.empty.variables]
        redis_url = '{{{{ redis_url }}}}'"
    );
    let options =
        Options { variables: [("redis_url".to_owned(), redis.to_owned())].into(), ..Options::default() };
    Folder::new(&manifest).start(options).await.unwrap()
}

#[tokio::test]
async fn a_script_runs_and_its_connection_is_kept() {
    let server = RedisServer::start();
    let host = host(&server.url(), "{{ redis_url }}").await;
    let client = Client::new();
    for _ in 0..5 {
        assert_eq!(client.get(&format!("{}/redis", host.url())).await, (200, "hello".to_owned()));
    }
    assert_eq!(host.redis_calls(), 5);
    assert_eq!(host.redis_opens(), 1);
}

#[tokio::test]
async fn an_error_of_the_server_comes_as_text() {
    let server = RedisServer::start();
    let host = host(&server.url(), "redis://127.0.0.1:*").await;
    let (status, text) = Client::new().get(&format!("{}/redis/error", host.url())).await;
    assert_eq!(status, 200);
    assert!(text.contains("NoScriptError: No matching script"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_not_allowed_is_not_dialled() {
    let server = RedisServer::start();
    let host = host(&server.url(), "redis://127.0.0.1:1").await;
    assert_eq!(Client::new().get(&format!("{}/redis", host.url())).await.0, 500);
    assert_eq!((host.redis_opens(), host.redis_calls()), (0, 0));
}

#[tokio::test]
async fn a_server_that_went_away_is_an_error() {
    let server = RedisServer::start();
    let host = host(&server.url(), "redis://127.0.0.1:*").await;
    let client = Client::new();
    let url = format!("{}/redis", host.url());
    assert_eq!(client.get(&url).await.0, 200);
    drop(server);
    assert_eq!(client.get(&url).await.0, 500);
}
