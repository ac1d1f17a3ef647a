//! What the world around an engine does, and when: dials, servers, users.

use core::time::Duration;
use std::rc::Rc;

use httpocean_core::dial::Route;
use httpocean_core::{Event, Instant, TransportError};

use super::Seen;

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn at(millis: u64) -> Instant {
    Instant::ZERO + ms(millis)
}

/// What comes from a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Bytes(Vec<u8>),
    Close,
    Reset,
}

pub fn bytes(text: &str) -> Piece {
    Piece::Bytes(text.as_bytes().to_vec())
}

/// What a server does when it has a request's head, and when it has all of it: each piece so long after that.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub on_head: Vec<(Duration, Piece)>,
    pub on_end: Vec<(Duration, Piece)>,
}

impl Reply {
    pub fn after(delay: Duration, text: &str) -> Self {
        Self { on_head: Vec::new(), on_end: vec![(delay, bytes(text))] }
    }

    pub fn ok(delay: Duration) -> Self {
        Self::after(delay, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
    }

    pub fn then(mut self, delay: Duration, piece: Piece) -> Self {
        self.on_end.push((delay, piece));
        self
    }

    pub fn on_head(mut self, delay: Duration, piece: Piece) -> Self {
        self.on_head.push((delay, piece));
        self
    }

    /// The same bytes, `size` at a time, `gap` apart.
    pub fn split(mut self, size: usize, gap: Duration) -> Self {
        for pieces in [&mut self.on_head, &mut self.on_end] {
            let whole = core::mem::take(pieces);
            for (delay, piece) in whole {
                let Piece::Bytes(bytes) = piece else {
                    pieces.push((delay, piece));
                    continue;
                };
                for (n, chunk) in bytes.chunks(size.max(1)).enumerate() {
                    pieces.push((delay + gap * n as u32, Piece::Bytes(chunk.to_vec())));
                }
            }
        }
        self
    }
}

/// How a dial goes: when its name is resolved and to what, and what each attempt comes to; `None` never answers.
#[derive(Clone, Debug)]
pub struct DialScript {
    pub resolve: Option<Duration>,
    pub route: Result<Route, TransportError>,
    pub connects: Vec<Option<(Duration, Result<(), TransportError>)>>,
}

impl DialScript {
    pub fn takes(connect: Duration) -> Self {
        Self {
            resolve: Some(Duration::ZERO),
            route: Ok(Route::Direct),
            connects: vec![Some((connect, Ok(())))],
        }
    }

    pub fn fails(connect: Duration, why: TransportError) -> Self {
        Self { connects: vec![Some((connect, Err(why)))], ..Self::takes(connect) }
    }

    pub fn addresses(connects: Vec<Option<(Duration, Result<(), TransportError>)>>) -> Self {
        let one = |n: usize| format!("192.0.2.{}:80", n + 1).parse().unwrap();
        let route = Ok(Route::Addresses((0..connects.len()).map(one).collect()));
        Self { resolve: Some(Duration::ZERO), route, connects }
    }
}

/// By host and number of the dial, from 0, over all hosts.
type Dials = Rc<dyn Fn(&str, usize) -> DialScript>;
/// By host, number of the connection's dial, and number of the request on it, from 0.
type Serves = Rc<dyn Fn(&str, usize, usize) -> Reply>;

/// By the request, and how many requests came before it in the whole world.
type Answers = Rc<dyn Fn(&Seen, usize) -> Reply>;

/// The network, and how its driver goes about it.
#[derive(Clone)]
pub struct Net {
    pub dial: Dials,
    pub serve: Serves,
    /// In place of `serve`, where what is asked matters.
    pub answer: Option<Answers>,
    /// A connection closes from the server's side when it was silent for so long.
    pub idles: Option<Duration>,
    /// So many bytes fit into one write.
    pub write: usize,
    /// All that happens at one instant is told before any task is asked for, as a reactor does it.
    pub batches: bool,
    /// What is readable is driven at once, and tasks are asked for later.
    pub drives_first: bool,
}

impl Default for Net {
    fn default() -> Self {
        Self {
            dial: Rc::new(|_, _| DialScript::takes(ms(10))),
            serve: Rc::new(|_, _, _| Reply::ok(ms(2))),
            answer: None,
            idles: None,
            write: usize::MAX,
            batches: false,
            drives_first: false,
        }
    }
}

impl Net {
    pub fn dials(mut self, dial: impl Fn(&str, usize) -> DialScript + 'static) -> Self {
        self.dial = Rc::new(dial);
        self
    }

    pub fn serves(mut self, serve: impl Fn(&str, usize, usize) -> Reply + 'static) -> Self {
        self.serve = Rc::new(serve);
        self
    }

    pub fn answers(mut self, answer: impl Fn(&Seen, usize) -> Reply + 'static) -> Self {
        self.answer = Some(Rc::new(answer));
        self
    }
}

/// How a user behaves.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// Pieces of the body, each so long after it was asked for.
    pub body: Vec<Vec<u8>>,
    pub body_delay: Duration,
    pub body_fails: bool,
    /// How long each piece of the response's body is held.
    pub reads: Duration,
}

/// What a user asks for at some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Cancel,
    Discard,
    ShutDown,
}

/// What a user heard, in short.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::Hop(_) => "hop",
        Event::Interim(_) => "interim",
        Event::Passing(_) => "passing",
        Event::Head(_) => "head",
        Event::Data(_) => "data",
        Event::NeedBody { .. } => "need-body",
        Event::End { .. } => "end",
        Event::Upgraded(_) => "upgraded",
        Event::Failed(_) => "failed",
    }
}
