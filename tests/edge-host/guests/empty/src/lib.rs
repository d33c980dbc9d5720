//! Does nothing, or one Redis call: what a handler of the edge is measured against.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use spin_sdk::http::body::IncomingBodyExt as _;
use spin_sdk::http::{FullBody, IntoResponse, Request};
use spin_sdk::redis::{Connection, RedisParameter, RedisResult};
use spin_sdk::{http_service, variables};

/// The work of a small script: a counter that ends.
const SCRIPT: &str =
    "local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], 60) return {n, {ARGV[1]}}";

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    REQUESTS.set(REQUESTS.get() + 1);
    let (head, body) = request.into_parts();
    match head.uri.path() {
        "/redis" => text(redis().await?),
        "/redis/error" => text(redis_error().await?),
        "/count" => text(REQUESTS.get().to_string()),
        "/echo" => answer(body.bytes().await?),
        "/variable" => text(variables::get("greeting").await?),
        "/unknown-variable" => match variables::get("absent").await {
            Ok(value) => text(value),
            Err(error) => text(error.to_string()),
        },
        "/environment" => text(std::env::var("PLACE").unwrap_or_default()),
        "/header" => {
            let name = head.uri.query().unwrap_or_default();
            let values: Vec<&str> =
                head.headers.get_all(name).iter().map(|value| value.to_str()).collect::<Result<_, _>>()?;
            text(values.join(" "))
        }
        "/panic" => panic!("as asked"),
        "/error" => bail!("as asked"),
        _ => text("hello".to_owned()),
    }
}

async fn redis() -> anyhow::Result<String> {
    let arguments = [
        RedisParameter::Binary(SCRIPT.into()),
        RedisParameter::Int64(1),
        RedisParameter::Binary(b"edge-host".to_vec()),
        RedisParameter::Binary(b"hello".to_vec()),
    ];
    let replies = connection().await?.execute("EVAL", arguments).await?;
    match replies.as_slice() {
        [RedisResult::Int64(_), RedisResult::Binary(echoed)] => {
            Ok(String::from_utf8_lossy(echoed).into_owned())
        }
        other => bail!("{} replies", other.len()),
    }
}

async fn redis_error() -> anyhow::Result<String> {
    let arguments = [RedisParameter::Binary(b"0".repeat(40)), RedisParameter::Int64(0)];
    match connection().await?.execute("EVALSHA", arguments).await {
        Ok(_) => bail!("a script that is not there ran"),
        Err(error) => Ok(error.to_string()),
    }
}

/// The connection of this instance. Requests that come together may each open one; the last stays.
async fn connection() -> anyhow::Result<Rc<Connection>> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let address = variables::get("redis_url").await?;
    let connection = Rc::new(Connection::open(address).await.context("open")?);
    CONNECTION.set(Some(Rc::clone(&connection)));
    Ok(connection)
}

fn text(text: String) -> anyhow::Result<http::Response<FullBody<Bytes>>> {
    answer(text.into())
}

/// With a length: without one, Spin sends a body in chunks, which waits for acknowledgements.
fn answer(body: Bytes) -> anyhow::Result<http::Response<FullBody<Bytes>>> {
    let response = http::Response::builder().header(CONTENT_LENGTH, body.len()).body(FullBody::new(body))?;
    Ok(response)
}
