//! Asks a Redis whether it can carry messages: for `waypost edge check --redis`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use waypost_core::config::RedisAddress;
use waypost_core::redis::server_check::ServerFacts;

use super::finding::{EdgeCode, Finding};

/// Time for each step.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Largest answer to `INFO`, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Where a finding is.
const PLACE: &str = "--redis";

/// What is wrong with the Redis at `redis://[user:password@]host[:port][/database]`. No finding
/// repeats the URL: a password may be in it.
#[must_use]
pub fn examine(url: &str) -> Vec<Finding> {
    let unreachable = |what: String| {
        vec![Finding::new(EdgeCode::RedisUnreachable, PLACE, what, "name a Redis that this machine reaches")]
    };
    let Some((address, credentials)) = parse(url) else {
        return unreachable("this is no redis://host:port".to_owned());
    };
    if address.tls {
        return unreachable("this command does not speak TLS".to_owned());
    }
    let facts = match ask(&address, credentials.as_ref()) {
        Ok(info) => ServerFacts::from_info(&info),
        Err(error) => return unreachable(format!("redis does not answer: {error}")),
    };
    match facts.check() {
        Err(refused) => vec![Finding::new(EdgeCode::RedisRefused, PLACE, refused.to_string(), "")],
        Ok(durability) => durability
            .warning()
            .map(|warning| Finding::new(EdgeCode::RedisDurability, PLACE, warning, ""))
            .into_iter()
            .collect(),
    }
}

struct Credentials {
    user: String,
    password: String,
}

fn parse(url: &str) -> Option<(RedisAddress, Option<Credentials>)> {
    let (scheme, rest) = url.split_once("://")?;
    let (credentials, rest) = match rest.rsplit_once('@') {
        Some((credentials, rest)) => {
            let (user, password) = credentials.split_once(':')?;
            (Some(Credentials { user: user.to_owned(), password: password.to_owned() }), rest)
        }
        None => (None, rest),
    };
    Some((RedisAddress::of_url(&format!("{scheme}://{rest}"))?, credentials))
}

/// The text of `INFO`.
fn ask(address: &RedisAddress, credentials: Option<&Credentials>) -> io::Result<String> {
    let host = address.host.trim_start_matches('[').trim_end_matches(']');
    let resolved = (host, address.port).to_socket_addrs()?.next();
    let resolved = resolved.ok_or_else(|| io::Error::other("its name has no address"))?;
    let stream = TcpStream::connect_timeout(&resolved, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    if let Some(Credentials { user, password }) = credentials {
        let user = if user.is_empty() { "default" } else { user };
        writer.write_all(&command(&["AUTH", user, password]))?;
        answer(&mut reader)?;
    }
    writer.write_all(&command(&["INFO"]))?;
    answer(&mut reader)
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len());
    for word in words {
        out.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    out.into_bytes()
}

/// One simple or bulk string; an error of the server is one of ours.
fn answer(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(4096).read_line(&mut line)?;
    let line = line.trim_end();
    if let Some(error) = line.strip_prefix('-') {
        return Err(io::Error::other(error.to_owned()));
    }
    let Some(length) = line.strip_prefix('$') else {
        return Ok(line.strip_prefix('+').unwrap_or(line).to_owned());
    };
    let length: usize = length.parse().map_err(io::Error::other)?;
    if length > ANSWER_BYTES_MAX {
        return Err(io::Error::other("its answer is too large"));
    }
    let mut text = vec![0; length + 2];
    reader.read_exact(&mut text)?;
    text.truncate(length);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_may_have_credentials() {
        let (address, credentials) = parse("redis://u:p@w@10.0.0.5:7000/1").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.database), ("10.0.0.5", 7000, 1));
        let credentials = credentials.unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("u", "p@w"));
        assert!(parse("http://10.0.0.5").is_none());
    }

    #[test]
    fn answers_are_read_within_their_limits() {
        assert_eq!(answer(&mut &b"+OK\r\n"[..]).unwrap(), "OK");
        assert_eq!(answer(&mut &b"$4\r\nab\r\n\r\n"[..]).unwrap(), "ab\r\n");
        for bad in ["-ERR no\r\n", "$x\r\n", "$99999999\r\n", "$5\r\nab"] {
            assert!(answer(&mut bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_repeated() {
        let findings = examine("redis://u:hunter2@nowhere.invalid");
        assert_eq!(findings[0].code, EdgeCode::RedisUnreachable);
        assert!(!findings[0].to_string().contains("hunter2"));
    }
}
