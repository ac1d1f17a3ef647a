//! Drives a call as it says, in virtual time, and writes down what it said.

use std::collections::BTreeMap;

use httpocean_core::pool::{Facts, Fate, Refusal};
use httpocean_core::{Call, CallStep, Error, ErrorKind, Hop, Instant, Io, Phase, TransportError, Want};

use crate::common::{SECOND, conn};
use crate::scene::{Answer, Attempt, End, Scene, ms};

/// What a call said and was told.
#[derive(Default)]
pub struct Played {
    pub tried: Vec<Tried>,
    /// With how many attempts there had been by then.
    pub hops: Vec<(Instant, Hop, usize)>,
    pub waits: Vec<(Instant, Want)>,
    /// The names of what it said.
    pub words: Vec<(Instant, &'static str)>,
    /// `None`: a whole response.
    pub end: Option<(Instant, Option<Error>)>,
    /// What the call itself remembers of its hops.
    pub history: Vec<Hop>,
    /// The user gave up then; whether only the rest of a response was.
    pub gave_up: Option<(Instant, bool)>,
    /// What came after the user's last word and before the end.
    pub unwanted: usize,
    pub attached: usize,
    pub released: usize,
    /// The most received bytes that it left in its buffers.
    pub held: usize,
}

/// One attempt.
pub struct Tried {
    /// `None`: it got no connection.
    pub facts: Option<Facts>,
    /// It asked for a connection that is fresh.
    pub fresh: bool,
    pub answer: Answer,
    pub sent: Vec<u8>,
    /// The transport failed to write.
    pub write_failed: bool,
    /// Some of the body was asked for.
    pub touched: bool,
    pub fed: usize,
    pub ended: Option<End>,
    pub interims: u32,
    pub heads: Vec<u16>,
    pub data: Vec<u8>,
    pub fate: Option<Fate>,
}

impl Tried {
    /// Bytes of its request that a server takes for the whole: those of the head, and what it announces.
    pub fn request_is_whole(&self) -> bool {
        let text = String::from_utf8_lossy(&self.sent);
        let Some(head) = text.find("\r\n\r\n") else { return false };
        let length = text[..head].lines().find_map(|line| line.strip_prefix("content-length: "));
        self.sent.len() >= head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap())
    }

    /// All of its response was received, the end that ends it too.
    pub fn response_is_whole(&self) -> bool {
        let all = !self.answer.wire.is_empty() && self.fed == self.answer.wire.len();
        all && self.answer.status != 0 && (!self.answer.until_close || self.ended == Some(End::Eof))
    }
}

fn word(step: &CallStep) -> &'static str {
    match step {
        CallStep::Acquire(_) => "acquire",
        CallStep::Wait(_) => "wait",
        CallStep::NeedBody { .. } => "need-body",
        CallStep::Interim(_) => "interim",
        CallStep::Passing(_) => "passing",
        CallStep::Head(_) => "head",
        CallStep::Data(_) => "data",
        CallStep::Release(_) => "release",
        CallStep::Hop(_) => "hop",
        CallStep::End => "end",
        CallStep::Failed(_) => "failed",
        CallStep::Upgraded(_) => "upgraded",
    }
}

enum Happening {
    Attach,
    Arrives(usize),
    Ends(End),
    GivesUp(bool),
}

struct Play<'a> {
    scene: &'a Scene,
    call: Call,
    io: Io,
    now: Instant,
    plan: BTreeMap<(Instant, usize), Happening>,
    planned: usize,
    /// Its server has begun to answer.
    answers: bool,
    /// Bytes of the request's body that were handed over.
    given: usize,
    seen: Played,
}

pub fn play(scene: &Scene) -> Played {
    let (request, body) = scene.request();
    let mut play = Play {
        scene,
        call: Call::new(request, body, &scene.config().into(), Instant::ZERO).unwrap(),
        io: Io::default(),
        now: Instant::ZERO,
        plan: BTreeMap::new(),
        planned: 0,
        answers: false,
        given: 0,
        seen: Played::default(),
    };
    if let Some((when, false)) = scene.gives_up {
        play.happens(when, Happening::GivesUp(false));
    }
    for _ in 0..50_000 {
        if play.step() {
            let again = play.call.step(&mut play.io, play.now);
            assert!(matches!(again, CallStep::End | CallStep::Failed(_)), "after its end: {again:?}");
            play.seen.history = play.call.history().to_vec();
            return play.seen;
        }
    }
    panic!("it never ends");
}

impl Play<'_> {
    fn happens(&mut self, after: u64, what: Happening) {
        self.planned += 1;
        self.plan.insert((self.now + ms(after), self.planned), what);
    }

    fn attempt(&self) -> &Attempt {
        let nth = self.seen.tried.len().max(1) - 1;
        &self.scene.attempts[nth % self.scene.attempts.len()]
    }

    fn tried(&mut self) -> &mut Tried {
        self.seen.tried.last_mut().unwrap()
    }

    fn holds(&self) -> bool {
        self.seen.attached > self.seen.released
    }

    /// Whether it was the last.
    fn step(&mut self) -> bool {
        let step = self.call.step(&mut self.io, self.now);
        self.seen.words.push((self.now, word(&step)));
        match step {
            CallStep::Acquire(demand) => self.acquire(demand.fresh),
            CallStep::Wait(want) => self.wait(want),
            CallStep::NeedBody { from } => self.give(from as usize),
            CallStep::Interim(_) => self.tried().interims += 1,
            CallStep::Passing(_) => panic!("nobody asked for it"),
            CallStep::Head(len) => {
                let status = self.io.head(len).status().as_u16();
                if let Some((when, true)) = self.scene.gives_up {
                    self.happens(when, Happening::GivesUp(true));
                }
                self.tried().heads.push(status);
            }
            CallStep::Data(len) => {
                let data = self.io.data(len).to_vec();
                self.tried().data.extend(data);
            }
            CallStep::Release(fate) => {
                assert!(self.call.detach().is_some(), "nothing to give back");
                self.seen.released += 1;
                self.tried().fate = Some(fate);
                self.plan.retain(|_, what| matches!(what, Happening::GivesUp(_)));
            }
            CallStep::Hop(hop) => self.seen.hops.push((self.now, *hop, self.seen.tried.len())),
            CallStep::End => return self.ends(None),
            CallStep::Failed(error) => return self.ends(Some(error)),
            CallStep::Upgraded(_) => panic!("nobody asked for that"),
        }
        false
    }

    fn ends(&mut self, error: Option<Error>) -> bool {
        self.seen.end = Some((self.now, error));
        true
    }

    fn acquire(&mut self, fresh: bool) {
        self.seen.tried.push(Tried {
            facts: None,
            fresh,
            answer: Answer::default(),
            sent: Vec::new(),
            write_failed: false,
            touched: false,
            fed: 0,
            ended: None,
            interims: 0,
            heads: Vec::new(),
            data: Vec::new(),
            fate: None,
        });
        self.answers = false;
        self.tried().answer = self.attempt().answer();
        if self.attempt().refused {
            let error = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
            return self.call.refused(Refusal::DialFailed, Some(error), self.now);
        }
        let connect = self.attempt().connect;
        self.happens(connect, Happening::Attach);
    }

    /// The body, 40 bytes at a time.
    fn give(&mut self, from: usize) {
        self.tried().touched = true;
        self.given = if from == 0 { 0 } else { self.given.max(from) };
        let size = self.scene.body.0;
        let end = size.min(self.given + 40);
        if self.given == size {
            return self.call.finish_body(None, &mut self.io);
        }
        self.call.send_body(&vec![b'b'; end - self.given], &mut self.io);
        self.given = end;
    }

    fn wait(&mut self, want: Want) {
        assert!(want.until.is_none_or(|until| until > self.now), "a busy loop: {want:?}");
        self.seen.held = self.seen.held.max(self.io.rx.bytes().len());
        self.seen.waits.push((self.now, want));
        if want.write && self.write() {
            return;
        }
        let next = self.plan.keys().next().map(|(at, _)| *at);
        if want.until.is_some_and(|until| next.is_none_or(|next| until < next)) {
            self.now = want.until.unwrap();
            return;
        }
        let ((at, _), what) = self.plan.pop_first().expect("nobody will ever wake it");
        self.now = at;
        match what {
            Happening::Attach => self.attach(),
            Happening::Arrives(n) => {
                let fed = self.tried().fed;
                let bytes = self.tried().answer.wire[fed..fed + n].to_vec();
                self.io.rx.append(&bytes);
                self.tried().fed += n;
                let unwanted = self.seen.gave_up.is_some();
                self.seen.unwanted += if unwanted { n } else { 0 };
            }
            Happening::Ends(end) => {
                if end == End::Eof {
                    self.io.rx.set_eof()
                } else {
                    self.io.rx.fail(TransportError::Reset)
                }
                self.tried().ended = Some(end);
            }
            Happening::GivesUp(discards) => {
                self.seen.gave_up = Some((self.now, discards));
                if discards { self.call.discard(self.now) } else { self.call.cancel(self.now) }
            }
        }
    }

    fn attach(&mut self) {
        self.seen.attached += 1;
        let reused = u32::from(self.attempt().used && !self.tried().fresh);
        let facts = Facts { number: 1, reused, idle_for: (reused > 0).then_some(SECOND) };
        self.tried().facts = Some(facts);
        self.call.attach(conn(), facts, self.now);
    }

    /// Whether the transport did anything.
    fn write(&mut self) -> bool {
        let (takes, fails) = self.attempt().takes.unwrap_or((usize::MAX, false));
        let room = takes - self.tried().sent.len().min(takes);
        let n = self.io.tx.pending().len().min(50).min(room);
        let bytes = self.io.tx.pending()[..n].to_vec();
        self.tried().sent.extend(&bytes);
        self.io.tx.sent(n);
        if n == 0 && fails {
            self.tried().write_failed = true;
            self.io.tx.fail(TransportError::Reset);
        }
        let heard = self.tried().sent.len();
        let early = self.attempt().early.is_some_and(|early| heard >= early.max(1));
        let stuck = self.tried().write_failed && self.attempt().early.is_some();
        if (early || stuck || self.tried().request_is_whole()) && !self.answers {
            self.answer();
        }
        n > 0 || fails
    }

    fn answer(&mut self) {
        self.answers = true;
        let attempt = self.attempt().clone();
        let all = attempt.comes(&self.tried().answer);
        let (size, gap) = attempt.pieces;
        let mut at = attempt.delay;
        for from in (0..all).step_by(size) {
            self.happens(at, Happening::Arrives(size.min(all - from)));
            at += gap;
        }
        let until_close = self.tried().answer.until_close && attempt.end == End::StaysOpen;
        let end = if until_close { End::Eof } else { attempt.end };
        if end != End::StaysOpen {
            self.happens(at, Happening::Ends(end));
        }
        debug_assert!(self.holds());
    }
}
