//! The server's end of a connection: it knows just enough of HTTP to see where a request ends.

use super::host::Received;

/// Requests out of bytes.
#[derive(Debug, Default)]
pub(super) struct Wire {
    bytes: Vec<u8>,
    /// How far the end of a head was looked for.
    searched: usize,
    state: State,
    pub(super) requests: usize,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Head,
    Length(usize),
    Chunked,
}

#[derive(Debug)]
pub(super) enum Heard {
    Head(Box<Received>),
    /// The request is whole.
    End,
}

impl Wire {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What the bytes so far amount to; one thing at a time.
    pub(super) fn next(&mut self) -> Option<Heard> {
        match self.state {
            State::Head => self.head(),
            State::Length(left) => {
                let taken = left.min(self.bytes.len());
                self.bytes.drain(..taken);
                self.state = State::Length(left - taken);
                (left == taken).then(|| self.end())
            }
            State::Chunked => self.chunk(),
        }
    }

    fn end(&mut self) -> Heard {
        self.state = State::Head;
        self.searched = 0;
        Heard::End
    }

    fn head(&mut self) -> Option<Heard> {
        let from = self.searched.saturating_sub(3);
        let Some(at) = find(&self.bytes[from..], b"\r\n\r\n").map(|at| from + at + 4) else {
            self.searched = self.bytes.len();
            return None;
        };
        let head = String::from_utf8_lossy(&self.bytes[..at]).into_owned();
        self.bytes.drain(..at);
        let mut words = head.lines().next().unwrap_or("").split(' ').map(str::to_owned);
        let mut received = Received {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            host: String::new(),
            call: None,
            conn: 0,
            nth: self.requests,
            of_host: 0,
            expects: false,
            has_body: false,
            head,
        };
        self.requests += 1;
        let length = received.field("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        let chunked = received.field("transfer-encoding").is_some();
        self.state = if chunked { State::Chunked } else { State::Length(length) };
        received.call = received.field("sim-call").and_then(|call| call.parse().ok());
        received.expects = received.field("expect").is_some();
        received.has_body = chunked || length > 0;
        Some(Heard::Head(Box::new(received)))
    }

    /// A whole chunk, or the last with its trailers.
    fn chunk(&mut self) -> Option<Heard> {
        loop {
            let line = find(&self.bytes, b"\r\n")?;
            let text = core::str::from_utf8(&self.bytes[..line]).unwrap_or("0");
            let size = usize::from_str_radix(text.trim(), 16).unwrap_or(0);
            if size == 0 {
                let end = find(&self.bytes[line..], b"\r\n\r\n")? + line + 4;
                self.bytes.drain(..end);
                return Some(self.end());
            }
            let whole = line + 2 + size + 2;
            if self.bytes.len() < whole {
                return None;
            }
            self.bytes.drain(..whole);
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_at_any_split() {
        let wire = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nsim-call: 7\r\n\r\n\
            PUT /c HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for split in 0..=wire.len() {
            let mut server = Wire::default();
            let mut heard = Vec::new();
            for part in [&wire[..split], &wire[split..]] {
                server.feed(part);
                while let Some(what) = server.next() {
                    heard.push(match what {
                        Heard::Head(request) => format!("{} {:?}", request.target, request.call),
                        Heard::End => "end".to_owned(),
                    });
                }
            }
            assert_eq!(heard, ["/a None", "end", "/b Some(7)", "end", "/c None", "end"], "at {split}");
        }
    }
}
