//! `spin:redis/redis@3.0.0`, as the SDK imports it.
//!
//! Follows Spin 4.1, which has redis-rs 0.32: a connection for each `open`, no time limit, replies
//! flattened, the words of errors.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, ServerError, Value};
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, ComponentType, Lift, Linker, Lower, Resource, ResourceType};

use crate::state::{Grants, State};

/// Behind the guest's `connection`.
struct Connection(MultiplexedConnection);

#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
enum Failure {
    #[component(name = "invalid-address")]
    InvalidAddress,
    #[allow(dead_code, reason = "the interface has it")]
    #[component(name = "too-many-connections")]
    TooManyConnections,
    #[component(name = "type-error")]
    TypeError,
    #[component(name = "other")]
    Other(String),
}

#[derive(Debug, ComponentType, Lift)]
#[component(variant)]
enum Parameter {
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "binary")]
    Binary(Vec<u8>),
}

#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
enum Reply {
    #[component(name = "nil")]
    Nil,
    #[component(name = "status")]
    Status(String),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "binary")]
    Binary(Vec<u8>),
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<(Result<T, Failure>,)>> + Send + 'a>>;

/// Links all functions of the interface.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut redis = linker.instance("spin:redis/redis@3.0.0")?;
    redis.resource("connection", ResourceType::host::<Connection>(), close)?;
    redis.func_wrap_concurrent("[static]connection.open", |store, (address,): (String,)| {
        open(store, address)
    })?;
    redis.func_wrap_concurrent(
        "[method]connection.execute",
        |store, (connection, command, arguments): (Resource<Connection>, String, Vec<Parameter>)| {
            let mut call = redis::cmd(&command);
            for argument in arguments {
                match argument {
                    Parameter::Int64(number) => call.arg(number),
                    Parameter::Binary(bytes) => call.arg(bytes),
                };
            }
            answer(store, connection, call, |reply| {
                let mut replies = Vec::new();
                flatten(reply, &mut replies)?;
                Ok(replies)
            })
        },
    )?;
    redis.func_wrap_concurrent(
        "[method]connection.publish",
        |store, (connection, channel, payload): (Resource<Connection>, String, Vec<u8>)| {
            answer(store, connection, command("PUBLISH", &[channel.as_bytes(), &payload]), |_| Ok(()))
        },
    )?;
    redis.func_wrap_concurrent(
        "[method]connection.get",
        |store, (connection, key): (Resource<Connection>, String)| {
            answer(store, connection, command("GET", &[key.as_bytes()]), parsed::<Option<Vec<u8>>>)
        },
    )?;
    redis.func_wrap_concurrent(
        "[method]connection.set",
        |store, (connection, key, value): (Resource<Connection>, String, Vec<u8>)| {
            answer(store, connection, command("SET", &[key.as_bytes(), &value]), |_| Ok(()))
        },
    )?;
    redis.func_wrap_concurrent(
        "[method]connection.incr",
        |store, (connection, key): (Resource<Connection>, String)| {
            answer(store, connection, command("INCRBY", &[key.as_bytes(), b"1"]), parsed::<i64>)
        },
    )?;
    redis.func_wrap_concurrent(
        "[method]connection.del",
        |store, (connection, keys): (Resource<Connection>, Vec<String>)| {
            answer(store, connection, listed("DEL", None, &keys), parsed::<u32>)
        },
    )?;
    for (function, name) in [("[method]connection.sadd", "SADD"), ("[method]connection.srem", "SREM")] {
        redis.func_wrap_concurrent(
            function,
            move |store, (connection, key, values): (Resource<Connection>, String, Vec<String>)| {
                answer(store, connection, listed(name, Some(&key), &values), parsed::<u32>)
            },
        )?;
    }
    redis.func_wrap_concurrent(
        "[method]connection.smembers",
        |store, (connection, key): (Resource<Connection>, String)| {
            answer(store, connection, command("SMEMBERS", &[key.as_bytes()]), parsed::<Vec<String>>)
        },
    )
}

fn open(store: &Accessor<State>, address: String) -> Answer<'_, Resource<Connection>> {
    Box::pin(async move {
        let grants = store.with(|mut store| Arc::clone(&store.get().grants));
        let opened = match dial(&grants, &address).await {
            Ok(connection) => Ok(store.with(|mut store| store.get().table.push(Connection(connection)))?),
            Err(error) => Err(error),
        };
        Ok((opened,))
    })
}

async fn dial(grants: &Grants, address: &str) -> Result<MultiplexedConnection, Failure> {
    let info = address.into_connection_info().map_err(|_| Failure::InvalidAddress)?;
    let (scheme, host, port) = match info.addr() {
        ConnectionAddr::Tcp(host, port) => ("redis", host, *port),
        ConnectionAddr::TcpTls { host, port, .. } => ("rediss", host, *port),
        _ => return Err(Failure::InvalidAddress),
    };
    // Spin says the same of an address that is none and of one that is not allowed.
    if !grants.allowed.allows(scheme, host, Some(port)) {
        return Err(Failure::InvalidAddress);
    }
    grants.redis.opens.fetch_add(1, Ordering::Relaxed);
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let client = Client::open(info).map_err(|error| Failure::Other(error_text(&error)))?;
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    connection.map_err(|error| Failure::Other(error_text(&error)))
}

fn answer<'a, T: Send + 'a>(
    store: &'a Accessor<State>,
    connection: Resource<Connection>,
    call: redis::Cmd,
    read: fn(Value) -> Result<T, Failure>,
) -> Answer<'a, T> {
    Box::pin(async move {
        let mut connection = store.with(|mut store| {
            let state = store.get();
            state.grants.redis.calls.fetch_add(1, Ordering::Relaxed);
            state.table.get(&connection).map(|connection| connection.0.clone())
        })?;
        let reply = call.query_async::<Value>(&mut connection).await;
        Ok((reply.map_err(|error| Failure::Other(error_text(&error))).and_then(read),))
    })
}

fn close(mut store: StoreContextMut<'_, State>, rep: u32) -> wasmtime::Result<()> {
    store.data_mut().table.delete(Resource::<Connection>::new_own(rep))?;
    Ok(())
}

fn command(name: &str, arguments: &[&[u8]]) -> redis::Cmd {
    let mut command = redis::cmd(name);
    for argument in arguments {
        command.arg(*argument);
    }
    command
}

fn listed(name: &str, key: Option<&str>, values: &[String]) -> redis::Cmd {
    let mut command = redis::cmd(name);
    command.arg(key).arg(values);
    command
}

fn parsed<T: redis::FromRedisValue>(value: Value) -> Result<T, Failure> {
    redis::from_redis_value(value).map_err(|_| Failure::TypeError)
}

/// The list that a guest gets of a reply: arrays inside arrays lose their brackets.
fn flatten(value: Value, replies: &mut Vec<Reply>) -> Result<(), Failure> {
    let unsupported = |what: &str| Err(Failure::Other(format!("Redis {what} type is not supported")));
    match value {
        Value::Nil => replies.push(Reply::Nil),
        Value::Okay => replies.push(Reply::Status("OK".to_owned())),
        Value::SimpleString(text) => replies.push(Reply::Status(text)),
        Value::Int(number) => replies.push(Reply::Int64(number)),
        Value::Boolean(yes) => replies.push(Reply::Int64(yes.into())),
        Value::BulkString(bytes) => replies.push(Reply::Binary(bytes)),
        Value::Double(number) => replies.push(Reply::Binary(number.to_string().into_bytes())),
        Value::Array(values) | Value::Set(values) => {
            return values.into_iter().try_for_each(|value| flatten(value, replies));
        }
        Value::ServerError(error) => return Err(Failure::Other(server_error_text(&error))),
        Value::Map(_) => return unsupported("Map"),
        _ => return unsupported("this reply's"),
    }
    Ok(())
}

fn error_text(error: &redis::RedisError) -> String {
    match ServerError::try_from(error.clone()) {
        Ok(error) => server_error_text(&error),
        Err(error) => error.to_string(),
    }
}

/// In the words of redis-rs 0.32, which Spin 4.1 passes on: the code of a known error is replaced by
/// a name, and only a code that is not known stands there itself.
fn server_error_text(error: &ServerError) -> String {
    let detail = error.details();
    let Some(kind) = error.kind() else {
        return format!("{}: {}", error.code(), detail.unwrap_or("Unknown extension error encountered"));
    };
    let name = match format!("{kind:?}") {
        name if matches!(name.as_str(), "ExecAbort" | "BusyLoading" | "NoScript") => format!("{name}Error"),
        name => name,
    };
    match detail {
        Some(detail) => format!("An error was signalled by the server - {name}: {detail}"),
        None => format!("An error was signalled by the server- {name}"),
    }
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::{Reply, flatten, server_error_text};

    #[test]
    fn brackets_are_lost() {
        let reply = parse_redis_value(b"*3\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n$-1\r\n+QUEUED\r\n").unwrap();
        let mut replies = Vec::new();
        flatten(reply, &mut replies).unwrap();
        assert!(
            matches!(
                replies.as_slice(),
                [Reply::Int64(1), Reply::Binary(a), Reply::Nil, Reply::Status(queued)]
                    if a == b"a" && queued == "QUEUED"
            ),
            "{replies:?}"
        );
    }

    #[test]
    fn errors_have_the_words_of_spin() {
        for (reply, text) in [
            (
                "-ERR no such command\r\n",
                "An error was signalled by the server - ResponseError: no such command",
            ),
            (
                "-NOSCRIPT No matching\r\n",
                "An error was signalled by the server - NoScriptError: No matching",
            ),
            ("-READONLY You can't\r\n", "An error was signalled by the server - ReadOnly: You can't"),
            ("-OOM command not allowed\r\n", "OOM: command not allowed"),
        ] {
            let Value::ServerError(error) = parse_redis_value(reply.as_bytes()).unwrap() else {
                panic!("{reply}")
            };
            assert_eq!(server_error_text(&error), text);
        }
    }
}
