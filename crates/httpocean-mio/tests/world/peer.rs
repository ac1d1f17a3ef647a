//! A server on the test's own thread: it reads whenever it is asked to, and writes one piece each time.

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

pub(crate) struct Peer {
    listener: TcpListener,
    connections: Vec<Connection>,
    /// The most connections at once.
    pub(crate) peak: usize,
    /// How much has come of each request, by its target.
    pub(crate) seen: BTreeMap<String, Seen>,
    turn: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Part,
    Whole,
}

struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    /// The request whose head has come.
    target: Option<String>,
    pieces: VecDeque<Vec<u8>>,
    gone: bool,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener, connections: Vec::new(), peak: 0, seen: BTreeMap::new(), turn: 0 }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Connections that the client has not closed.
    pub(crate) fn open(&self) -> usize {
        self.connections.len()
    }

    /// Reads what there is, and before it accepts learns of what was closed.
    pub(crate) fn take_in(&mut self) {
        self.read();
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true).unwrap();
            stream.set_nodelay(true).unwrap();
            let (input, pieces) = (Vec::new(), VecDeque::new());
            self.connections.push(Connection { stream, input, target: None, pieces, gone: false });
            self.peak = self.peak.max(self.connections.len());
        }
        self.read();
    }

    /// Writes the next piece of one of the answers, each in its turn. Whether there was one.
    pub(crate) fn write_one(&mut self) -> bool {
        let n = self.connections.len();
        for at in (0..n).map(|i| (self.turn + i) % n) {
            let connection = &mut self.connections[at];
            if let Some(piece) = connection.pieces.pop_front() {
                // The client may be gone by now: then the next read says so.
                let _ = connection.stream.write_all(&piece);
                self.turn = at + 1;
                return true;
            }
        }
        false
    }

    fn read(&mut self) {
        for connection in &mut self.connections {
            connection.read();
            connection.understand(&mut self.seen);
        }
        self.connections.retain(|connection| !connection.gone);
    }
}

impl Connection {
    fn read(&mut self) {
        let mut block = [0; 4096];
        loop {
            match self.stream.read(&mut block) {
                Ok(n) if n > 0 => self.input.extend_from_slice(&block[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => {
                    self.gone = true;
                    return;
                }
            }
        }
    }

    /// One request at a time: the client sends no other before the answer.
    fn understand(&mut self, seen: &mut BTreeMap<String, Seen>) {
        let text = String::from_utf8_lossy(&self.input).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return };
        let fields = head.to_ascii_lowercase();
        if self.target.is_none() {
            let target = head.split(' ').nth(1).unwrap().to_owned();
            seen.insert(target.clone(), Seen::Part);
            self.target = Some(target);
            if fields.contains("expect: 100-continue") {
                self.pieces.push_back(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
            } else if fields.starts_with("post") {
                self.pieces.push_back(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".to_vec());
            }
        }
        let length = fields.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let whole = match length {
            Some(length) => body.len() >= length.parse::<usize>().unwrap(),
            None => !fields.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
        };
        if whole {
            let target = self.target.take().unwrap();
            self.pieces.extend(answer(&target));
            seen.insert(target, Seen::Whole);
            self.input.clear();
        }
    }
}

/// What is answered to `target`.
pub(crate) fn content(target: &str) -> String {
    format!("what {target} wanted, in more than one piece")
}

/// Uploads are answered in chunks, which the pieces cut anywhere.
fn answer(target: &str) -> Vec<Vec<u8>> {
    let content = content(target);
    if !target.starts_with("/upload") {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", content.len());
        let (first, second) = content.split_at(20);
        return [head, first.to_owned(), second.to_owned()].map(String::into_bytes).into();
    }
    let mut whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let head = whole.len();
    for chunk in content.as_bytes().chunks(16) {
        whole += &format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap());
    }
    whole += "0\r\n\r\n";
    let (first, rest) = whole.as_bytes().split_at(head - 5);
    [first].into_iter().chain(rest.chunks(11)).map(<[u8]>::to_vec).collect()
}
