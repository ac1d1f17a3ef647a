//! One accepted connection: its greeting, then request after request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Handler;
use super::body::read_body;
use super::head::{Framing, Head};
use super::log::{Entry, Log};
use super::message::{Message, Pace};
use super::reply::Reply;
use super::request::Request;
use super::script::{Act, End, Greeting};
use super::wire::Wire;

pub(crate) struct Connection {
    pub(crate) wire: Wire,
    pub(crate) number: u64,
    pub(crate) peer: SocketAddr,
    pub(crate) log: Arc<Log>,
    pub(crate) handler: Arc<Handler>,
    pub(crate) idle_timeout: Duration,
}

/// What a reply leaves of its connection.
enum After {
    NextRequest(Connection),
    Over,
}

/// A request in the course of being answered.
struct Exchange {
    request: Request,
    entry: Entry,
    /// The body's framing while the body is unread.
    unread: Option<Framing>,
}

impl Connection {
    /// Whatever goes wrong with a connection ends it; what the client makes of that is the test's matter.
    pub(crate) fn run(self, greeting: Greeting) {
        let _ = self.greet(greeting);
    }

    fn greet(mut self, greeting: Greeting) -> io::Result<()> {
        match greeting {
            Greeting::Serve => self.serve(),
            Greeting::Close => Ok(()),
            Greeting::Reset => self.wire.reset(),
            Greeting::Silent => self.wire.pause(self.idle_timeout),
            Greeting::Send(bytes) => {
                self.wire.send(&bytes, None)?;
                self.serve()
            }
        }
    }

    fn serve(mut self) -> io::Result<()> {
        for index in 0.. {
            let exchange = match self.receive(index) {
                Ok(Some(exchange)) => exchange,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return self.refuse(),
                Err(error) => return Err(error),
            };
            match self.answer(exchange)? {
                After::NextRequest(connection) => self = connection,
                After::Over => return Ok(()),
            }
        }
        Ok(())
    }

    /// Reads and records the head of the next request.
    fn receive(&mut self, index: u64) -> io::Result<Option<Exchange>> {
        let Some(head) = Head::read(&mut self.wire)? else { return Ok(None) };
        let unread = Some(head.framing()?).filter(|framing| *framing != Framing::Length(0));
        let request = Request {
            connection: self.number,
            index,
            method: head.method,
            target: head.target,
            version: head.version,
            headers: head.headers,
            peer: self.peer,
        };
        let entry = self.log.head_complete(request.clone(), unread.is_some());
        Ok(Some(Exchange { request, entry, unread }))
    }

    fn refuse(mut self) -> io::Result<()> {
        let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        self.wire.send(answer, None)?;
        self.wire.lingering_close()
    }

    fn answer(mut self, mut exchange: Exchange) -> io::Result<After> {
        let reply = (self.handler)(&exchange.request);
        self.play(&reply, &mut exchange)?;
        self.end(reply.end, &mut exchange)
    }

    fn play(&mut self, reply: &Reply, exchange: &mut Exchange) -> io::Result<()> {
        self.acts(&reply.before_body, exchange)?;
        if !reply.early {
            self.read_body(exchange)?;
        }
        self.acts(&reply.before, exchange)?;
        if let Some(message) = &reply.message {
            self.respond(message, &exchange.request)?;
        }
        self.acts(&reply.acts, exchange)
    }

    fn acts(&mut self, acts: &[Act], exchange: &mut Exchange) -> io::Result<()> {
        for act in acts {
            match act {
                Act::Send(bytes) => self.wire.send(bytes, None)?,
                Act::Pause(length) => self.wire.pause(*length)?,
                Act::SendInPieces { bytes, piece, pause } => {
                    self.wire.send(bytes, Some(Pace { piece: *piece, pause: *pause }))?;
                }
                Act::ReadBody => self.read_body(exchange)?,
            }
        }
        Ok(())
    }

    fn respond(&mut self, message: &Message, request: &Request) -> io::Result<()> {
        let rendered = message.render(request);
        self.wire.send(&rendered.bytes, message.pace)?;
        self.wire.send_pattern(rendered.generated, message.pace)
    }

    fn read_body(&mut self, exchange: &mut Exchange) -> io::Result<()> {
        let Some(framing) = exchange.unread.take() else { return Ok(()) };
        let entry = exchange.entry;
        let trailers = read_body(&mut self.wire, framing, |bytes| self.log.content(entry, bytes))?;
        self.log.body_complete(entry, trailers);
        Ok(())
    }

    fn end(mut self, end: End, exchange: &mut Exchange) -> io::Result<After> {
        match end {
            End::KeepAlive => {
                self.read_body(exchange)?;
                return Ok(After::NextRequest(self));
            }
            End::Close => self.wire.lingering_close()?,
            End::CloseNow => {}
            End::Reset => self.wire.reset()?,
            End::HalfClose => self.wire.half_close(self.idle_timeout)?,
            End::Hold(length) => self.wire.pause(length)?,
            End::Upgrade => self.wire.echo()?,
            End::After { pause, then } => {
                self.wire.pause(pause)?;
                return self.end(*then, exchange);
            }
            End::CloseOnNextRequest => {
                self.await_next(exchange)?;
                self.wire.lingering_close()?;
            }
            End::ResetOnNextRequest => {
                self.await_next(exchange)?;
                self.wire.reset()?;
            }
            End::SendUnasked { after, bytes } => {
                self.read_body(exchange)?;
                self.wire.pause(after)?;
                self.wire.send(&bytes, None)?;
                return Ok(After::NextRequest(self));
            }
        }
        Ok(After::Over)
    }

    fn await_next(&mut self, exchange: &mut Exchange) -> io::Result<()> {
        self.read_body(exchange)?;
        self.receive(exchange.request.index + 1).map(drop)
    }
}
