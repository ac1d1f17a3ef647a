//! The simulation: an engine, a driver that does exactly what it is told, users, and a ledger that watches.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use httpocean_core::policy::Common;
use httpocean_core::pool::Options;
use httpocean_core::{CallId, Config, ConnId, Engine, Instant};
use httpocean_driver::record::{Recorder, Recording};

use super::driver::Link;
use super::faults::Faults;
use super::host::Server;
use super::ledger::{Judged, Ledger, Violation};
use super::log::{Line, Log};
use super::network::{Network, SocketId, Weather};
use super::visit::{Act, Answer, Visit};

/// A client in a virtual network and in virtual time. See the [module](super).
pub struct Sim {
    pub(super) engine: Recorder,
    pub(super) net: Network,
    pub(super) ledger: Ledger,
    pub(super) log: Log,
    pub(super) habits: Habits,
    pub(super) links: Vec<Option<Link>>,
    /// Whose attempt a socket is.
    pub(super) sockets: Vec<(ConnId, u8)>,
    pub(super) users: Vec<User>,
    pub(super) numbers: Vec<Option<(CallId, usize)>>,
    common: Common,
    recording: Option<Recording>,
    plans: Vec<Option<Plan>>,
    free_plans: Vec<usize>,
    /// The clock of the client is so far ahead of that of the network, or behind it.
    skew: i64,
    pub(super) dead: Vec<ConnId>,
    /// Tasks and events so far.
    pub(super) said: u64,
    /// Nobody looks at bodies and fields.
    pub(super) terse: bool,
}

/// How the driver goes about its work, within what its contract allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// All that happens at one instant is told before any task is asked for, as a reactor does it.
    pub batches: bool,
    /// What is readable is driven at once, and tasks are asked for later.
    pub drives_first: bool,
    /// At every so many steps it uses an id of something that is gone; 0 is never.
    pub haunts_every: u64,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) visit: Option<Visit>,
    pub(super) call: Option<CallId>,
    pub(super) answer: Answer,
    /// Bytes of the body that were handed over.
    pub(super) handed: usize,
    /// Whether more of it was asked for.
    pub(super) asked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    Start(usize),
    Act(usize, Act),
    Body(CallId, usize),
    Read(ConnId, CallId),
    Jump(i64),
    ShutDown,
}

impl Sim {
    /// A client with default options, and no host yet. The seed decides whatever is random.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Options::default(), Config::default())
    }

    /// With these options.
    pub fn with(seed: u64, pool: Options, config: Config) -> Self {
        let ledger = Ledger::new(pool.clone());
        Self {
            engine: Recorder::new(pool, Arc::new(config), Common::default(), None),
            net: Network::new(seed),
            ledger,
            log: Log::new(true),
            habits: Habits::default(),
            links: Vec::new(),
            sockets: Vec::new(),
            users: Vec::new(),
            numbers: Vec::new(),
            common: Common::default(),
            recording: None,
            plans: Vec::new(),
            free_plans: Vec::new(),
            skew: 0,
            dead: Vec::new(),
            said: 0,
            terse: false,
        }
    }

    /// What all calls share: to be said before the first begins.
    pub fn share(&mut self, common: Common) {
        self.common = common;
        self.begin_again();
    }

    /// Writes down what the engine is told and says, for [`replay`](httpocean_driver::record::replay): to be said
    /// before the first call begins.
    pub fn record(&mut self, recording: Recording) {
        self.recording = Some(recording);
        self.begin_again();
    }

    fn begin_again(&mut self) {
        let (pool, config) = (self.ledger.options().clone(), self.engine.config().clone());
        self.engine = Recorder::new(pool, config, self.common.clone(), self.recording.clone());
    }

    /// Puts a server behind a name: a [`Host`](super::Host) by script, a [`Peer`](super::Peer) at random, or your own.
    pub fn host(&mut self, name: &str, server: impl Server + 'static) {
        self.net.host(name, server);
    }

    /// How the network treats bytes.
    pub fn set_weather(&mut self, weather: Weather) {
        self.net.set_weather(weather);
    }

    /// How the driver goes about its work.
    pub fn set_habits(&mut self, habits: Habits) {
        self.habits = habits;
    }

    /// The time, by the clock of the client.
    pub fn now(&self) -> Instant {
        Instant::from_micros(self.net.now().as_micros().saturating_add_signed(self.skew))
    }

    /// Begins a request; its number, for [`answer`](Self::answer) and [`act_in`](Self::act_in).
    pub fn start(&mut self, visit: Visit) -> usize {
        self.start_in(Duration::ZERO, visit)
    }

    /// A request that will begin in so long.
    pub fn start_in(&mut self, delay: Duration, visit: Visit) -> usize {
        let number = self.users.len();
        self.users.push(User {
            visit: Some(visit),
            call: None,
            answer: Answer::default(),
            handed: 0,
            asked: false,
        });
        self.plan_in(delay, Plan::Start(number));
        number
    }

    /// Something that a user will do in so long.
    pub fn act_in(&mut self, delay: Duration, number: usize, act: Act) {
        self.plan_in(delay, Plan::Act(number, act));
    }

    /// In so long, the client's clock will jump forward, as after a suspend.
    pub fn jump_in(&mut self, delay: Duration, forward: Duration) {
        self.plan_in(delay, Plan::Jump(micros(forward)));
    }

    /// In so long, the client's clock will be set back.
    pub fn jump_back_in(&mut self, delay: Duration, back: Duration) {
        self.plan_in(delay, Plan::Jump(-micros(back)));
    }

    /// In so long, the client will be shut down.
    pub fn shut_down_in(&mut self, delay: Duration) {
        self.plan_in(delay, Plan::ShutDown);
    }

    /// Begins a request and goes on until its end: what a blocking client would do. Panics as [`run`](Self::run) does.
    pub fn fetch(&mut self, visit: Visit) -> Answer {
        let number = self.start(visit);
        while self.users[number].answer.ended.is_none() && self.turn(None) {}
        self.demand();
        self.users[number].answer.clone()
    }

    /// Lets so much time pass, with all that happens in it. Panics as [`run`](Self::run) does.
    pub fn sleep(&mut self, duration: Duration) {
        let end = self.net.now() + duration;
        while self.turn(Some(end)) {}
        self.net.sleep_until(end);
        self.demand();
    }

    /// Goes on until nothing is left to happen and nothing to wait for; idle connections have come to their
    /// deadlines then. Panics if an invariant is broken, with the last lines of what happened.
    pub fn run(&mut self) {
        if let Err(violation) = self.try_run() {
            self.fail(&violation);
        }
    }

    /// The same, with the broken invariant as the answer.
    pub fn try_run(&mut self) -> Result<(), Violation> {
        while self.turn(None) {}
        // Nobody is woken to forget a key whose dials failed; whoever comes by later does it.
        let later = self.network_time(self.ledger.now() + Duration::from_secs(2));
        self.net.sleep_until(later);
        self.carry_out();
        self.ledger.is_over(&self.engine);
        self.ledger.violation().map_or(Ok(()), Err)
    }

    /// What came of a request so far.
    pub fn answer(&self, number: usize) -> &Answer {
        &self.users[number].answer
    }

    /// What happened.
    pub fn log(&self) -> &[Line] {
        self.log.lines()
    }

    /// What happened, as one number.
    pub fn digest(&self) -> u64 {
        self.log.digest()
    }

    /// What went wrong on purpose.
    pub fn faults(&self) -> &Faults {
        self.net.faults()
    }

    /// How often each invariant was at stake.
    pub fn judged(&self) -> &Judged {
        self.ledger.judged()
    }

    /// The engine, to ask it things.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The network, to ask it things.
    pub fn network(&self) -> &Network {
        &self.net
    }

    pub(super) fn plan_in(&mut self, delay: Duration, plan: Plan) {
        let token = match self.free_plans.pop() {
            Some(free) => free,
            None => {
                self.plans.push(None);
                self.plans.len() - 1
            }
        };
        self.plans[token] = Some(plan);
        self.net.alarm(self.net.now() + delay, token as u64);
    }

    pub(super) fn take_plan(&mut self, token: u64) -> Option<Plan> {
        let plan = self.plans.get_mut(token as usize)?.take()?;
        self.free_plans.push(token as usize);
        Some(plan)
    }

    pub(super) fn jump(&mut self, micros: i64) {
        let past = self.now();
        self.skew = self.skew.saturating_add(micros);
        // Before the epoch of the client there is no time.
        let floor = -i64::try_from(self.net.now().as_micros()).unwrap_or(i64::MAX);
        self.skew = self.skew.max(floor);
        let now = self.now();
        self.note(30, past.as_micros(), now.as_micros(), || "the clock jumps".to_owned());
    }

    /// When the network has that time, the client has `at`.
    pub(super) fn network_time(&self, at: Instant) -> Instant {
        Instant::from_micros(at.as_micros().saturating_add_signed(-self.skew))
    }

    pub(super) fn note(&mut self, kind: u64, a: u64, b: u64, what: impl FnOnce() -> String) {
        let now = self.now();
        self.log.note(now, kind, a, b, what);
    }

    pub(super) fn socket_of(&self, conn: ConnId) -> Option<SocketId> {
        self.links.get(conn.index())?.as_ref().filter(|link| link.id == conn)?.socket
    }

    fn demand(&self) {
        if let Some(violation) = self.ledger.violation() {
            self.fail(&violation);
        }
    }

    fn fail(&self, violation: &Violation) -> ! {
        let lines = self.log();
        let last: Vec<String> = lines[lines.len().saturating_sub(60)..].iter().map(Line::to_string).collect();
        panic!("{violation}, with the seed {}\n{}", self.net.seed, last.join("\n"));
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("now", &self.now()).field("net", &self.net).finish_non_exhaustive()
    }
}
