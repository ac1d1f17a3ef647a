//! Random worlds: a seed decides hosts, users, options, limits, jumps of the clock, and what goes wrong.

use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use http::Method;

use httpocean_core::policy::{Backoff, Budget, Common, Retries, Seed};
use httpocean_core::pool::{DialPolicy, Options, Order, Surplus};
use httpocean_core::{BodyPlan, Config, Instant, Limits, call, dial};

use httpocean_driver::record::Recording;

use super::dice::Dice;
use super::faults::{Fault, Faults};
use super::ledger::{Judged, Violation};
use super::log::{Line, Log};
use super::network::Weather;
use super::peer::Peer;
use super::sim::{Habits, Sim};
use super::visit::{Act, Visit};

/// A world that a seed decides, in parts that can be left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Scene {
    /// What decides it.
    pub seed: u64,
    /// The numbers of its users; what each does is decided by the seed and the number.
    pub users: Vec<usize>,
    /// The hosts that are hostile, by number.
    pub hostile: Vec<usize>,
    /// Jumps of the clock, by number.
    pub jumps: Vec<usize>,
    /// The kinds of faults that are left out, as bits.
    pub without: u64,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Requests, hops included.
    pub requests: u64,
    /// Calls.
    pub calls: u64,
    /// Calls whose response came whole.
    pub whole: u64,
    /// What went wrong on purpose.
    pub faults: Faults,
    /// All that was said and done, as one number.
    pub digest: u64,
    /// The end, by the clock of the network.
    pub end: Instant,
    /// How often each rule was at stake.
    pub judged: Judged,
    /// The rule that was broken, if one was.
    pub violation: Option<Violation>,
    /// What happened; empty unless asked for.
    pub lines: Vec<Line>,
}

const HOSTS: [&str; 4] = ["a.test", "b.test", "c.test", "d.test"];

impl Scene {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::of(&[seed, 100]);
        let most = if dice.chance(20) { 120 } else { 40 };
        let users = 1 + dice.below(most) as usize;
        let hostile = (0..HOSTS.len()).filter(|_| dice.chance(40)).collect();
        let jumps = if dice.chance(25) { 1 + dice.below(3) as usize } else { 0 };
        Self { seed, users: (0..users).collect(), hostile, jumps: (0..jumps).collect(), without: 0 }
    }

    /// Runs it to its end. A panic on the way is a violation too.
    pub fn play(&self, keeps_lines: bool) -> Outcome {
        self.play_on(self.stage(), keeps_lines)
    }

    /// The same, and writes down what the engine is told and says.
    pub fn record(&self, recording: Recording) -> Outcome {
        let mut sim = self.stage();
        sim.record(recording);
        self.play_on(sim, false)
    }

    fn play_on(&self, mut sim: Sim, keeps_lines: bool) -> Outcome {
        sim.log = Log::new(keeps_lines);
        sim.terse = true;
        let result = catch_unwind(AssertUnwindSafe(|| sim.try_run()));
        let violation = result.unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<String>().cloned();
            let what = what.or_else(|| panic.downcast_ref::<&str>().map(|what| (*what).to_owned()));
            Err(Violation { rule: "panic", at: sim.now(), what: what.unwrap_or_default() })
        });
        let calls = sim.users.len() as u64;
        Outcome {
            requests: calls + sim.users.iter().map(|user| user.answer.hops as u64).sum::<u64>(),
            calls,
            whole: sim.users.iter().filter(|user| user.answer.is_whole()).count() as u64,
            faults: sim.faults().clone(),
            digest: sim.digest(),
            end: sim.net.now(),
            judged: sim.ledger.judged().clone(),
            violation: violation.err(),
            lines: sim.log().to_vec(),
        }
    }

    fn stage(&self) -> Sim {
        let mut dice = Dice::of(&[self.seed, 101]);
        let budget = (1 + dice.below(4) as usize, 20 + 10 * dice.below(5) as usize);
        let mut sim = Sim::with(self.seed, pool_options(&mut dice), config(&mut dice));
        let shared = Budget::new(budget.0 as u32, budget.1 as u32);
        let shows_passing = self.seed % 2 == 1;
        let seed = Seed::new(dice.roll());
        sim.share(Common { budget: shared, seed, shows_passing, ..Common::default() });
        sim.ledger.budget = Some(budget);
        sim.net.faults = Faults::without(self.without);
        sim.set_weather(Weather {
            round_trip: dice.millis(10),
            split_percent: dice.pick(&[0, 30, 100]),
            jitter: dice.millis(8),
            narrow_percent: dice.pick(&[0, 0, 40]),
        });
        sim.set_habits(Habits {
            batches: dice.chance(50),
            drives_first: dice.chance(50),
            haunts_every: dice.pick(&[0, 7, 50]),
        });
        let names: Vec<String> = HOSTS.iter().map(|name| (*name).to_owned()).collect();
        for (n, name) in HOSTS.iter().enumerate() {
            let seed = Dice::of(&[self.seed, 102, n as u64]).roll();
            let peer = if self.hostile.contains(&n) { Peer::hostile(seed) } else { Peer::honest(seed) };
            sim.host(name, peer.redirects_to(names.clone()));
        }
        let span = dice.pick(&[20, 200, 2_000]);
        self.fill(&mut sim, span, dice);
        sim
    }

    fn fill(&self, sim: &mut Sim, span: u64, mut dice: Dice) {
        for number in &self.users {
            let mut dice = Dice::of(&[self.seed, 103, *number as u64]);
            let (at, visit) = (dice.millis(span), visit(&mut dice, &sim.net.faults));
            sim.start_in(at, visit);
        }
        for number in &self.jumps {
            let mut dice = Dice::of(&[self.seed, 104, *number as u64]);
            let at = dice.millis(2 * span);
            let by = Duration::from_millis(dice.pick(&[30, 1_000, 70_000, 4_000_000]));
            let forward = dice.chance(50);
            if forward && sim.net.faults.may(Fault::JumpForward) {
                sim.jump_in(at, by);
            } else if !forward && sim.net.faults.may(Fault::JumpBackward) {
                sim.jump_back_in(at, by);
            }
        }
        if dice.chance(10) && sim.net.faults.may(Fault::ShutDown) {
            sim.shut_down_in(dice.millis(2 * span));
        }
    }
}

fn visit(dice: &mut Dice, faults: &Faults) -> Visit {
    let url = format!("http://{}/{}", dice.pick(&HOSTS), dice.below(50));
    let mut visit = Visit::get(&url);
    let pieces = || (0..1 + (url.len() % 4)).map(|n| vec![b'a' + n as u8; 300 * n + 5]).collect::<Vec<_>>();
    let kind = dice.below(10);
    if kind < 5 {
        visit =
            visit.method(dice.pick(&[Method::GET, Method::GET, Method::GET, Method::HEAD, Method::DELETE]));
    } else {
        let body = pieces();
        let size = body.iter().map(|piece| piece.len() as u64).sum();
        let method = dice.pick(&[Method::POST, Method::POST, Method::PUT]);
        let plan =
            BodyPlan { size: dice.chance(50).then_some(size), replayable: dice.chance(50), trailers: false };
        let request = http::Request::builder().method(method).uri(url.as_str()).body(()).expect("a request");
        visit = Visit::of(request, plan, body);
        if dice.chance(15) {
            visit = visit.field("expect", "100-continue");
        }
        if dice.chance(15) {
            visit = visit.field("idempotency-key", "k");
        }
        if dice.chance(25) && faults.may(Fault::SlowBody) {
            visit = visit.body_every(dice.millis(20));
        }
        if dice.chance(4) {
            visit = visit.body_fails();
        }
    }
    if dice.chance(20) {
        visit = visit.reads_slowly(dice.millis(25));
    }
    if dice.chance(12) && faults.may(Fault::Cancel) {
        visit = visit.acts_after(dice.millis(80), Act::Cancel);
    }
    if dice.chance(12) && faults.may(Fault::Discard) {
        visit = visit.acts_after(dice.millis(80), Act::Discard);
    }
    visit
}

fn pool_options(dice: &mut Dice) -> Options {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    let options = Options {
        max_per_key: dice.pick(&[1, 2, 3, 8, 64]),
        max_total: dice.pick(&[1, 2, 4, 9, 512]),
        max_idle_per_key: dice.pick(&[0, 1, 2, 16]),
        max_idle_total: dice.pick(&[0, 1, 3, 128]),
        max_waiters: dice.pick(&[3, 20, 16_384, 16_384, 16_384, 16_384]),
        max_dials_per_key: dice.pick(&[1, 2, 16]),
        max_dials: dice.pick(&[1, 3, 64]),
        order: dice.pick(&[Order::Lifo, Order::Fifo, Order::RoundRobin]),
        dial: dice.pick(&[DialPolicy::Eager, DialPolicy::Eager, DialPolicy::Wait(MS(7))]),
        surplus: dice.pick(&[Surplus::Keep, Surplus::Cancel]),
        idle: dice.pick(&[MS(90_000), MS(30), MS(1_000)]),
        idle_margin: dice.pick(&[MS(1_000), MS(0), MS(100)]),
        lifetime: dice.pick(&[None, None, Some(MS(60)), Some(MS(900))]),
        max_uses: dice.pick(&[None, None, Some(1), Some(3)]),
        jitter_percent: dice.pick(&[0, 0, 30]),
        turns: dice.pick(&[0, 1, 8]),
        seed: dice.roll(),
        min_idle: 0,
    };
    Options { min_idle: [0, 0, 1, 3][options.seed as usize % 4], ..options }
}

fn config(dice: &mut Dice) -> Config {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    Config {
        call: call::Options {
            total: dice.pick(&[None, None, Some(MS(50)), Some(MS(400)), Some(MS(5_000)), Some(MS(20_000))]),
            pool_wait: dice.pick(&[None, None, None, None, Some(MS(5)), Some(MS(60))]),
            send: Some(MS(500)),
            first_byte: Some(dice.pick(&[MS(30), MS(1_000)])),
            idle: Some(dice.pick(&[MS(15), MS(1_000)])),
            await_continue: MS(10),
            expect_continue: dice.chance(5),
            replay_any_method: dice.chance(10),
            ..call::Options::default()
        },
        dial: dial::Options {
            resolve: Some(MS(100)),
            connect: Some(dice.pick(&[MS(90), MS(500)])),
            connect_each: Some(MS(60)),
            attempt_delay: MS(dice.pick(&[10, 30])),
            ..dial::Options::default()
        },
        retries: Retries {
            total: Some(dice.below(4) as u32),
            backoff: Backoff { base: MS(dice.pick(&[0, 10, 200])), ..Backoff::default() },
            retry_after_max: MS(2_000),
            ..Retries::default()
        },
        limits: Limits {
            drain_bytes: dice.pick(&[0, 500, 65_536]),
            head_bytes: 32 * 1024,
            ..Limits::default()
        },
        ..Config::default()
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let without: Vec<_> =
            Fault::ALL.iter().filter(|fault| self.without & (1 << **fault as u64) != 0).collect();
        let Self { seed, users, hostile, jumps, .. } = self;
        write!(
            f,
            "seed {seed}, users {users:?}, hostile hosts {hostile:?}, jumps {jumps:?}, without {without:?}"
        )
    }
}
