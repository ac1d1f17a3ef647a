//! A call, driven; what is looked at is its own state and the two halves of its exchange.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use httpocean_core::dial::Route;
use httpocean_core::policy::{Common, Retries};
use httpocean_core::pool::{Facts, Refusal};
use httpocean_core::{
    BodyPlan, Call, CallStep, Config, Conn, Dial, DialStep, Error, Instant, Io, Key, TransportError, call,
};

use super::debug::{field, fields, inside, variant};
use super::document::Section;
use super::explore::{Answer, Input, Machine, Views, explore, said, silent};

struct Driven {
    call: Call,
    io: Io,
    now: Instant,
    /// Whether it has a connection.
    holds: bool,
    /// Whether the pool was asked and has not answered yet.
    asked: bool,
    /// Until when it waits.
    until: Option<Instant>,
    waits: bool,
    /// Bytes in front of what was received that the last step lent.
    lent: usize,
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
    Input { name: "set_attempt_fields", give: |it| it.add("cookie") },
    Input { name: "set_attempt_fields: one that frames", give: |it| it.add("te") },
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
    Input {
        name: "“200, length 2”", give: |it| it.receive("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
    },
    Input {
        name: "“200, chunked”",
        give: |it| it.receive("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    },
    Input { name: "“200, until close”", give: |it| it.receive("HTTP/1.1 200 OK\r\n\r\n") },
    Input { name: "“204”", give: |it| it.receive("HTTP/1.1 204 No Content\r\n\r\n") },
    Input {
        name: "“302, length 2”",
        give: |it| it.receive("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 2\r\n\r\n"),
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
    Input { name: "the end of the stream", give: |it| it.end(None) },
    Input { name: "a reset", give: |it| it.end(Some(TransportError::Reset)) },
    Input { name: "a failed write", give: |it| it.fail_write() },
    Input { name: "step, at the end of its Wait", give: |it| it.wake() },
    Input { name: "step, an hour later", give: |it| it.later() },
];

const OF_CALL: &str = "\
One request of a user, through every attempt. Driven as a GET that offers an upgrade, as a POST with
`Expect: 100-continue`, and as a PUT that is sent chunked, each with retries, redirects and a total deadline, and
with responses in passing shown; the
connection is taken at `Release`. `Exchange` is new before its first step, and then waits for the final head, says
the body, or drains it; of `Releasing` and `Released` it is told what they lead to.";
const OF_SENDING: &str = "\
How far the request is sent, seen in the same runs as the call. There is one while a call uses a connection.";
const OF_RECEIVING: &str = "\
`Head` until the final head is there, then where in the body it is; seen in the same runs.";

pub(crate) fn sections() -> Vec<Section> {
    let starts: &[fn() -> Driven] = &[
        || Driven::of("POST", BodyPlan::sized(2), true),
        || Driven::of("PUT", BodyPlan { size: None, replayable: true, trailers: false }, false),
        || Driven::of("GET", BodyPlan::empty(), false),
    ];
    let mut seen = explore(starts, INPUTS, DEPTH).into_iter();
    let mut section =
        |title, introduction, says| Section::new(title, introduction, INPUTS, seen.next().unwrap(), says);
    vec![
        section("Call", OF_CALL, true),
        section("The exchange, sending", OF_SENDING, false),
        section("The exchange, receiving", OF_RECEIVING, false),
    ]
}

/// So many inputs lead to every state.
const DEPTH: usize = 8;

fn conn() -> Conn {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    let _ = dial.step(&mut Io::default(), Instant::ZERO);
    dial.resolved(Ok(Route::Direct), Instant::ZERO);
    let _ = dial.step(&mut Io::default(), Instant::ZERO);
    dial.connected(0, Ok(()), Instant::ZERO);
    let DialStep::Ready(conn) = dial.step(&mut Io::default(), Instant::ZERO) else {
        panic!("it is not ready")
    };
    conn
}

fn dial_error() -> Error {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    let _ = dial.step(&mut Io::default(), Instant::ZERO);
    dial.resolved(Err(TransportError::NotFound), Instant::ZERO);
    let DialStep::Failed(error) = dial.step(&mut Io::default(), Instant::ZERO) else {
        panic!("it did not fail")
    };
    error
}

impl Driven {
    fn of(method: &str, body: BodyPlan, expects: bool) -> Self {
        let mut request = Request::builder().method(method).uri("http://example.com/a");
        if method == "GET" {
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
        let common = Common { shows_passing: true, ..Common::default() };
        let request = request.body(()).unwrap();
        let call = Call::of_client(request, body, &Arc::new(config), &common, None, Instant::ZERO).unwrap();
        Self {
            call,
            io: Io::default(),
            now: Instant::ZERO,
            holds: false,
            asked: false,
            until: None,
            waits: false,
            lent: 0,
            ended: false,
            deaf: false,
        }
    }

    fn step(&mut self) -> Option<Answer> {
        (self.until, self.waits, self.lent) = (None, false, 0);
        said(match self.call.step(&mut self.io, self.now) {
            CallStep::Acquire(_) => {
                self.asked = true;
                "Acquire"
            }
            CallStep::Release(_) => {
                let _ = self.call.detach();
                (self.holds, self.ended, self.deaf) = (false, false, false);
                "Release"
            }
            CallStep::Wait(want) => {
                (self.until, self.waits) = (want.until, true);
                "Wait"
            }
            CallStep::NeedBody { .. } => "NeedBody",
            CallStep::Hop(_) => "Hop",
            CallStep::Interim(len) => self.lends(len, "Interim"),
            CallStep::Passing(len) => self.lends(len, "Passing"),
            CallStep::Head(len) => self.lends(len, "Head"),
            CallStep::Data(len) => self.lends(len, "Data"),
            CallStep::End => "End",
            CallStep::Upgraded(_) => "Upgraded",
            CallStep::Failed(_) => "Failed",
        })
    }

    fn lends(&mut self, len: usize, word: &'static str) -> &'static str {
        self.lent = len;
        word
    }

    fn attach(&mut self, facts: Facts) -> Option<Answer> {
        core::mem::take(&mut self.asked).then_some(())?;
        self.holds = true;
        self.call.attach(conn(), facts, self.now);
        silent()
    }

    fn refused(&mut self, why: Refusal) -> Option<Answer> {
        core::mem::take(&mut self.asked).then_some(())?;
        let dial = (why == Refusal::DialFailed).then(dial_error);
        self.call.refused(why, dial, self.now);
        silent()
    }

    fn add(&mut self, name: &'static str) -> Option<Answer> {
        let fields = [(http::HeaderName::from_static(name), http::HeaderValue::from_static("a=1"))];
        self.call.set_attempt_fields(&fields.into_iter().collect());
        silent()
    }

    fn detach(&mut self) -> Option<Answer> {
        self.call.detach()?;
        self.holds = false;
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

    /// No more is read before all that was read is dealt with.
    fn receive(&mut self, bytes: &str) -> Option<Answer> {
        let is_read = self.waits || self.io.rx.bytes().len() == self.lent;
        if !self.holds || self.ended || !is_read {
            return None;
        }
        self.io.rx.append(bytes.as_bytes());
        self.step()
    }

    fn end(&mut self, failure: Option<TransportError>) -> Option<Answer> {
        if !self.holds || self.ended {
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
        if !self.holds || self.deaf {
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
}

impl Machine for Driven {
    fn look(&self) -> (Views, String) {
        let printed = format!("{:?}", self.call);
        let call = fields(&printed);
        let only = |state: &str| BTreeMap::from([(0, state.to_owned())]);
        let io = (self.io.rx.bytes().is_empty(), self.ended, self.io.tx.pending().is_empty(), self.deaf);
        let mut situation = format!("{} {} {io:?}", self.asked, self.waits);
        situation += &format!(
            " {} {} {}",
            variant(call["then"]),
            call["then"].contains("after: 0ns"),
            field(call["facts"], "reused")
        );
        let mut views = vec![only(&name(&call)), BTreeMap::new(), BTreeMap::new()];
        if let Some(exchange) = inside(call["exchange"]).map(fields) {
            let recv = exchange["recv"];
            let decoder = inside(recv).filter(|_| variant(recv) == "Body").map(|it| field(it, "state"));
            views[1] = only(variant(field(exchange["sending"], "state")));
            views[2] = only(variant(decoder.unwrap_or(recv)));
            situation += variant(exchange["lent"]);
            situation += inside(exchange["verdict"]).map_or("", |verdict| variant(field(verdict, "framing")));
        }
        (views, situation)
    }
}

/// The name of a call's state, with what tells much of what comes next.
fn name(call: &BTreeMap<&str, &str>) -> String {
    let state = call["state"];
    let name = variant(state);
    let more = match name {
        "Exchange" if field(state, "begun") == "false" => Some("new"),
        "Exchange" if call["draining"] != "None" => Some("drain"),
        "Exchange" if call["head_said"] == "true" => Some("body"),
        "Releasing" | "Released" => Some(variant(call["then"])),
        _ => None,
    };
    more.map_or_else(|| name.to_owned(), |more| format!("{name} ({more})"))
}
