//! A reply as bytes, and what is true of them.

use core::time::Duration;
use std::rc::Rc;

use super::reply::{Framing, Piece, Reply, Truth};

impl Reply {
    /// The bytes that the server sends, and the truth about them. `continues`: behind a `100 Continue`.
    pub(super) fn encode(&self, head_only: bool, continues: bool) -> (Vec<u8>, Truth) {
        let mut out = Vec::with_capacity(self.body.len() + 256);
        if let Some((raw, known)) = &self.raw {
            out.extend_from_slice(raw);
            return (out, self.truth(*known, false, 0, head_only));
        }
        if continues {
            out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        for n in 0..self.interims {
            out.extend_from_slice(format!("HTTP/1.1 103 Early Hints\r\nlink: </{n}>\r\n\r\n").as_bytes());
        }
        self.write_head(&mut out);
        if !head_only {
            self.write_body(&mut out);
        }
        let end = out.len();
        let mut truth = self.truth(true, true, end as u64, head_only);
        if let Some(cut) = self.cut {
            out.truncate(cut);
            truth.whole &= out.len() == end;
        } else {
            out.extend_from_slice(&self.surplus);
        }
        (out, truth)
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        let version = if self.http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        out.extend_from_slice(format!("{version} {} Simulated\r\n", self.status).as_bytes());
        for (name, value) in &self.fields {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        match self.framing {
            Framing::Length => {
                out.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
            }
            Framing::Chunked(_) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            Framing::UntilClose | Framing::None => {}
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        match self.framing {
            Framing::None => {}
            Framing::Length | Framing::UntilClose => out.extend_from_slice(&self.body),
            Framing::Chunked(size) => {
                for chunk in self.body.chunks(size) {
                    out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(if self.bad_chunk { b"-1\r\n\r\n" } else { b"0\r\n\r\n" });
            }
        }
    }

    fn truth(&self, known: bool, valid: bool, end: u64, head_only: bool) -> Truth {
        let no_body = head_only || self.framing == Framing::None;
        let until_close = self.framing == Framing::UntilClose && !no_body;
        let closed_well = !until_close || self.end == Some(Piece::Close);
        let said_to_stay = !self.http10 || self.has("connection", "keep-alive");
        Truth {
            known,
            valid,
            status: self.status,
            body: if no_body { Rc::from([]) } else { Rc::clone(&self.body) },
            end,
            whole: valid && closed_well && (no_body || !self.bad_chunk),
            until_close,
            // A body without framing on a response to HEAD is no body, so nothing depends on the end.
            keep: valid && said_to_stay && !until_close && !self.has("connection", "close"),
            hint: self.hint(),
        }
    }

    fn hint(&self) -> Option<Duration> {
        let (_, value) = self.fields.iter().find(|(name, _)| *name == "keep-alive")?;
        let seconds = value.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
        seconds.parse().ok().map(Duration::from_secs)
    }
}
