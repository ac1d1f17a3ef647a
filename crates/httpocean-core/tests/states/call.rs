//! A call, driven; what is looked at is its own state and the two halves of its exchange.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use httpocean_core::dial::Route;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Refusal};
use httpocean_core::{
    BodyPlan, Call, CallStep, Config, Conn, Dial, DialStep, Error, Instant, Io, Key, TransportError, call,
};

use super::debug::{field, inside, variant};
use super::document::Section;
use super::explore::{Answer, Input, Machine, explore, said, silent};

struct Driven {
    call: Call,
    io: Io,
    now: Instant,
    /// Whether the pool was asked and has not answered yet.
    asked: bool,
    /// Until when it waits.
    until: Option<Instant>,
    /// Whether its connection can't deliver any more, and can't take any more.
    ended: bool,
    deaf: bool,
}

const INPUTS: &[Input<Driven>] = &[
    Input { name: "step", give: |it| it.step() },
    Input { name: "attach: a fresh connection", give: |it| it.attach(Facts::default()) },
    Input {
        name: "attach: a used connection",
        give: |it| it.attach(Facts { number: 1, reused: 1, idle_for: Some(Duration::from_secs(1)) }),
    },
    Input { name: "refused: DialFailed", give: |it| it.refused(Refusal::DialFailed) },
    Input { name: "refused: WaitedTooLong", give: |it| it.refused(Refusal::WaitedTooLong) },
    Input { name: "detach", give: |it| it.detach() },
    Input { name: "all is sent", give: |it| it.flush() },
    Input { name: "send_body", give: |it| it.send_body(b"hi") },
    Input { name: "send_body: too much", give: |it| it.send_body(b"too much") },
    Input { name: "finish_body", give: |it| it.finish_body() },
    Input { name: "body_failed", give: |it| it.body_failed() },
    Input { name: "read_body", give: |it| it.read_body() },
    Input { name: "discard", give: |it| it.discard() },
    Input { name: "cancel", give: |it| it.cancel() },
    Input { name: "“HTTP/1.1 ”", give: |it| it.receive("HTTP/1.1 ") },
    Input { name: "“100”", give: |it| it.receive("HTTP/1.1 100 Continue\r\n\r\n") },
    Input { name: "“200, length 2”", give: |it| it.receive("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n") },
    Input {
        name: "“200, chunked”",
        give: |it| it.receive("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    },
    Input { name: "“200, until close”", give: |it| it.receive("HTTP/1.1 200 OK\r\n\r\n") },
    Input { name: "“204”", give: |it| it.receive("HTTP/1.1 204 No Content\r\n\r\n") },
    Input {
        name: "“302”",
        give: |it| it.receive("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"),
    },
    Input {
        name: "“417, length 2”",
        give: |it| it.receive("HTTP/1.1 417 No\r\ncontent-length: 2\r\n\r\n"),
    },
    Input {
        name: "“503, Retry-After”",
        give: |it| it.receive("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
    },
    Input {
        name: "“101”",
        give: |it| {
            it.receive("HTTP/1.1 101 Switching Protocols\r\nupgrade: tea\r\nconnection: upgrade\r\n\r\n")
        },
    },
    Input { name: "“hi”", give: |it| it.receive("hi") },
    Input { name: "“2 CRLF”", give: |it| it.receive("2\r\n") },
    Input { name: "“0 CRLF”", give: |it| it.receive("0\r\n") },
    Input { name: "“CRLF”", give: |it| it.receive("\r\n") },
    Input { name: "“NUL”", give: |it| it.receive("\0") },
    Input { name: "the end of the stream", give: |it| it.end(None) },
    Input { name: "a reset", give: |it| it.end(Some(TransportError::Reset)) },
    Input { name: "a failed write", give: |it| it.fail_write() },
    Input { name: "step, when it asked for it", give: |it| it.wake() },
    Input { name: "step, an hour later", give: |it| it.later() },
];

const OF_CALL: &str = "\
One request of a user, through every attempt. Driven as a GET, as a POST with `Expect: 100-continue`, as a PUT that \
is sent chunked, and as a request for an upgrade, each with retries, redirects and a total deadline; the connection \
is taken at `Release`.";
const OF_SENDING: &str = "\
How far the request is sent, seen in the same runs as the call; there is one while a call holds a connection that it \
uses.";
const OF_RECEIVING: &str = "\
`Head` until the final head is there, then where in the body it is; seen in the same runs.";

pub(crate) fn sections() -> Vec<Section> {
    let starts: &[fn() -> Driven] = &[
        || Driven::of("GET", false, BodyPlan::empty(), false),
        || Driven::of("POST", false, BodyPlan::sized(2), true),
        || Driven::of("PUT", false, BodyPlan { size: None, replayable: true, trailers: false }, false),
        || Driven::of("GET", true, BodyPlan::empty(), false),
    ];
    let mut seen = explore(starts, INPUTS, DEPTH).into_iter();
    let mut section = |title, introduction, says| {
        Section::new(title, introduction, INPUTS, seen.next().unwrap(), says)
    };
    vec![
        section("Call", OF_CALL, true),
        section("The exchange, sending", OF_SENDING, false),
        section("The exchange, receiving", OF_RECEIVING, false),
    ]
}

/// So many inputs lead to every state.
const DEPTH: usize = 9;

fn conn() -> Conn {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    let _ = dial.step(Instant::ZERO);
    dial.resolved(Ok(Route::Direct), Instant::ZERO);
    let _ = dial.step(Instant::ZERO);
    dial.connected(0, Ok(()), Instant::ZERO);
    let DialStep::Ready(conn) = dial.step(Instant::ZERO) else { panic!("it is not ready") };
    conn
}

fn dial_error() -> Error {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    let _ = dial.step(Instant::ZERO);
    dial.resolved(Err(TransportError::NotFound), Instant::ZERO);
    let DialStep::Failed(error) = dial.step(Instant::ZERO) else { panic!("it did not fail") };
    error
}

impl Driven {
    fn of(method: &str, upgrades: bool, body: BodyPlan, expects: bool) -> Self {
        let mut request = Request::builder().method(method).uri("http://example.com/a");
        if upgrades {
            request = request.header("upgrade", "tea");
        }
        let config = Config {
            call: call::Options {
                total: Some(Duration::from_secs(3600)),
                first_byte: Some(Duration::from_secs(10)),
                expect_continue: expects,
                ..call::Options::default()
            },
            retries: Retries { statuses: vec![StatusCode::SERVICE_UNAVAILABLE], ..Retries::new(2) },
            ..Config::default()
        };
        let call = Call::new(request.body(()).unwrap(), body, &Arc::new(config), Instant::ZERO).unwrap();
        Self { call, io: Io::default(), now: Instant::ZERO, asked: false, until: None, ended: false, deaf: false }
    }

    fn step(&mut self) -> Option<Answer> {
        self.until = None;
        said(match self.call.step(&mut self.io, self.now) {
            CallStep::Acquire(_) => {
                self.asked = true;
                "Acquire"
            }
            CallStep::Release(_) => {
                let _ = self.call.detach();
                (self.ended, self.deaf) = (false, false);
                "Release"
            }
            CallStep::Wait(want) => {
                self.until = want.until;
                "Wait"
            }
            CallStep::NeedBody { .. } => "NeedBody",
            CallStep::Hop(_) => "Hop",
            CallStep::Interim(_) => "Interim",
            CallStep::Head(_) => "Head",
            CallStep::Data(_) => "Data",
            CallStep::End => "End",
            CallStep::Upgraded(_) => "Upgraded",
            CallStep::Failed(_) => "Failed",
        })
    }

    fn attach(&mut self, facts: Facts) -> Option<Answer> {
        core::mem::take(&mut self.asked).then_some(())?;
        self.call.attach(conn(), facts, self.now);
        silent()
    }

    fn refused(&mut self, why: Refusal) -> Option<Answer> {
        core::mem::take(&mut self.asked).then_some(())?;
        let dial = (why == Refusal::DialFailed).then(dial_error);
        self.call.refused(why, dial, self.now);
        silent()
    }

    fn detach(&mut self) -> Option<Answer> {
        self.call.detach()?;
        silent()
    }

    fn flush(&mut self) -> Option<Answer> {
        let len = self.io.tx.pending().len();
        (len > 0).then(|| self.io.tx.sent(len))?;
        silent()
    }

    fn send_body(&mut self, bytes: &[u8]) -> Option<Answer> {
        self.call.send_body(bytes, &mut self.io);
        silent()
    }

    fn finish_body(&mut self) -> Option<Answer> {
        self.call.finish_body(None, &mut self.io);
        silent()
    }

    fn body_failed(&mut self) -> Option<Answer> {
        self.call.body_failed("it is gone");
        silent()
    }

    fn read_body(&mut self) -> Option<Answer> {
        self.call.read_body(&mut self.io, &mut [0; 8]);
        silent()
    }

    fn discard(&mut self) -> Option<Answer> {
        self.call.discard(self.now);
        silent()
    }

    fn cancel(&mut self) -> Option<Answer> {
        self.call.cancel(self.now);
        silent()
    }

    /// Only a connection that is held delivers, and only when what was lent is taken: no more is read before.
    fn receive(&mut self, bytes: &str) -> Option<Answer> {
        if !self.holds() || self.ended || self.io.rx.bytes().len() > 16 {
            return None;
        }
        self.io.rx.append(bytes.as_bytes());
        self.step()
    }

    fn end(&mut self, failure: Option<TransportError>) -> Option<Answer> {
        if !self.holds() || self.ended {
            return None;
        }
        self.ended = true;
        match failure {
            Some(failure) => self.io.rx.fail(failure),
            None => self.io.rx.set_eof(),
        }
        self.step()
    }

    fn fail_write(&mut self) -> Option<Answer> {
        if !self.holds() || self.deaf {
            return None;
        }
        self.deaf = true;
        self.io.tx.fail(TransportError::Reset);
        self.step()
    }

    fn wake(&mut self) -> Option<Answer> {
        self.now = self.until?;
        self.step()
    }

    fn later(&mut self) -> Option<Answer> {
        self.now = self.now + Duration::from_secs(3600);
        self.step()
    }

    fn holds(&self) -> bool {
        let printed = format!("{:?}", self.call);
        field(&printed, "conn") != Some("None")
    }
}

impl Machine for Driven {
    fn situation(&self) -> String {
        let printed = format!("{:?}", self.call);
        let flag = |name| field(&printed, name).unwrap().to_owned();
        let state = field(&printed, "state").unwrap();
        let state = format!("{}{}", variant(state), inside(state).map_or("", |inner| last_word(inner)));
        let lent = field(&printed, "exchange").and_then(inside).and_then(|it| field(it, "lent")).map(variant);
        let io = (
            self.io.rx.bytes().is_empty(),
            self.ended,
            self.io.tx.pending().is_empty(),
            self.deaf,
        );
        let views: Vec<_> = self.views().into_iter().skip(1).collect();
        let drains = flag("draining") != "None";
        let begun = state.contains("begun: true");
        format!("{state} {begun} {views:?} {io:?} {lent:?} {drains} {} {}", self.asked, flag("head_said"))
    }

    fn views(&self) -> Vec<BTreeMap<usize, String>> {
        let printed = format!("{:?}", self.call);
        let only = |state: &str| BTreeMap::from([(0, state.to_owned())]);
        let call = only(variant(field(&printed, "state").unwrap()));
        let Some(exchange) = field(&printed, "exchange").and_then(inside) else {
            return vec![call, BTreeMap::new(), BTreeMap::new()];
        };
        let sending = field(field(exchange, "sending").unwrap(), "state").unwrap();
        let recv = field(exchange, "recv").unwrap();
        let receiving = match variant(recv) {
            "Body" => variant(field(inside(recv).unwrap(), "state").unwrap()),
            other => other,
        };
        vec![call, only(variant(sending)), only(receiving)]
    }
}

/// Of `Releasing` and `Released`: what comes then.
fn last_word(inner: &str) -> &'static str {
    ["Hop", "Fail", "End"].into_iter().find(|word| inner.contains(&format!("{word}("))).unwrap_or(" End")
}
