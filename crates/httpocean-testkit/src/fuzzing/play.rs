//! One request over a call whose peer is made of bytes, and what its user hears.

use std::sync::Arc;

use http::{HeaderMap, Request};
use httpocean_core::dial::Route;
use httpocean_core::layer::Security;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::proxy::Rules;
use httpocean_core::{
    BodyPlan, Call, CallStep, Config, Conn, Dial, DialStep, Error, Instant, Io, Key, Limits, TransportError,
};

use crate::bytes::Bytes;
use crate::reference::exchange::{Ending, Field, Head, Question};
use crate::toy::{Toy, ToyPeer};

/// How the user takes the body of the response.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// As it is lent.
    Lent,
    /// Into a buffer of so many bytes.
    Copied(usize),
    /// The same, and past the buffers where that is possible.
    Direct(usize),
}

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Interim responses.
    pub interim: Vec<Head>,
    /// The final one, or a 101.
    pub head: Option<Head>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// How a response ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum End {
    /// It waits for more.
    #[default]
    Open,
    /// All of it came.
    Whole {
        /// Whether the next request may be sent on its connection, after all that the peer sent.
        reuse: bool,
        /// Trailer fields, if there were any.
        trailers: Option<HeaderMap>,
    },
    /// The connection belongs to another protocol, of which this came.
    Upgraded(Vec<u8>),
    /// It failed.
    Failed(Error),
}

/// A peer: what it is asked, and what it sends. The connection is a fresh one, and the request was sent.
#[derive(Clone, Debug)]
pub struct Peer<'a> {
    /// What is asked.
    pub question: Question<'a>,
    /// What may come.
    pub limits: Limits,
    /// What is sent, part by part: the user is told of each before the next one comes.
    pub parts: Vec<&'a [u8]>,
    /// What follows the last part.
    pub ending: Ending,
}

impl Peer<'_> {
    /// Shows a call the parts one after the other, as long as it wants them.
    ///
    /// # Panics
    /// When the call breaks a promise.
    pub fn play(&self, how: How) -> Heard {
        self.play_on(connected(), None, how)
    }

    /// The same behind a proxy, with a layer to it and another one within its tunnel. A peer that ends the stream says
    /// goodbye before.
    ///
    /// # Panics
    /// When the dial or the call breaks a promise.
    pub fn play_in_tunnel(&self, how: How) -> Heard {
        let (conn, ends) = tunnelled();
        self.play_on(conn, Some(ends), how)
    }

    fn play_on(&self, conn: Conn, ends: Option<Ends>, how: How) -> Heard {
        let mut play = Play {
            call: begin(self.question, &self.limits),
            io: Io::default(),
            ends,
            heard: Heard::default(),
            fate: None,
            conn: None,
        };
        play.connect(conn);
        let mut parts = self.parts.iter().copied();
        let mut ended = false;
        loop {
            let over = play.until_it_waits(how);
            if over {
                return play.finish(parts, self.ending);
            }
            match parts.next() {
                Some(part) => play.receive(part, how),
                None if self.ending == Ending::Open => return play.heard,
                None => {
                    assert!(!ended, "it waits for more than the end: {:?}", play.heard);
                    ended = true;
                    play.end(self.ending);
                }
            }
        }
    }
}

struct Play {
    call: Call,
    io: Io,
    ends: Option<Ends>,
    heard: Heard,
    fate: Option<Fate>,
    /// After its release.
    conn: Option<Conn>,
}

impl Play {
    fn connect(&mut self, conn: Conn) {
        assert!(matches!(self.call.step(&mut self.io, Instant::ZERO), CallStep::Acquire(_)));
        self.call.attach(conn, Facts::default(), Instant::ZERO);
        assert!(matches!(self.call.step(&mut self.io, Instant::ZERO), CallStep::Wait(_)));
        let all = self.io.tx.pending().len();
        self.io.tx.sent(all);
    }

    fn receive(&mut self, part: &[u8], how: How) {
        let mut rest = part;
        if let How::Direct(_) = how {
            let n = usize::try_from(self.call.direct(&mut self.io)).unwrap_or(usize::MAX).min(part.len());
            if n > 0 {
                self.heard.body.extend_from_slice(&part[..n]);
                self.call.took(n as u64, &mut self.io);
                rest = &part[n..];
            }
        }
        self.show(rest);
    }

    fn show(&mut self, part: &[u8]) {
        match &mut self.ends {
            None => self.io.rx.append(part),
            Some(ends) => self.io.rx.append(&ends.wrap(part)),
        }
    }

    fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Open => {}
            Ending::Fin => {
                if let Some(ends) = &mut self.ends {
                    self.io.rx.append(&ends.goodbye());
                }
                self.io.rx.set_eof();
            }
            Ending::Reset => self.io.rx.fail(TransportError::Reset),
        }
    }

    /// Whether it is over.
    fn until_it_waits(&mut self, how: How) -> bool {
        for _ in 0..100_000 {
            if let How::Copied(room) | How::Direct(room) = how {
                let mut out = vec![0; room];
                let n = self.call.read_body(&mut self.io, &mut out);
                self.heard.body.extend_from_slice(&out[..n]);
                if n > 0 {
                    continue;
                }
            }
            match self.call.step(&mut self.io, Instant::ZERO) {
                CallStep::Wait(want) => {
                    assert!(want.read && !want.write && want.until.is_none(), "{want:?}");
                    return false;
                }
                CallStep::Interim(len) => self.heard.interim.push(head_of(&self.io, len)),
                CallStep::Head(len) => {
                    assert!(self.heard.head.is_none(), "I24: two heads to one request");
                    self.heard.head = Some(head_of(&self.io, len));
                }
                CallStep::Data(len) => {
                    assert!(len > 0 && self.heard.head.is_some(), "no body before a head");
                    self.heard.body.extend_from_slice(self.io.data(len));
                }
                CallStep::Release(fate) => {
                    assert!(self.io.rx.is_quiet() && self.io.tx.pending().is_empty(), "it left something");
                    assert!(self.fate.is_none(), "I2: one release");
                    self.conn = self.call.detach();
                    assert!(self.conn.is_some(), "nothing to release");
                    self.fate = Some(fate);
                }
                CallStep::End => {
                    let trailers = self.call.trailers();
                    self.heard.end = End::Whole { reuse: self.is_reusable(), trailers };
                    return true;
                }
                CallStep::Upgraded(len) => {
                    assert_eq!(self.io.rx.bytes().len(), len);
                    self.heard.end = End::Upgraded(self.io.rx.bytes().to_vec());
                    return true;
                }
                CallStep::Failed(error) => {
                    assert!(!self.is_reusable(), "a connection is kept after {error:?}");
                    self.heard.end = End::Failed(error);
                    return true;
                }
                step @ (CallStep::Acquire(_)
                | CallStep::NeedBody { .. }
                | CallStep::Hop(_)
                | CallStep::Passing(_)) => {
                    panic!("nobody asked for this: {step:?}")
                }
            }
        }
        panic!("it talks and talks");
    }

    /// What still comes belongs to the next protocol, or comes to an idle connection, which looks at each part of it.
    fn finish<'a>(mut self, rest: impl Iterator<Item = &'a [u8]>, ending: Ending) -> Heard {
        if let End::Upgraded(early) = &mut self.heard.end {
            early.extend(rest.flatten());
            return self.heard;
        }
        let Some(mut conn) = self.conn.take().filter(|_| self.is_reusable()) else { return self.heard };
        let mut is_stirred = false;
        for part in rest {
            self.show(part);
            is_stirred |= conn.idle_input(&mut self.io).is_some();
        }
        self.end(ending);
        is_stirred |= conn.idle_input(&mut self.io).is_some();
        if let End::Whole { reuse, .. } = &mut self.heard.end {
            *reuse &= !is_stirred;
        }
        self.heard
    }

    fn is_reusable(&self) -> bool {
        match self.fate {
            Some(Fate::Reusable { .. }) => true,
            Some(Fate::Untouched | Fate::Spent(_)) | None => false,
        }
    }
}

/// A call that follows nothing and repeats nothing.
pub(super) fn begin(question: Question<'_>, limits: &Limits) -> Call {
    let url = if question.method == "CONNECT" { "site.example:443" } else { "http://site.example/" };
    let mut request = Request::builder().method(question.method).uri(url);
    if question.upgrade {
        request = request.header("upgrade", "tea");
    }
    let mut config = Config { limits: limits.clone(), ..Config::default() };
    config.redirects.limit = 0;
    let request = request.body(()).expect("a request from constants");
    Call::new(request, BodyPlan::empty(), &Arc::new(config), Instant::ZERO).expect("a sendable request")
}

/// A connection as a dial makes it.
///
/// # Panics
/// When the dial breaks a promise.
pub fn connected() -> Conn {
    let key = Key::of(&"http://site.example".parse().expect("a URL")).expect("a host");
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    let _ = dial.step(&mut Io::default(), Instant::ZERO);
    dial.resolved(Ok(Route::Direct), Instant::ZERO);
    let _ = dial.step(&mut Io::default(), Instant::ZERO);
    dial.connected(0, Ok(()), Instant::ZERO);
    let DialStep::Ready(conn) = dial.step(&mut Io::default(), Instant::ZERO) else { panic!("not ready") };
    conn
}

/// The other ends of two layers, one within the other.
struct Ends {
    proxy: ToyPeer,
    server: ToyPeer,
}

impl Ends {
    /// What the server says, as it comes over the wire.
    fn wrap(&mut self, plain: &[u8]) -> Vec<u8> {
        self.server.send(plain);
        self.proxy.send(&self.server.take_wire());
        self.proxy.take_wire()
    }

    fn goodbye(&mut self) -> Vec<u8> {
        self.server.close();
        self.proxy.send(&self.server.take_wire());
        self.proxy.close();
        self.proxy.take_wire()
    }

    /// Hears what the client says up to the server, and answers in the handshakes.
    fn hear(&mut self, wire: &[u8], asked: &mut Vec<u8>) -> Vec<u8> {
        self.proxy.receive(wire);
        let inside = self.proxy.take_plain();
        if asked.ends_with(b"\r\n\r\n") {
            self.server.receive(&inside);
            self.proxy.send(&self.server.take_wire());
        } else {
            asked.extend_from_slice(&inside);
            if asked.ends_with(b"\r\n\r\n") {
                self.proxy.send(b"HTTP/1.1 200 OK\r\n\r\n");
            }
        }
        self.proxy.take_wire()
    }
}

/// A connection as a dial makes it through an https proxy.
fn tunnelled() -> (Conn, Ends) {
    let proxy = Rules::all("https://proxy.example".parse().expect("it is a proxy's URL"));
    let tls = Some(Security::new(Toy::default()));
    let config = Arc::new(Config { proxy, tls, ..Config::default() });
    let request = Request::get("https://site.example/").body(()).expect("a request");
    let call = Call::new(request, BodyPlan::empty(), &config, Instant::ZERO).expect("it can be sent");
    let (mut dial, mut io) = (Dial::new(call.key(), &config, Instant::ZERO), Io::default());
    let (mut ends, mut asked) = (Ends { proxy: ToyPeer::new(5), server: ToyPeer::new(9) }, Vec::new());
    for _ in 0..20 {
        match dial.step(&mut io, Instant::ZERO) {
            DialStep::Resolve => dial.resolved(Ok(Route::Direct), Instant::ZERO),
            DialStep::Connect { attempt, .. } => dial.connected(attempt, Ok(()), Instant::ZERO),
            DialStep::Wait(_) => {
                let said = io.tx.pending().to_vec();
                io.tx.sent(said.len());
                io.rx.append(&ends.hear(&said, &mut asked));
            }
            DialStep::Ready(conn) => {
                assert_eq!(
                    (ends.proxy.host(), ends.server.host()),
                    (Some("proxy.example"), Some("site.example"))
                );
                return (conn, ends);
            }
            step @ (DialStep::Abandon { .. } | DialStep::Failed(_)) => panic!("{step:?}"),
        }
    }
    panic!("a handshake without an end");
}

/// The head as it is lent; what it promises of itself is checked.
pub(super) fn head_of(io: &Io, len: usize) -> Head {
    let head = io.head(len);
    let fields: Vec<Field> = head.fields().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    for (name, value) in &fields {
        assert!(head.field(&name.to_ascii_uppercase()).is_some(), "{name} is not found by its name");
        let edges = [value.first(), value.last()];
        assert!(!edges.iter().flatten().any(|byte| b" \t".contains(byte)), "white space around {value:?}");
    }
    let response = head.to_response();
    assert_eq!(response.headers().len(), fields.len(), "a field got lost");
    for (name, value) in response.headers() {
        let same =
            |(sent, bytes): &Field| sent.eq_ignore_ascii_case(name.as_str()) && bytes == value.as_bytes();
        assert!(fields.iter().any(same), "{name} came from nowhere");
    }
    assert_eq!(response.status(), head.status());
    Head {
        status: head.status().as_u16(),
        http10: head.version() == http::Version::HTTP_10,
        reason: head.reason().to_vec(),
        fields,
    }
}

/// Limits that small inputs reach, or the usual ones.
pub(super) fn limits(bytes: &mut Bytes<'_>) -> Limits {
    if bytes.byte() % 2 == 0 {
        return Limits::default();
    }
    Limits {
        head_bytes: bytes.pick(&[120, 60, 300]),
        headers: bytes.pick(&[4, 1, 0, 10]),
        interim: bytes.pick(&[2, 0, 1]),
        trailer_bytes: bytes.pick(&[40, 0, 10]),
        chunk_line: bytes.pick(&[16, 3, 30]),
        chunk_extensions: bytes.pick(&[24, 0, 60]),
        ..Limits::default()
    }
}

pub(super) fn question(bytes: &mut Bytes<'_>) -> Question<'static> {
    let method = bytes.pick(&["GET", "GET", "HEAD", "CONNECT", "GET", "POST"]);
    Question { method, upgrade: bytes.one_in(4) }
}

pub(super) fn ending(bytes: &mut Bytes<'_>) -> Ending {
    bytes.pick(&[Ending::Open, Ending::Fin, Ending::Reset])
}

/// The bytes in parts; `cuts` says how long they are, over and over.
pub(super) fn cut<'a>(bytes: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (part, behind) = rest.split_at(rest.len().min(usize::from(*cut) % 48 + 1));
        parts.push(part);
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}
