//! A request is given up at every operation of its life, in every way that a blocking caller has: it ends once,
//! nobody else notices, and no place is lost.
//!
//! Alone with httpocean-std, by transports that count operations; the other adapter takes none from its user, and is
//! given up at each of its steps by a test of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faulty;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use httpocean_std::pool::Refusal;
use httpocean_std::{Body, Client, Config, Error, ErrorKind, Observed, Observer, Phase, call, pool};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::std_alone::{at_rest, get};
use httpocean_tests::{BOUND, Counted, Open, lock, wait_for_open, wait_until};

use faulty::{At, Fault, Faulty, Plan, be_the_victim};

const PIECES: usize = 3;
const PIECE: usize = 40_000;
/// More than any request here takes, unless the machine is very busy; then it is tried with more.
const DEADLINE: Duration = Duration::from_millis(30);
/// Runs that find nothing more to hit before that is believed.
const MISSES: usize = 3;

fn answer(request: &Request) -> Reply {
    if request.target.starts_with("/upload") {
        let pieces = (0..6).map(|n| format!("chunk {n} of the answer, "));
        let hints = [("link", "</style.css>; rel=preload")];
        return Reply::status(200, "OK").chunked(pieces, [("x-end", "yes")]).interim(
            103,
            "Early Hints",
            hints,
        );
    }
    Reply::ok(request.target.clone())
}

fn expected() -> String {
    (0..6).map(|n| format!("chunk {n} of the answer, ")).collect()
}

/// The request's body: after some pieces it ends, fails or panics.
struct Pieces {
    left: usize,
    last: fn() -> io::Result<usize>,
    plan: Arc<Plan>,
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.plan.gave_its_body.store(true, SeqCst);
            return (self.last)();
        }
        self.left -= 1;
        let n = buf.len().min(PIECE);
        buf[..n].fill(b'x');
        Ok(n)
    }
}

/// What the victim does with the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    ReadAll,
    /// After so many small reads.
    Drop(usize),
    Finish(usize),
}

/// A client with room for so many connections, and a server.
struct World {
    client: Client,
    server: Server,
    open: Open,
    plan: Arc<Plan>,
    room: usize,
    warm: bool,
}

/// How the victim ended, once.
#[derive(Debug)]
enum Ending {
    Answered,
    Failed(Error),
    Panicked,
}

impl World {
    /// A `warm` one has a connection already.
    fn new(plan: Arc<Plan>, room: usize, warm: bool) -> Self {
        Self::observed(plan, room, warm, |_| ())
    }

    fn observed(
        plan: Arc<Plan>,
        room: usize,
        warm: bool,
        observe: impl Fn(&Observed<'_>) + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(answer);
        let (connector, open) = Counted::over(Faulty { plan: plan.clone() });
        let pool = pool::Options { max_per_key: room, ..pool::Options::default() };
        // A place that is lost is an error then, and no wait for ever.
        let call = call::Options { pool_wait: Some(BOUND), ..call::Options::default() };
        let builder = Client::builder().pool(pool).call(call).connect_timeout(BOUND);
        let client = builder.connector(connector).observer(Observing(observe)).build();
        if warm {
            plan.dials_for_others();
            assert_eq!(get(&client, &server.url("/warm")), "/warm");
        }
        *lock(&plan.client) = Some(client.clone());
        Self { client, server, open, plan, room, warm }
    }

    /// The victim's request, and others of the same host beside it.
    fn run(&self, within: Option<Duration>, habit: Habit, body: Pieces) -> Ending {
        let ending = std::thread::scope(|scope| {
            let victim = scope.spawn(move || {
                be_the_victim();
                catch_unwind(AssertUnwindSafe(|| self.victim(within, habit, body)))
            });
            if !self.warm {
                wait_until("the victim's dial has begun", || self.plan.dials() > 0 || victim.is_finished());
            }
            let others: Vec<_> = (0..3).map(|n| scope.spawn(move || self.others(n))).collect();
            for other in others {
                other.join().expect("nobody else is disturbed");
            }
            match victim.join().unwrap() {
                Ok(Ok(())) => Ending::Answered,
                Ok(Err(error)) => Ending::Failed(error),
                Err(_) => Ending::Panicked,
            }
        });
        self.check();
        ending
    }

    fn victim(&self, within: Option<Duration>, habit: Habit, body: Pieces) -> Result<(), Error> {
        let request = self.client.post(self.server.url("/upload"))?.body(Body::from_reader(body));
        let request = match within {
            Some(within) => {
                *lock(&self.plan.deadline) = Some(Instant::now() + within);
                request.timeout(within)
            }
            None => request,
        };
        let mut body = request.send()?.into_body();
        self.plan.has_head.store(true, SeqCst);
        let (Habit::Drop(reads) | Habit::Finish(reads)) = habit else {
            assert_eq!(body.read_to_string(10_000)?, expected(), "a wrong answer");
            return Ok(());
        };
        for _ in 0..reads {
            if body.read(&mut [0; 10]).map_err(unwrap_error)? == 0 {
                break;
            }
        }
        self.plan.drains.store(true, SeqCst);
        if habit == Habit::Drop(reads) {
            drop(body);
            return Ok(());
        }
        body.finish().map(drop)
    }

    /// Served, or refused because the client was closed.
    fn others(&self, thread: usize) {
        for n in 0..4 {
            let path = format!("/other/{thread}/{n}");
            let sent = self.client.get(self.server.url(&path)).unwrap().send();
            match sent.and_then(|mut response| response.body_mut().read_to_string(100)) {
                Ok(text) => assert_eq!(text, path),
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Pool(Refusal::ShutDown)), "{error}");
                    assert!(self.plan.closes(), "nobody closed it: {error}");
                }
            }
        }
    }

    /// All that is open is idle, for the client, for its connector and for the server, and there is room.
    fn check(&self) {
        lock(&self.plan.client).take();
        let stats = at_rest(&self.client);
        assert!(self.open.peak() <= self.room, "{} connections, {:?}", self.open.peak(), self.client);
        assert_eq!(self.open.now(), stats.idle, "{stats:?}");
        wait_for_open(&self.server, stats.idle);
        if self.plan.hit().is_some() && self.plan.closes() {
            assert_eq!(stats.open, 0, "{stats:?}");
            return;
        }
        std::thread::scope(|scope| {
            for _ in 0..=self.room {
                scope.spawn(|| assert_eq!(get(&self.client, &self.server.url("/next")), "/next"));
            }
        });
        let stats = at_rest(&self.client);
        assert_eq!(self.open.now(), stats.idle, "{stats:?}");
    }
}

/// What [`Read`] says is an error of the client's, wrapped.
fn unwrap_error(error: io::Error) -> Error {
    *error.into_inner().unwrap().downcast::<Error>().unwrap()
}

struct Observing<F>(F);

impl<F: Fn(&Observed<'_>) + Send + Sync + 'static> Observer for Observing<F> {
    fn observe(&self, event: &Observed<'_>) {
        (self.0)(event);
    }
}

fn good(plan: &Arc<Plan>) -> Pieces {
    Pieces { left: PIECES, last: || Ok(0), plan: plan.clone() }
}

fn silence_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("panics") {
            usual(info);
        }
    }));
}

/// A run in which that operation goes wrong: where it did, and what came of it.
fn hit(fault: Fault, operation: usize, room: usize, warm: bool, habit: Habit) -> (Option<At>, Ending) {
    let mut within = (fault == Fault::Stall).then_some(DEADLINE);
    loop {
        let plan = Plan::new(fault, operation);
        let world = World::new(plan.clone(), room, warm);
        let ending = world.run(within, habit, good(&plan));
        let too_slow = within.is_some() && plan.hit().is_none() && matches!(ending, Ending::Failed(_));
        if !too_slow {
            return (plan.hit(), ending);
        }
        within = within.map(|within| within * 2);
    }
}

/// Has every operation go wrong, one a run; how often the victim was hit at what.
fn at_every_operation(fault: Fault) {
    silence_panics();
    let mut table = BTreeMap::<At, usize>::new();
    for (room, warm) in [(1, true), (2, true), (1, false), (2, false)] {
        for habit in [Habit::ReadAll, Habit::Finish(2)] {
            let mut misses = 0;
            for operation in 0.. {
                let (at, ending) = hit(fault, operation, room, warm, habit);
                let Some(at) = at else {
                    assert!(matches!(ending, Ending::Answered), "nothing happened, and still: {ending:?}");
                    misses += 1;
                    if misses == MISSES {
                        break;
                    }
                    continue;
                };
                misses = 0;
                *table.entry(at).or_default() += 1;
                judge(fault, at, &ending);
            }
        }
    }
    println!("{fault:?} at:");
    for (at, n) in &table {
        println!("{n:6} {at:?}");
    }
    for at in
        [At::Dialing, At::BetweenGrantAndUse, At::Sending, At::AwaitingTheHead, At::InTheBody, At::InTheDrain]
    {
        assert!(table.contains_key(&at), "never {at:?}");
    }
}

/// What a fault may come to. A dial that fails or is late leaves its request to the connections of others, and a
/// connection that is dead before it is used is replaced.
fn judge(fault: Fault, at: At, ending: &Ending) {
    let has_connection = at > At::BetweenGrantAndUse;
    let fits = match (fault, ending) {
        // Its dial fails at the moment at which its deadline passes.
        (Fault::Stall, Ending::Failed(error)) => {
            at == At::Dialing || matches!(error.kind(), ErrorKind::Timeout)
        }
        (Fault::Stall, Ending::Answered) => at <= At::BetweenGrantAndUse || at == At::InTheDrain,
        (Fault::Panic, Ending::Panicked) => at != At::Dialing,
        (Fault::Panic, Ending::Answered | Ending::Failed(_)) => at == At::Dialing,
        (Fault::Error, Ending::Failed(_)) => true,
        (Fault::Error, Ending::Answered) => at <= At::BetweenGrantAndUse || at == At::InTheDrain,
        (Fault::Close, Ending::Answered) => true,
        (Fault::Close, Ending::Failed(error)) => {
            !has_connection && matches!(error.kind(), ErrorKind::Pool(Refusal::ShutDown))
        }
        (Fault::Stall | Fault::Error | Fault::Close, Ending::Panicked) => false,
    };
    assert!(fits, "{fault:?} at {at:?}: {ending:?}");
}

#[test]
fn a_deadline_that_passes_at_every_operation() {
    at_every_operation(Fault::Stall);
}

#[test]
fn a_transport_that_panics_at_every_operation() {
    at_every_operation(Fault::Panic);
}

#[test]
fn a_transport_that_fails_at_every_operation() {
    at_every_operation(Fault::Error);
}

#[test]
fn a_client_that_is_closed_at_every_operation() {
    at_every_operation(Fault::Close);
}

#[test]
fn a_body_that_is_dropped_after_every_read() {
    let reads = expected().len() / 10 + 3;
    for (room, warm) in [(1, true), (2, false)] {
        for reads in 0..=reads {
            for habit in [Habit::Drop(reads), Habit::Finish(reads)] {
                let plan = Plan::new(Fault::Error, usize::MAX);
                let ending = World::new(plan.clone(), room, warm).run(None, habit, good(&plan));
                assert!(matches!(ending, Ending::Answered), "{habit:?}: {ending:?}");
            }
        }
    }
}

#[test]
fn a_request_body_that_ends_badly_after_every_piece() {
    silence_panics();
    for (room, warm) in [(1, true), (2, false)] {
        for left in 0..=PIECES {
            let plan = Plan::new(Fault::Error, usize::MAX);
            let last = || Err(io::Error::other("this reader fails"));
            let world = World::new(plan.clone(), room, warm);
            let ending = world.run(None, Habit::ReadAll, Pieces { left, last, plan: plan.clone() });
            assert!(matches!(&ending, Ending::Failed(error) if matches!(error.kind(), ErrorKind::Body(_))));

            let plan = Plan::new(Fault::Error, usize::MAX);
            let last = || panic!("this reader panics");
            let world = World::new(plan.clone(), room, warm);
            let ending = world.run(None, Habit::ReadAll, Pieces { left, last, plan: plan.clone() });
            assert!(matches!(ending, Ending::Panicked), "{ending:?}");
        }
    }
}

#[test]
fn an_observer_that_panics_at_every_event() {
    silence_panics();
    for (room, warm) in [(1, true), (2, false)] {
        for bad in 0.. {
            let plan = Plan::new(Fault::Error, usize::MAX);
            let events = Arc::new(AtomicUsize::new(0));
            let told = events.clone();
            let world = World::observed(plan.clone(), room, warm, move |_| {
                assert!(told.fetch_add(1, SeqCst) != bad, "this observer panics");
            });
            let ending = world.run(None, Habit::ReadAll, good(&plan));
            assert!(matches!(ending, Ending::Answered), "{ending:?}");
            if events.load(SeqCst) <= bad {
                break;
            }
        }
    }
}

/// The only connection is in use; one waits for it in vain, and another one behind it does not.
#[test]
fn one_that_waits_gives_up_before_the_grant() {
    let (short, long) = (Duration::from_millis(5), Duration::from_secs(60));
    for (total, pool_wait) in [(Some(short), None), (Some(Duration::ZERO), None), (Some(long), Some(short))] {
        let plan = Plan::new(Fault::Error, usize::MAX);
        let world = World::new(plan, 1, true);
        let (client, url) = (&world.client, world.server.url("/upload"));
        let busy = client.get(&url).unwrap().send().unwrap();
        let call = call::Options { total, pool_wait, ..call::Options::default() };
        let config = Config { call, ..Config::default() };
        std::thread::scope(|scope| {
            let victim = scope.spawn(|| client.get(&url).unwrap().config(config).send());
            wait_until("it waits, or has ended", || client.stats().waiting > 0 || victim.is_finished());
            let behind = scope.spawn(|| get(client, &world.server.url("/behind")));
            let error = victim.join().unwrap().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Pool(_)), "{error}");
            assert!(matches!(error.phase(), Phase::PoolWait | Phase::Start), "{error:?}");
            wait_until("the other one waits", || client.stats().waiting == 1);
            drop(busy);
            assert_eq!(behind.join().unwrap(), "/behind");
        });
        world.check();
    }
}
