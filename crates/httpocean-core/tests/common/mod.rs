//! Walks a call to wherever a test wants it, and writes down what it said.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::Route;
use httpocean_core::pool::{Demand, Facts, Fate};
use httpocean_core::{
    BodyPlan, Call, CallStep, CloseReason, Config, Conn, Dial, DialStep, Error, ErrorKind, Fault, Hop,
    HopReason, Instant, Io, Key, NotReplayed, Phase, Sent, Want,
};

pub const SECOND: Duration = Duration::from_secs(1);

/// A response that is one.
pub const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood";

pub fn at(seconds: u64) -> Instant {
    Instant::ZERO + SECOND * seconds as u32
}

/// A connection as a dial makes it.
pub fn conn() -> Conn {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), Instant::ZERO);
    assert!(matches!(dial.step(&mut Io::default(), Instant::ZERO), DialStep::Resolve));
    dial.resolved(Ok(Route::Direct), Instant::ZERO);
    assert!(matches!(
        dial.step(&mut Io::default(), Instant::ZERO),
        DialStep::Connect { attempt: 0, addr: None }
    ));
    dial.connected(0, Ok(()), Instant::ZERO);
    let DialStep::Ready(conn) = dial.step(&mut Io::default(), Instant::ZERO) else { panic!("not ready") };
    conn
}

pub fn request(method: &str, uri: &str, fields: &[(&str, &str)]) -> http::Request<()> {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

pub fn stale() -> Facts {
    Facts { number: 1, reused: 1, idle_for: Some(SECOND) }
}

/// A plan of `size` bytes; `once`: they can't be had again.
pub fn once(size: Option<u64>) -> BodyPlan {
    BodyPlan { size, replayable: false, trailers: false }
}

/// What a call said, with what it lent.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Acquire { fresh: bool },
    Release(Fate),
    NeedBody { from: u64 },
    Hop(Hop),
    Interim(u16, Fields),
    Passing(u16, Fields),
    Head(u16, Fields),
    Data(Vec<u8>),
    End(Option<http::HeaderMap>),
    Upgraded(Vec<u8>),
    Failed(Failure),
    Wait(Want),
}

pub type Fields = Vec<(String, Vec<u8>)>;

#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub kind: ErrorKind,
    pub fault: Fault,
    pub phase: Phase,
    pub sent: Sent,
    pub not_replayed: Option<NotReplayed>,
    pub sentence: String,
}

impl Failure {
    pub fn of(error: &Error) -> Self {
        Self {
            kind: error.kind().clone(),
            fault: error.fault(),
            phase: error.phase(),
            sent: error.sent(),
            not_replayed: error.not_replayed(),
            sentence: error.to_string(),
        }
    }
}

impl Said {
    pub fn is_last(&self) -> bool {
        matches!(self, Self::End(_) | Self::Failed(_) | Self::Upgraded(_))
    }

    /// The call has nothing to say until something happens.
    pub fn is_pause(&self) -> bool {
        self.is_last() || matches!(self, Self::Wait(_) | Self::NeedBody { .. } | Self::Acquire { .. })
    }
}

/// A call, its buffers and its clock.
#[derive(Debug)]
pub struct Scenario {
    pub call: Call,
    pub io: Io,
    pub now: Instant,
    pub demand: Option<Demand>,
    /// How many connections were attached and given back.
    pub attached: usize,
    pub released: usize,
}

impl Scenario {
    pub fn start(request: http::Request<()>, body: BodyPlan, config: Config) -> Self {
        let call = Call::new(request, body, &Arc::new(config), Instant::ZERO).unwrap();
        let (io, now) = (Io::default(), Instant::ZERO);
        Self { call, io, now, demand: None, attached: 0, released: 0 }
    }

    /// A GET on a fresh connection, written.
    pub fn get() -> Self {
        Self::written("GET", &[])
    }

    /// A request without a body on a fresh connection, written.
    pub fn written(method: &str, fields: &[(&str, &str)]) -> Self {
        Self::written_on(method, fields, Facts::default(), Config::default())
    }

    pub fn written_on(method: &str, fields: &[(&str, &str)], facts: Facts, config: Config) -> Self {
        let mut it = Self::start(request(method, "http://example.com/", fields), BodyPlan::empty(), config);
        it.acquire(facts);
        let _ = it.wait();
        it.flush();
        it
    }

    /// A request with a body on a fresh connection: nothing is written yet.
    pub fn upload(method: &str, fields: &[(&str, &str)], body: BodyPlan, config: Config) -> Self {
        let mut it = Self::start(request(method, "http://example.com/", fields), body, config);
        it.acquire(Facts::default());
        it
    }

    pub fn acquire(&mut self, facts: Facts) {
        assert!(matches!(self.step(), Said::Acquire { .. }));
        self.attach(facts);
    }

    pub fn attach(&mut self, facts: Facts) {
        self.attached += 1;
        self.call.attach(conn(), facts, self.now);
    }

    /// One step. Takes the connection at `Release`, and checks that the buffers are clean then.
    pub fn step(&mut self) -> Said {
        match self.call.step(&mut self.io, self.now) {
            CallStep::Acquire(demand) => {
                self.demand = Some(demand);
                Said::Acquire { fresh: demand.fresh }
            }
            CallStep::Release(fate) => {
                self.released += 1;
                assert!(self.call.detach().is_some(), "nothing to give back");
                assert!(self.io.rx.is_quiet() && self.io.tx.pending().is_empty(), "not clean");
                assert_eq!((self.io.rx.total_received(), self.io.tx.total_sent()), (0, 0));
                Said::Release(fate)
            }
            CallStep::Wait(want) => Said::Wait(want),
            CallStep::NeedBody { from } => Said::NeedBody { from },
            CallStep::Hop(hop) => Said::Hop(*hop),
            CallStep::Interim(len) => Said::Interim(self.status(len), self.fields(len)),
            CallStep::Passing(len) => Said::Passing(self.status(len), self.fields(len)),
            CallStep::Head(len) => Said::Head(self.status(len), self.fields(len)),
            CallStep::Data(len) => Said::Data(self.io.data(len).to_vec()),
            CallStep::End => Said::End(self.call.trailers()),
            CallStep::Upgraded(len) => Said::Upgraded(self.io.rx.bytes()[..len].to_vec()),
            CallStep::Failed(error) => Said::Failed(Failure::of(&error)),
        }
    }

    fn status(&self, len: usize) -> u16 {
        self.io.head(len).status().as_u16()
    }

    fn fields(&self, len: usize) -> Fields {
        self.io.head(len).fields().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    }

    /// Steps until it has to be answered or waited for; all that was said, the pause included.
    pub fn run(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        loop {
            said.push(self.step());
            if said.last().is_some_and(Said::is_pause) {
                return said;
            }
            assert!(said.len() < 100_000, "it talks and talks");
        }
    }

    /// The same as [`run`](Self::run), without the pause if it is a `Wait`.
    pub fn heard(&mut self) -> Vec<Said> {
        let mut said = self.run();
        said.retain(|said| !matches!(said, Said::Wait(_)));
        said
    }

    pub fn wait(&mut self) -> Want {
        let said = self.step();
        let Said::Wait(want) = said else { panic!("no wait but {said:?}") };
        assert!(want.until.is_none_or(|until| until > self.now), "a busy loop: {want:?}");
        want
    }

    /// The transport takes all that is pending.
    pub fn flush(&mut self) -> String {
        let bytes = self.io.tx.pending().to_vec();
        self.io.tx.sent(bytes.len());
        String::from_utf8(bytes).unwrap()
    }

    pub fn feed(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.rx.append(bytes.as_ref());
    }

    /// The next `Failed`, and the fate of the connection before it.
    pub fn failure(&mut self) -> (Option<Fate>, Failure) {
        let mut fate = None;
        for said in self.run() {
            if let Said::Release(of) = said {
                fate = Some(of);
            } else if let Said::Failed(failure) = said {
                return (fate, failure);
            }
        }
        panic!("it did not fail");
    }

    /// The fate of the connection, however the call ends.
    pub fn fate(&mut self) -> Fate {
        let said = self.run();
        said.iter().find_map(|said| if let Said::Release(fate) = said { Some(*fate) } else { None }).unwrap()
    }

    /// That it said no more than that its connection was stale, and that it is served on the fresh one that it asked
    /// for; the hop.
    pub fn is_made_once_more<'a>(&mut self, said: &'a [Said]) -> &'a Hop {
        let [Said::Release(fate), Said::Hop(hop), Said::Acquire { fresh: true }] = said else {
            panic!("{said:?}")
        };
        assert_eq!((*fate, hop.why), (Fate::Spent(CloseReason::Unasked), HopReason::StaleConnection));
        self.attach(Facts::default());
        let _ = self.wait();
        self.flush();
        self.feed(GOOD);
        assert!(self.run().contains(&Said::Data(b"good".to_vec())));
        hop
    }

    /// Sleeps exactly until `want.until`, does nothing else, and steps.
    pub fn sleep(&mut self) -> Said {
        let want = self.wait();
        self.now = want.until.expect("nothing to wake up for");
        self.step()
    }
}
