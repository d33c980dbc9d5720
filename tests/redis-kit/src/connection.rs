//! A connection that sends one command and waits for its answer.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::{KitError, Reply};

/// A connection to a server. What it selected or watches lasts as long as it does.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects. `wait` is the most time that connecting, and later each read and write, may take.
    pub fn open(address: SocketAddr, wait: Duration) -> Result<Self, KitError> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, wait)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(wait))?;
            stream.set_write_timeout(Some(wait))?;
            Ok(stream)
        };
        let stream = connect().map_err(KitError::io(format!("connect to {address}")))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a command and reads its answer, which may be an error of the server.
    ///
    /// After an `Err` the connection is of no more use: an answer may still be on its way.
    pub fn command<A: AsRef<[u8]>>(&mut self, arguments: &[A]) -> Result<Reply, KitError> {
        self.stream.get_mut().write_all(&encode(arguments)).map_err(KitError::io("send a command"))?;
        Reply::read(&mut self.stream)
    }
}

fn encode<A: AsRef<[u8]>>(arguments: &[A]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        let argument = argument.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
