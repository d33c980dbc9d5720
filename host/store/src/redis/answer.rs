//! Answers of redis-rs in the terms of core.

use redis::ErrorKind;
use waypost_core::redis::{RedisError, Value};

/// One flat list, whatever the answer's shape.
pub(super) fn flat(answer: redis::RedisResult<redis::Value>) -> Result<Vec<Value>, RedisError> {
    let mut values = Vec::new();
    flatten(answer.map_err(|error| error_of(&error))?, &mut values)?;
    Ok(values)
}

fn flatten(value: redis::Value, into: &mut Vec<Value>) -> Result<(), RedisError> {
    match value {
        redis::Value::Nil => into.push(Value::Nil),
        redis::Value::Int(number) => into.push(Value::Int(number)),
        redis::Value::BulkString(bytes) => into.push(Value::Bytes(bytes)),
        redis::Value::SimpleString(text) => into.push(Value::Bytes(text.into_bytes())),
        redis::Value::Okay => into.push(Value::Bytes(b"OK".to_vec())),
        redis::Value::Array(values) => {
            into.reserve(values.len());
            for value in values {
                flatten(value, into)?;
            }
        }
        redis::Value::ServerError(error) => {
            let text = format!("{} {}", error.code(), error.details().unwrap_or_default());
            return Err(RedisError::from_reply(&text));
        }
        other => {
            return Err(RedisError::Other(format!("an answer of a form that nobody asked for: {other:?}")));
        }
    }
    Ok(())
}

/// Errors of the client say that nobody answered; errors of the server say why not.
pub(super) fn error_of(error: &redis::RedisError) -> RedisError {
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => {
            let code = error.code().unwrap_or("ERR");
            RedisError::from_reply(&format!("{code} {}", error.detail().unwrap_or_default()))
        }
        ErrorKind::AuthenticationFailed => RedisError::Other("the user name or password is wrong".to_owned()),
        _ => RedisError::Unreachable(error.to_string()),
    }
}
