//! One connection for each instance, made when it is first needed and again when it is dead.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use spin_sdk::redis::{self, RedisParameter, RedisResult};
use spin_sdk::variables;
use waypost_core::edge::REDIS_VARIABLE;
use waypost_core::redis::{Connection, RedisError, Request, Script, Value};

use super::error;
use super::time::RedisTime;
use crate::watch::Watch;

/// Longest that what is asked of Redis at once may take, connecting and asking again included.
const LIMIT: Duration = Duration::from_secs(3);
/// A command with the time of the server before its answer: one round trip for both.
static TIMED: Script = Script::new(
    "timed",
    "local time = redis.call('TIME')\nreturn {time[1], time[2], redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))}",
);
/// Values of [`TIMED`]'s answer before those of the command.
const TIME_VALUES: usize = 2;
/// Commands that change nothing: safe to ask again where nobody knows whether they were done.
const READS: [&str; 12] = [
    "EXISTS",
    "GET",
    "HGET",
    "HGETALL",
    "HMGET",
    "HVALS",
    "LRANGE",
    "SMEMBERS",
    "TIME",
    "XRANGE",
    "ZRANGE",
    "ZRANGEBYSCORE",
];

thread_local! {
    static CONNECTION: RefCell<Option<Rc<redis::Connection>>> = const { RefCell::new(None) };
}

/// The way to Redis for one request. The first plain command also brings the time.
pub(crate) struct SpinConnection {
    time: Rc<RedisTime>,
    watch: Rc<Watch>,
}

impl SpinConnection {
    /// Nothing is asked yet.
    pub(crate) fn new(time: Rc<RedisTime>, watch: Rc<Watch>) -> Self {
        Self { time, watch }
    }

    /// Asks for the time alone.
    pub(crate) async fn ask_time(&self) -> Result<(), RedisError> {
        self.watch.begin(LIMIT);
        let answer = ask(&Request::command("TIME", Vec::new())).await;
        self.watch.end();
        self.time.tell(&answer?);
        Ok(())
    }

    async fn ask_one(&self, request: Request) -> Result<Vec<Value>, RedisError> {
        let Request::Command { name, args } = &request else { return ask(&request).await };
        if self.time.is_known() || args.is_empty() {
            return ask(&request).await;
        }
        let (key, rest) = args.split_at(1);
        let command = std::iter::once(name.as_bytes().to_vec()).chain(rest.iter().cloned()).collect();
        let timed = Request::script(&TIMED, key.to_vec(), command);
        let mut values = ask_again(&timed, READS.contains(name)).await?;
        let values_of_the_command = values.split_off(TIME_VALUES.min(values.len()));
        self.time.tell(&values);
        Ok(values_of_the_command)
    }
}

#[async_trait::async_trait(?Send)]
impl Connection for SpinConnection {
    async fn ask(&self, requests: Vec<Request>) -> Vec<Result<Vec<Value>, RedisError>> {
        self.watch.begin(LIMIT);
        let answers = join_all(requests.into_iter().map(|request| self.ask_one(request))).await;
        self.watch.end();
        answers
    }
}

async fn ask(request: &Request) -> Result<Vec<Value>, RedisError> {
    let is_read = matches!(request, Request::Command { name, .. } if READS.contains(name));
    ask_again(request, is_read).await
}

/// Asks, and where the connection turns out to be dead asks once more by a new one, if to do it twice
/// is harmless. The first request of every call is a read, so a write rarely meets a dead connection.
async fn ask_again(request: &Request, is_read: bool) -> Result<Vec<Value>, RedisError> {
    match ask_whole(request).await {
        Err(RedisError::Unreachable(_)) if is_read => ask_whole(request).await,
        answer => answer,
    }
}

/// Redis has not answered in time: whatever has become of it, another connection has a better chance.
pub(crate) fn give_up() {
    CONNECTION.set(None);
}

/// By the script's hash, and with its text where Redis does not know it.
async fn ask_whole(request: &Request) -> Result<Vec<Value>, RedisError> {
    match execute(request, false).await {
        Err(RedisError::NoScript) => execute(request, true).await,
        answer => answer,
    }
}

async fn execute(request: &Request, whole: bool) -> Result<Vec<Value>, RedisError> {
    let connection = connection().await?;
    let (name, args) = request.wire(whole);
    let args = args.into_iter().map(|arg| RedisParameter::Binary(arg.into_owned()));
    let answer = connection.execute(name, args).await.map_err(said);
    if matches!(answer, Err(RedisError::Unreachable(_))) {
        forget(&connection);
    }
    Ok(answer?.into_iter().map(value).collect())
}

async fn connection() -> Result<Rc<redis::Connection>, RedisError> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let address = variables::get(REDIS_VARIABLE)
        .await
        .map_err(|_| RedisError::Other(format!("the variable {REDIS_VARIABLE} is not set")))?;
    let connection = Rc::new(redis::Connection::open(address).await.map_err(said)?);
    CONNECTION.set(Some(Rc::clone(&connection)));
    Ok(connection)
}

/// The next request opens another, unless somebody has done so already.
fn forget(dead: &Rc<redis::Connection>) {
    CONNECTION.with_borrow_mut(|current| {
        if current.as_ref().is_some_and(|current| Rc::ptr_eq(current, dead)) {
            *current = None;
        }
    });
}

fn said(error: redis::Error) -> RedisError {
    match error {
        redis::Error::InvalidAddress => RedisError::Other(format!(
            "the variable {REDIS_VARIABLE} is no address, or `allowed_outbound_hosts` does not list it"
        )),
        redis::Error::TooManyConnections => {
            RedisError::Unreachable("the platform allows no more connections".to_owned())
        }
        redis::Error::TypeError => {
            RedisError::Other("a reply of a type that Spin does not pass on".to_owned())
        }
        redis::Error::Other(text) => error::of(&text),
    }
}

fn value(result: RedisResult) -> Value {
    match result {
        RedisResult::Nil => Value::Nil,
        RedisResult::Int64(number) => Value::Int(number),
        RedisResult::Status(text) => Value::Bytes(text.into_bytes()),
        RedisResult::Binary(bytes) => Value::Bytes(bytes),
    }
}
