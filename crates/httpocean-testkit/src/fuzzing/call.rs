//! One call under any driver, any peer and any user.

use core::time::Duration;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Request};
use httpocean_core::policy::Common;
use httpocean_core::pool::{Facts, Fate, Refusal};
use httpocean_core::{Call, CallStep, Error, ErrorKind, HopReason, Instant, Io, Sent, TransportError};

use super::play::{connected, head_of};
use crate::bytes::Bytes;
use crate::steps::call::{Act, Scene, from_bytes};

/// Never a panic, one end, one release for each connection, clean buffers, nothing past the deadline, nothing sent
/// again that may not be.
pub fn call(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let (scene, acts) = from_bytes(&mut choices);
    let request = scene.request();
    let (config, common) =
        (Arc::new(scene.config.clone()), Common { shows_passing: true, ..Common::default() });
    let Ok(call) = Call::of_client(request.clone(), scene.body, &config, &common, None, Instant::ZERO) else {
        return;
    };
    let mut run = Run::new(call, request, scene);
    for act in acts {
        run.act(act);
    }
    run.finish();
}

struct Run {
    call: Call,
    request: Request<()>,
    scene: Scene,
    io: Io,
    now: Instant,
    /// The latest time that the call was told.
    latest: Instant,
    /// An answer to `NeedBody` is due.
    asked: bool,
    facts: Facts,
    /// Of the responses, the one that this attempt gets, and how much of it came.
    attempt: usize,
    fed: usize,
    attached: u32,
    released: u32,
    /// Redirects and retries.
    hops: usize,
    /// The last hop was the replay on another connection than a stale one.
    replays: bool,
    /// Bytes that transports took: in this attempt, as far as it goes, and in all.
    sent_now: u64,
    sent: u64,
    heads: u32,
    /// What was added to this attempt, and whether anything can be.
    added: Option<u8>,
    open: bool,
    /// What it ended with.
    end: Option<Ended>,
}

#[derive(Debug, PartialEq)]
enum Ended {
    Whole,
    Upgraded,
    Failed(Error),
}

impl Run {
    fn new(call: Call, request: Request<()>, scene: Scene) -> Self {
        Self {
            call,
            request,
            scene,
            io: Io::default(),
            now: Instant::ZERO,
            latest: Instant::ZERO,
            asked: false,
            facts: Facts::default(),
            attempt: 0,
            fed: 0,
            attached: 0,
            released: 0,
            hops: 0,
            replays: false,
            sent_now: 0,
            sent: 0,
            heads: 0,
            added: None,
            open: true,
            end: None,
        }
    }

    fn holds(&self) -> bool {
        self.attached > self.released
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Feed(n) => self.feed(usize::from(n)),
            Act::Write(n) => self.write(usize::from(n)),
            Act::Step(n) => (0..n).for_each(|_| self.step()),
            Act::Read(n) => {
                let n = self.call.read_body(&mut self.io, &mut vec![0; usize::from(n)]);
                assert!(n == 0 || self.heads > 0, "a body before its head");
            }
            Act::Direct(n) => self.direct(usize::from(n)),
            Act::Body(n) => {
                self.asked = false;
                self.call.send_body(&vec![b'b'; usize::from(n)], &mut self.io);
            }
            Act::FinishBody => {
                self.asked = false;
                self.call.finish_body(None, &mut self.io);
            }
            Act::FailBody => {
                self.asked = false;
                self.call.body_failed("no more");
            }
            Act::Discard => {
                let now = self.tell();
                self.call.discard(now);
            }
            Act::Cancel => {
                let now = self.tell();
                self.call.cancel(now);
            }
            // Of a connection that is not there nothing comes.
            Act::Eof if self.holds() => self.io.rx.set_eof(),
            Act::Reset if self.holds() => self.io.rx.fail(TransportError::Reset),
            Act::FailWrite if self.holds() => self.io.tx.fail(TransportError::Reset),
            Act::Eof | Act::Reset | Act::FailWrite => {}
            Act::Later(time) => self.now = self.now + time,
            Act::Add(value) => self.add(value),
            Act::Earlier => self.now = Instant::ZERO,
        }
    }

    fn add(&mut self, value: u8) {
        let field = (HeaderName::from_static("x-attempt"), HeaderValue::from(u16::from(value)));
        self.call.set_attempt_fields(&[field].into_iter().collect());
        if self.open {
            self.added = Some(value);
        }
    }

    /// Of what was added to an attempt the wire of that has all, and no other has any.
    fn look_at_head(&self) {
        let head = String::from_utf8_lossy(self.io.tx.pending());
        let wanted = self.added.map(|value| format!("x-attempt: {value}\r\n"));
        let found: Vec<_> = head.split_inclusive('\n').filter(|line| line.starts_with("x-attempt")).collect();
        assert_eq!(found, Vec::from_iter(wanted), "{head}");
    }

    /// The time, which may go back; the call carries on with the latest.
    fn tell(&mut self) -> Instant {
        self.latest = self.latest.max(self.now);
        self.now
    }

    fn response(&self) -> &[u8] {
        let responses = &self.scene.responses;
        responses.get(self.attempt % responses.len().max(1)).map_or(&[], Vec::as_slice)
    }

    fn feed(&mut self, n: usize) {
        if !self.holds() {
            return;
        }
        let end = self.response().len().min(self.fed + n);
        let part = self.response()[self.fed..end].to_vec();
        self.io.rx.append(&part);
        self.fed = end;
    }

    fn write(&mut self, n: usize) {
        let before = self.io.tx.total_sent();
        self.io.tx.sent(n);
        let taken = self.io.tx.total_sent() - before;
        self.sent_now += taken;
        self.sent += taken;
    }

    fn direct(&mut self, n: usize) {
        if !self.holds() {
            return assert_eq!(self.call.direct(&mut self.io), 0, "of no connection");
        }
        let n = (n as u64).min(self.call.direct(&mut self.io)).min((self.response().len() - self.fed) as u64);
        if n > 0 {
            assert!(self.heads > 0 && self.io.rx.is_quiet(), "past bytes that came before");
            self.fed += n as usize;
            self.call.took(n, &mut self.io);
        }
    }

    fn step(&mut self) {
        let now = self.tell();
        let begins = self.open && self.holds();
        self.open &= !self.holds();
        let step = self.call.step(&mut self.io, now);
        if begins && matches!(step, CallStep::Wait(_)) {
            self.look_at_head();
        }
        if let Some(end) = &self.end {
            let same = match (end, &step) {
                (Ended::Whole, CallStep::End) | (Ended::Upgraded, CallStep::Upgraded(_)) => true,
                (Ended::Failed(error), CallStep::Failed(again)) => error == again,
                _ => false,
            };
            return assert!(same, "I3: {end:?} and then {step:?}");
        }
        match step {
            CallStep::Acquire(demand) => self.acquire(demand.fresh, demand.deadline),
            CallStep::Wait(want) => {
                assert!(want.until.is_none_or(|until| until > self.latest), "a busy loop: {want:?}");
                assert_eq!(want.write, !self.io.tx.pending().is_empty());
                let deadline = self.deadline();
                assert!(deadline.is_none() || want.until.is_some_and(|until| Some(until) <= deadline), "I34");
                let wakes = want.read || want.write || want.until.is_some() || self.asked;
                assert!(wakes, "nothing wakes it: {want:?}");
            }
            CallStep::NeedBody { .. } => {
                assert!(self.holds() && !self.asked, "asked twice, or for nobody");
                self.asked = true;
            }
            CallStep::Interim(len) => drop(head_of(&self.io, len)),
            CallStep::Passing(len) => {
                head_of(&self.io, len);
                assert!(self.heads == 0 && self.holds(), "in passing, and after the answer");
            }
            CallStep::Head(len) => {
                head_of(&self.io, len);
                self.heads += 1;
                assert!(self.heads == 1 && self.holds(), "I24: one head");
            }
            CallStep::Data(len) => assert!(len > 0 && self.heads == 1 && self.io.data(len).len() == len),
            CallStep::Release(fate) => self.release(fate),
            CallStep::Hop(hop) => self.hop(hop.why),
            CallStep::End => self.ends(Ended::Whole),
            CallStep::Upgraded(len) => {
                assert_eq!(self.io.rx.bytes().len(), len);
                self.ends(Ended::Upgraded);
            }
            CallStep::Failed(error) => {
                assert!(error.sent() != Sent::Nothing || self.sent == 0, "some was sent: {error:?}");
                assert!(!error.to_string().is_empty());
                self.ends(Ended::Failed(error));
            }
        }
    }

    fn acquire(&mut self, fresh: bool, deadline: Option<Instant>) {
        assert!(!self.holds(), "I1: a second connection");
        assert_eq!(deadline, self.deadline());
        let n = self.attempt;
        if self.scene.refusals.get(n).copied().unwrap_or(false) {
            self.attempt += 1;
            self.open = false;
            let error =
                Error::new(ErrorKind::Connect(TransportError::Refused), httpocean_core::Phase::Connect);
            return self.call.refused(Refusal::DialFailed, Some(error), self.now);
        }
        let reused = u32::from(!fresh && self.scene.used);
        self.facts = Facts { number: 1, reused, idle_for: (reused > 0).then_some(Duration::from_secs(1)) };
        (self.attached, self.fed, self.sent_now) = (self.attached + 1, 0, 0);
        self.call.attach(connected(), self.facts, self.now);
    }

    fn release(&mut self, fate: Fate) {
        assert!(self.holds() && self.call.detach().is_some(), "I2: nothing to give back");
        self.released += 1;
        self.asked = false;
        self.attempt += 1;
        assert!(self.io.rx.is_quiet() && self.io.tx.pending().is_empty(), "not clean");
        assert_eq!((self.io.rx.total_received(), self.io.tx.total_sent()), (0, 0));
        assert!(fate != Fate::Untouched || self.sent_now == 0, "touched");
    }

    fn hop(&mut self, why: HopReason) {
        assert!(!self.holds() && self.heads == 0, "a hop after the answer, or before the release");
        assert!(self.deadline().is_none_or(|deadline| deadline > self.latest), "I34: past the deadline");
        let stale = why == HopReason::StaleConnection;
        assert!(!stale || !self.replays, "I31: stale again, and was fresh");
        self.replays = stale;
        self.hops += usize::from(!stale);
        (self.added, self.open) = (None, true);
        let config = &self.scene.config;
        let most = config.redirects.limit + config.retries.total.unwrap_or(0);
        assert!(self.hops <= most as usize, "I32: {why:?}");
        let fields = self.request.headers();
        let idempotent = self.request.method().is_idempotent() || fields.contains_key("idempotency-key");
        let again = matches!(why, HopReason::StaleConnection | HopReason::ReadFailed);
        // After a redirect it may be another method.
        let same = self.call.history().iter().all(|hop| hop.why != HopReason::Redirect);
        if again && same && !idempotent && !config.call.replay_any_method {
            assert_eq!(self.sent_now, 0, "I30: {why:?}");
        }
        if stale {
            assert!(self.facts.may_be_stale(), "I31: a fresh connection can't be stale");
        }
    }

    fn ends(&mut self, end: Ended) {
        let keeps = end == Ended::Upgraded;
        assert_eq!(self.holds(), keeps, "the release comes first: {end:?}");
        self.end = Some(end);
    }

    /// Cancels what is still going on, and steps to its end.
    fn finish(mut self) {
        let now = self.tell();
        self.call.cancel(now);
        for _ in 0..4 {
            self.step();
        }
        let upgraded = self.end == Some(Ended::Upgraded);
        assert!(self.end.is_some(), "I3: no end");
        assert_eq!(self.call.detach().is_some(), upgraded);
    }

    fn deadline(&self) -> Option<Instant> {
        self.scene.config.call.total.map(|total| Instant::ZERO + total)
    }
}
