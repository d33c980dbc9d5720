//! Answers of a server (RESP2, <https://redis.io/docs/latest/develop/reference/protocol-spec/>).

use std::io::{self, BufRead};

use crate::KitError;

/// Longest status, error or number, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Longest string, in bytes.
const BULK_BYTES_MAX: usize = 64 << 20;
/// Most items of one array.
const ITEMS_MAX: usize = 1 << 20;
/// Most arrays within one another.
const DEPTH_MAX: u32 = 16;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A short word such as `OK`.
    Status(String),
    /// An error: its code and words, such as `MOVED 866 127.0.0.1:10001`.
    Error(String),
    /// A number.
    Integer(i64),
    /// A string of any bytes.
    Bulk(Vec<u8>),
    /// No value.
    Nil,
    /// A list.
    Array(Vec<Reply>),
}

impl Reply {
    /// A status or string as text. None: it is neither, or not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Status(text) => Some(text),
            Self::Bulk(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The number. None: it is none.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// The error's code and words. None: it is no error.
    pub fn error(&self) -> Option<&str> {
        if let Self::Error(text) = self { Some(text) } else { None }
    }

    /// Reads one.
    pub(crate) fn read(source: &mut impl BufRead) -> Result<Self, KitError> {
        read_at(source, 0)
    }
}

fn read_at(source: &mut impl BufRead, depth: u32) -> Result<Reply, KitError> {
    let line = read_line(source)?;
    let (kind, rest) = line.split_at_checked(1).ok_or(KitError::Protocol("an empty line"))?;
    match kind {
        "+" => Ok(Reply::Status(rest.to_owned())),
        "-" => Ok(Reply::Error(rest.to_owned())),
        ":" => rest.parse().map(Reply::Integer).map_err(|_| KitError::Protocol("not a number")),
        "$" => match length(rest, BULK_BYTES_MAX)? {
            None => Ok(Reply::Nil),
            Some(bytes) => read_bulk(source, bytes),
        },
        "*" => match length(rest, ITEMS_MAX)? {
            None => Ok(Reply::Nil),
            Some(_) if depth == DEPTH_MAX => Err(KitError::Protocol("too many arrays within one another")),
            Some(items) => {
                (0..items).map(|_| read_at(source, depth + 1)).collect::<Result<_, _>>().map(Reply::Array)
            }
        },
        _ => Err(KitError::Protocol("not RESP2")),
    }
}

fn read_line(source: &mut impl BufRead) -> Result<String, KitError> {
    let mut line = Vec::new();
    io::Read::take(source, LINE_BYTES_MAX)
        .read_until(b'\n', &mut line)
        .map_err(KitError::io("read an answer"))?;
    if line.is_empty() {
        return Err(KitError::io("read an answer")(io::ErrorKind::UnexpectedEof.into()));
    }
    let Some(text) = line.strip_suffix(b"\r\n") else {
        return Err(KitError::Protocol("a line without an end"));
    };
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// None: the length −1, which stands for no value.
fn length(text: &str, max: usize) -> Result<Option<usize>, KitError> {
    if text == "-1" {
        return Ok(None);
    }
    let length = text.parse::<usize>().map_err(|_| KitError::Protocol("not a length"))?;
    if length > max {
        return Err(KitError::Protocol("longer than the kit reads"));
    }
    Ok(Some(length))
}

fn read_bulk(source: &mut impl BufRead, length: usize) -> Result<Reply, KitError> {
    let mut bytes = vec![0; length + 2];
    source.read_exact(&mut bytes).map_err(KitError::io("read an answer"))?;
    if !bytes.ends_with(b"\r\n") {
        return Err(KitError::Protocol("a string without an end"));
    }
    bytes.truncate(length);
    Ok(Reply::Bulk(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Reply, KitError> {
        Reply::read(&mut bytes)
    }

    #[test]
    fn every_kind_is_read() {
        assert_eq!(read(b"+OK\r\n").unwrap(), Reply::Status("OK".to_owned()));
        assert_eq!(read(b"-ERR no\r\n").unwrap().error(), Some("ERR no"));
        assert_eq!(read(b":-7\r\n").unwrap().integer(), Some(-7));
        assert_eq!(read(b"$4\r\na\r\nb\r\n").unwrap(), Reply::Bulk(b"a\r\nb".to_vec()));
        assert_eq!(read(b"$-1\r\n").unwrap(), Reply::Nil);
        assert_eq!(read(b"*-1\r\n").unwrap(), Reply::Nil);
        let nested = read(b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n").unwrap();
        assert_eq!(nested.items(), [Reply::Array(vec![Reply::Integer(1)]), Reply::Bulk(Vec::new())]);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let deep = "*1\r\n".repeat(40);
        let endless = format!("+{}", "a".repeat(100_000));
        let bad: [&[u8]; 11] = [
            b"",
            b"\r\n",
            b"OK\r\n",
            b":x\r\n",
            b"$5\r\nabc",
            b"$1\r\nabc",
            b"$-2\r\n",
            b"$99999999999\r\n",
            b"*9999999\r\n",
            deep.as_bytes(),
            endless.as_bytes(),
        ];
        for bytes in bad {
            assert!(read(bytes).is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
        assert!(read("é\r\n".as_bytes()).is_err());
    }
}
