//! Bodies, on their way through a call: the request's in, the response's out.

use http::HeaderMap;

use super::{Call, State};
use crate::exchange::Exchange;
use crate::io::Io;

impl Call {
    /// Whether some of the request's body is still wanted: an early response may have ended the need.
    pub fn wants_body(&self) -> bool {
        self.exchange.as_ref().is_some_and(Exchange::wants_body)
    }

    /// An answer to `NeedBody`: the next bytes of the body, in one piece. Without having been asked for they are not
    /// taken, and will be asked for later; nor are they once a final response is there.
    pub fn send_body(&mut self, bytes: &[u8], io: &mut Io) {
        if let (Some(exchange), Some(conn)) = (&mut self.exchange, &mut self.conn) {
            if exchange.owes_body() {
                self.clock.stop();
            }
            self.handed += exchange.send_body(bytes, conn, io) as u64;
        }
    }

    /// An answer to `NeedBody`: there is no more. Trailers can only follow a chunked body.
    pub fn finish_body(&mut self, trailers: Option<&HeaderMap>, io: &mut Io) {
        self.clock.stop();
        if let (Some(exchange), Some(conn)) = (&mut self.exchange, &mut self.conn) {
            exchange.finish_body(trailers, conn, io);
        }
    }

    /// An answer to `NeedBody`: the body can't be had. The sentence says why.
    pub fn body_failed(&mut self, why: &'static str) {
        self.clock.stop();
        if let Some(exchange) = &mut self.exchange {
            exchange.body_failed(why);
        }
    }

    /// Copies body bytes that were received into the user's own buffer, de-chunked. 0 when none are at hand, or none
    /// that are the user's: then [`step`](Self::step) says what to do.
    pub fn read_body(&mut self, io: &mut Io, out: &mut [u8]) -> usize {
        self.pull(io);
        let n = match (&self.state, self.draining, &mut self.exchange) {
            (State::Exchange { .. }, None, Some(exchange)) if self.head_said => {
                exchange.read_body(io, out, &self.config.limits)
            }
            _ => 0,
        };
        if n > 0 {
            self.clock.stop();
        }
        n
    }

    /// Whether the head was said and no byte of the body is left to come or to be taken: the next step says
    /// `Release`, or `Upgraded`.
    pub fn body_is_over(&self) -> bool {
        self.head_said && self.exchange.as_ref().is_none_or(Exchange::body_is_over)
    }

    /// How many bytes of the body are still to be taken, where the framing says it.
    pub fn body_left(&self) -> Option<u64> {
        match &self.exchange {
            Some(exchange) if self.head_said => exchange.body_left(),
            Some(_) => None,
            // A body that was cut short is not one that is over.
            None => matches!(self.state, State::Ended).then_some(0),
        }
    }

    /// So many bytes that the transport will deliver next are body and nothing else: they may be read straight
    /// into the user's buffer, and then be told of with [`took`](Self::took).
    pub fn direct(&mut self, io: &mut Io) -> u64 {
        match (&self.state, self.draining, &mut self.exchange) {
            (State::Exchange { .. }, None, Some(exchange)) if self.head_said => exchange.direct(io),
            _ => 0,
        }
    }

    /// `n` of the [`direct`](Self::direct) bytes were read.
    pub fn took(&mut self, n: u64, io: &mut Io) {
        self.clock.stop();
        if let Some(exchange) = &mut self.exchange {
            exchange.took(n, io);
        }
    }
}
