//! Random responses, cuts and users: no panic, one ending, one release for each connection, clean buffers.
#![allow(clippy::unwrap_used)]

mod common;
mod support;

use common::*;
use httpocean_core::pool::{Facts, Refusal};
use httpocean_core::{BodyPlan, Config, Limits, TransportError, call};
use proptest::prelude::*;
use support::random::cases;

#[derive(Clone, Debug)]
enum Act {
    Feed(usize),
    Write(usize),
    Step,
    Read(usize),
    Direct(usize),
    Body(usize),
    FinishBody,
    FailBody,
    Discard,
    Cancel,
    Eof,
    Reset,
    FailWrite,
    Later(u64),
    Earlier,
    Sleep,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..40usize).prop_map(Act::Feed),
        4 => (0..200usize).prop_map(Act::Write),
        10 => Just(Act::Step),
        2 => (0..20usize).prop_map(Act::Read),
        2 => (0..20usize).prop_map(Act::Direct),
        3 => (0..30usize).prop_map(Act::Body),
        2 => Just(Act::FinishBody),
        1 => Just(Act::FailBody),
        1 => Just(Act::Discard),
        1 => Just(Act::Cancel),
        1 => Just(Act::Eof),
        1 => Just(Act::Reset),
        1 => Just(Act::FailWrite),
        2 => (0..2_000_000u64).prop_map(Act::Later),
        1 => Just(Act::Earlier),
        1 => Just(Act::Sleep),
    ];
    prop::collection::vec(act, 0..60)
}

fn responses() -> impl Strategy<Value = Vec<u8>> {
    let parts = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early\r\n\r\n",
        "HTTP/1.1 101 Switch\r\n",
        "HTTP/1.0 404 No\r\n",
        "HTTP/1.1 204 No\r\n",
        "content-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "x: y\r\n z\r\n",
        "\r\n",
        "hello",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "0\r\nt: u\r\n\r\n",
        "\0",
    ]);
    let good = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 101 Switch\r\n\r\nhello",
    ]);
    prop_oneof![
        good.prop_map(|bytes| bytes.as_bytes().to_vec()),
        prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat().into_bytes()),
    ]
}

fn requests() -> impl Strategy<Value = (http::Request<()>, BodyPlan)> {
    let method = prop::sample::select(vec!["GET", "HEAD", "POST", "PUT"]);
    let field = prop::sample::select(vec![("x", "y"), ("upgrade", "tea"), ("connection", "close")]);
    let body = prop::option::of(0..60u64).prop_map(|size| BodyPlan {
        size,
        replayable: size != Some(9),
        trailers: false,
    });
    (method, field, body)
        .prop_map(|(method, field, body)| (request(method, "http://example.com/", &[field]), body))
}

fn config(expects: bool) -> Config {
    let options = call::Options {
        total: Some(SECOND * 20),
        send: Some(SECOND * 2),
        first_byte: Some(SECOND * 3),
        idle: Some(SECOND * 4),
        expect_continue: expects,
        ..call::Options::default()
    };
    let limits = Limits { send_ahead: 50, head_bytes: 200, interim: 3, drain_bytes: 8, ..Limits::default() };
    Config { call: options, limits, ..Config::default() }
}

/// A driver, and what has to hold whatever it does.
struct Run {
    it: Scenario,
    response: Vec<u8>,
    fed: usize,
    facts: Facts,
    terminal: Option<Said>,
    hops: usize,
    body: Vec<u8>,
}

impl Run {
    fn act(&mut self, act: Act) {
        let it = &mut self.it;
        match act {
            Act::Feed(n) => {
                let end = self.response.len().min(self.fed + n);
                it.io.rx.append(&self.response[self.fed..end]);
                self.fed = end;
            }
            Act::Write(n) => it.io.tx.sent(n),
            Act::Step | Act::Sleep => self.step(),
            Act::Read(n) => {
                let mut out = vec![0; n];
                let n = it.call.read_body(&mut it.io, &mut out);
                self.body.extend_from_slice(&out[..n]);
            }
            Act::Direct(n) => {
                let n =
                    (n as u64).min(it.call.direct(&mut it.io)).min((self.response.len() - self.fed) as u64);
                if n > 0 {
                    let end = self.fed + n as usize;
                    self.body.extend_from_slice(&self.response[self.fed..end]);
                    self.fed = end;
                    it.call.took(n, &mut it.io);
                }
            }
            Act::Body(n) => it.call.send_body(&vec![b'b'; n], &mut it.io),
            Act::FinishBody => it.call.finish_body(None, &mut it.io),
            Act::FailBody => it.call.body_failed("no more"),
            Act::Discard => it.call.discard(it.now),
            Act::Cancel => it.call.cancel(it.now),
            Act::Eof => it.io.rx.set_eof(),
            Act::Reset => it.io.rx.fail(TransportError::Reset),
            Act::FailWrite => it.io.tx.fail(TransportError::Reset),
            Act::Later(micros) => it.now = it.now + std::time::Duration::from_micros(micros),
            Act::Earlier => it.now = at(0),
        }
    }

    fn step(&mut self) {
        let it = &mut self.it;
        let said = it.step();
        if let Some(terminal) = &self.terminal {
            let leftover = matches!((terminal, &said), (Said::Upgraded(_), Said::Upgraded(_)));
            // Trailers are taken once.
            let ended = matches!((terminal, &said), (Said::End(_), Said::End(None)));
            assert!(leftover || ended || *terminal == said, "{terminal:?} and then {said:?}");
            return;
        }
        match &said {
            Said::Acquire { fresh } => {
                let facts = if *fresh { Facts::default() } else { self.facts };
                self.fed = 0;
                it.attach(facts);
            }
            Said::Hop(_) => self.hops += 1,
            Said::Wait(want) => {
                assert!(want.read || want.phase == httpocean_core::Phase::PoolWait, "{want:?}");
                assert_eq!(want.write, !it.io.tx.pending().is_empty());
            }
            Said::Data(bytes) => self.body.extend_from_slice(bytes),
            Said::NeedBody { .. }
            | Said::Release(_)
            | Said::Interim(..)
            | Said::Passing(..)
            | Said::Head(..) => {}
            Said::End(_) | Said::Upgraded(_) | Said::Failed(_) => self.terminal = Some(said),
        }
        assert!(it.released <= it.attached && self.hops <= 1);
    }

    /// Cancels what is still going on, and steps to its end.
    fn finish(mut self) {
        self.it.call.cancel(self.it.now);
        for _ in 0..20 {
            self.step();
        }
        let upgraded = matches!(self.terminal, Some(Said::Upgraded(_)));
        assert!(self.terminal.is_some());
        assert_eq!(self.it.attached, self.it.released + usize::from(upgraded));
        assert_eq!(self.it.call.detach().is_some(), upgraded);
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    /// I6: any input in any state; I5: also those that come late.
    #[test]
    fn i6_any_user_of_any_response(
        (request, body) in requests(),
        response in responses(),
        acts in acts(),
        used: bool,
        expects: bool,
    ) {
        let facts = if used { stale() } else { Facts::default() };
        let it = Scenario::start(request, body, config(expects));
        let mut run = Run { it, response, fed: 0, facts, terminal: None, hops: 0, body: Vec::new() };
        for act in acts {
            run.act(act);
        }
        run.finish();
    }

    /// A driver that does as it is told, with cuts and pauses as they come: it gets to an end without help.
    #[test]
    fn a_faithful_driver_gets_to_an_end(
        (request, body) in requests(),
        response in responses(),
        cuts in prop::collection::vec((1..40usize, 1..300usize, 0..3_000_000u64), 1..6),
        used: bool,
        expects: bool,
        refuse in 0..8usize,
    ) {
        let mut it = Scenario::start(request, body, config(expects));
        let (mut fed, mut attempts) = (0, 0);
        let mut cuts = cuts.into_iter().cycle();
        for turn in 0.. {
            prop_assert!(turn < 2000, "no end");
            let said = it.step();
            match said {
                Said::Acquire { fresh } => {
                    attempts += 1;
                    fed = 0;
                    if refuse == 0 {
                        it.call.refused(Refusal::ShutDown, None, it.now);
                    } else {
                        it.attach(if used && !fresh { stale() } else { Facts::default() });
                    }
                }
                Said::NeedBody { from } => {
                    let left = body.size.map_or(40, |size| size) - from;
                    it.call.send_body(&vec![b'b'; left.min(17) as usize], &mut it.io);
                    if left <= 17 {
                        it.call.finish_body(None, &mut it.io);
                    }
                }
                Said::Wait(want) => {
                    prop_assert!(want.until.is_none_or(|until| until > it.now), "a busy loop: {want:?}");
                    let (read, write, pause) = cuts.next().unwrap();
                    let pause = it.now + std::time::Duration::from_micros(pause);
                    // When nothing else will happen, only the clock is left.
                    let quiet = fed == response.len() && it.io.tx.pending().is_empty();
                    it.now = want.until.map_or(pause, |until| if quiet { until } else { until.min(pause) });
                    it.io.tx.sent(write);
                    if it.io.tx.total_sent() > 0 {
                        let end = response.len().min(fed + read);
                        it.feed(&response[fed..end]);
                        fed = end;
                    }
                }
                Said::End(_) | Said::Upgraded(_) | Said::Failed(_) => break,
                Said::Release(_) | Said::Hop(_) | Said::Interim(..) | Said::Passing(..) | Said::Head(..) | Said::Data(_) => {}
            }
        }
        prop_assert!(attempts <= 2);
    }
}
