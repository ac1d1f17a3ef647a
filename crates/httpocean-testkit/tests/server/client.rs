//! Just enough of a client to see bytes: it knows `Content-Length` and nothing else.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use httpocean_testkit::server::Server;

/// Only a broken test waits this long.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    ahead: Vec<u8>,
}

pub(crate) struct Response {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        stream.set_write_timeout(Some(BOUND)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, ahead: Vec::new() }
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.response()
    }

    pub(crate) fn response(&mut self) -> Response {
        let head = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let body = self.take(length.map_or(0, |length| length.parse().unwrap()));
        Response { head, body }
    }

    pub(crate) fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                return String::from_utf8(self.take(at + 4)).unwrap();
            }
            assert!(self.fill().unwrap() > 0, "the connection ended within a head: {:?}", self.ahead);
        }
    }

    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        while self.ahead.len() < len {
            assert!(self.fill().unwrap() > 0, "the connection ended within a body");
        }
        self.ahead.drain(..len).collect()
    }

    /// Everything until the server's FIN, or the error instead of it.
    pub(crate) fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? > 0 {}
        Ok(std::mem::take(&mut self.ahead))
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut block = vec![0; 64 * 1024];
        let len = self.stream.read(&mut block)?;
        self.ahead.extend_from_slice(&block[..len]);
        Ok(len)
    }
}

pub(crate) fn is_reset<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}
