//! The order of things at a hop: the connection is given back, then the hop is said, then the next attempt begins.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod engine_world;
mod hopping;

use std::sync::Arc;

use engine_world::{Act, DialScript, Habits, Net, Piece, Reply, World, at, ms, request};
use hopping::{OK, busy, leads_to, retrying};
use httpocean_core::dial::Route;
use httpocean_core::pool::Options;
use httpocean_core::{
    BodyPlan, CallId, CloseReason, Config, ConnId, Driven, Engine, ErrorKind, Event, HopReason, Instant, Io,
    Phase, Task, TransportError,
};

/// An engine whose driver does nothing by itself.
struct Hand {
    engine: Engine,
    io: Io,
    now: Instant,
}

impl Hand {
    fn new(config: Config) -> Self {
        let options = Options { max_per_key: 1, ..Options::default() };
        Self { engine: Engine::new(options, Arc::new(config)), io: Io::default(), now: Instant::ZERO }
    }

    fn start(&mut self, method: &str, plan: BodyPlan) -> CallId {
        self.engine.start(request(method, "a.test", &[]), plan, self.now).unwrap()
    }

    /// The tasks there are, in short; the events of calls among them.
    fn tasks(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(task) = self.engine.next_task(self.now) {
            said.push(match task {
                Task::Event { event, .. } => engine_world::name(&event).to_owned(),
                Task::Close { why, .. } => format!("close {}", why.word()),
                Task::Dial { key, .. } => format!("dial {}", key.host()),
                Task::Drive(_) => "drive".to_owned(),
                other => format!("{other:?}").split(['(', ' ']).next().unwrap().to_lowercase(),
            });
        }
        said
    }

    /// Makes the connection that the engine asks for.
    fn connect(&mut self) -> ConnId {
        let Some(Task::Dial { conn, .. }) = self.engine.next_task(self.now) else { panic!("no dial") };
        assert_eq!(self.tasks(), ["resolve"]);
        self.engine.resolved(conn, Ok(Route::Direct), self.now);
        assert_eq!(self.tasks(), ["connect"]);
        self.engine.connected(conn, 0, Ok(()), self.now);
        assert_eq!(self.tasks(), ["drive"]);
        conn
    }

    fn drive(&mut self, conn: ConnId) -> &'static str {
        match self.engine.drive(conn, &mut self.io, self.now) {
            Driven::Event { event, .. } => engine_world::name(&event),
            Driven::Wait(_) => {
                self.io.tx.sent(self.io.tx.pending().len());
                "wait"
            }
            Driven::Free => "free",
        }
    }

    /// A GET of which `answer` has come, but nobody has looked at it.
    fn answered(config: Config, answer: &str) -> (Self, CallId, ConnId) {
        let mut it = Self::new(config);
        let call = it.start("GET", BodyPlan::empty());
        let conn = it.connect();
        assert_eq!(it.drive(conn), "wait");
        it.io.rx.append(answer.as_bytes());
        (it, call, conn)
    }
}

#[test]
fn a_connection_is_free_before_the_hop_is_said_and_unused_until_it_was_heard() {
    let (mut it, call, conn) = Hand::answered(Config::default(), &leads_to(302, "/there"));
    // The driver hears of more input before it gets to drive.
    it.engine.ready(conn, it.now);
    assert_eq!(it.drive(conn), "free");
    assert_eq!((it.engine.serves(conn), it.engine.connection(call)), (None, None));
    assert_eq!((it.engine.counts().idle, it.engine.counts().waiting), (1, 0));
    assert_eq!(it.drive(conn), "free", "however often it is driven");
    assert!(matches!(it.engine.next_task(it.now), Some(Task::Drive(which)) if which == conn));
    assert_eq!(it.drive(conn), "free");
    let Some(Task::Event { event: Event::Hop(hop), .. }) = it.engine.next_task(it.now) else { panic!() };
    assert_eq!((hop.why, it.engine.call(call).unwrap().uri().path()), (HopReason::Redirect, "/there"));
    assert_eq!((it.engine.serves(conn), it.drive(conn)), (None, "free"), "the driver is not back from it");
    assert_eq!(it.engine.next_timeout(), Some(it.now), "there is more to ask for");
    assert_eq!(it.tasks(), ["drive"]);
    assert_eq!((it.engine.serves(conn), it.drive(conn)), (Some(call), "wait"));
}

#[test]
fn a_connection_is_closed_before_the_next_is_dialed() {
    let closes = "HTTP/1.1 302 Elsewhere\r\nlocation: http://b.test/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (mut it, _, conn) = Hand::answered(Config::default(), closes);
    assert_eq!(it.drive(conn), "free");
    assert_eq!(it.tasks(), ["hop", "close close-header", "dial b.test", "resolve"]);

    let (mut it, _, conn) = Hand::answered(retrying(1, ms(50)), "");
    it.io.rx.set_eof();
    assert_eq!(it.drive(conn), "free");
    assert_eq!(it.tasks(), ["hop", "close peer-closed"]);
    it.now = at(49);
    assert_eq!((it.tasks(), it.engine.next_timeout()), (vec![], Some(at(50))));
    it.now = at(50);
    assert_eq!(it.tasks(), ["dial a.test", "resolve"]);
}

#[test]
fn the_body_is_asked_for_after_the_hop() {
    let mut it = Hand::new(Config::default());
    let call = it.start("PUT", BodyPlan::sized(4));
    let conn = it.connect();
    assert_eq!(it.drive(conn), "need-body");
    it.engine.send_body(call, b"body", &mut it.io);
    // The answer queues a drive; the redirect is there before it is asked for.
    it.io.tx.sent(it.io.tx.pending().len());
    it.io.rx.append(leads_to(308, "/there").as_bytes());
    assert_eq!(it.drive(conn), "free");
    it.engine.send_body(call, b"body", &mut it.io);
    assert_eq!(it.tasks(), ["drive", "hop", "drive"]);
    assert!(it.io.tx.pending().is_empty(), "an answer to nobody");
    assert_eq!(it.drive(conn), "need-body");
}

/// Nothing is said after the end, and the hop that was on its way comes before it.
#[test]
fn a_call_given_up_between_the_hop_and_its_being_said() {
    let pauses = || Hand::answered(retrying(1, ms(50)), &busy("1"));
    let goes_on = || Hand::answered(retrying(1, ms(50)), &leads_to(302, "/there"));
    for make in [pauses as fn() -> _, goes_on] {
        for act in [Act::Cancel, Act::Discard, Act::ShutDown] {
            for heard in [false, true] {
                let (mut it, call, conn) = make();
                assert_eq!(it.drive(conn), "free");
                if heard {
                    assert!(matches!(
                        it.engine.next_task(it.now),
                        Some(Task::Event { event: Event::Hop(_), .. })
                    ));
                }
                match act {
                    Act::Cancel => it.engine.cancel(call, it.now),
                    Act::Discard => it.engine.discard(call, it.now),
                    Act::ShutDown => it.engine.shut_down(it.now),
                }
                let mut said = it.tasks();
                said.retain(|task| !task.starts_with("close"));
                let all = ["hop", "failed"];
                assert_eq!(said, all[usize::from(heard)..], "{act:?}");
                let counts = it.engine.counts();
                assert_eq!((it.engine.calls(), counts.waiting, counts.dialing), (0, 0, 0));
                assert_eq!(counts.idle, usize::from(act != Act::ShutDown), "its connection is nobody's");
                assert_eq!(
                    it.engine.next_timeout().is_some(),
                    act != Act::ShutDown,
                    "idle until its deadline"
                );
            }
        }
    }
}

#[test]
fn a_dial_that_fails_hops_without_a_connection() {
    let mut it = Hand::new(retrying(1, ms(50)));
    let call = it.start("GET", BodyPlan::empty());
    let Some(Task::Dial { conn, .. }) = it.engine.next_task(it.now) else { panic!() };
    it.engine.resolved(conn, Err(TransportError::NotFound), it.now);
    assert_eq!(it.tasks(), ["close not-made", "hop"]);
    assert!(it.engine.connection(call).is_none() && !it.engine.waits_for_others(call));
    it.engine.cancel(call, it.now);
    let Some(Task::Event { event: Event::Failed(error), .. }) = it.engine.next_task(it.now) else { panic!() };
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Cancelled, Phase::Backoff));
    assert_eq!((error.history().len(), it.tasks().len(), it.engine.next_timeout()), (1, 0, None));
}

/// What comes on the free connection belongs to nobody: it costs the connection, not the call.
#[test]
fn bytes_between_the_hop_and_the_next_attempt() {
    let (mut it, call, conn) = Hand::answered(Config::default(), &leads_to(302, "/there"));
    assert_eq!(it.drive(conn), "free");
    it.io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong");
    assert_eq!(it.drive(conn), "free");
    assert_eq!(it.tasks(), ["hop", "close unasked", "dial a.test", "resolve"]);
    assert!(it.engine.call(call).is_some());
}

fn reasons(world: &World, user: usize) -> Vec<HopReason> {
    world.users[&user].hops.iter().map(|(_, hop)| hop.why).collect()
}

/// The one connection that there may be is free when the next attempt needs one.
#[test]
fn one_connection_is_enough() {
    let options = Options { max_per_key: 1, max_total: 1, max_dials: 1, ..Options::default() };
    for (batches, drives_first) in [(false, false), (true, false), (false, true), (true, true)] {
        let net = Net { batches, drives_first, ..Net::default() }.answers(|seen, _| {
            match seen.head.split(' ').nth(1) {
                Some("/") => Reply::after(ms(2), &leads_to(302, "/2")),
                Some("/2") => Reply::after(ms(2), &leads_to(302, "http://b.test/3")),
                Some("/3") => Reply::after(ms(2), &leads_to(302, "http://a.test/4")),
                _ => Reply::ok(ms(2)),
            }
        });
        let mut world = World::new(options.clone(), Config::default(), net);
        let users: Vec<_> = (0..5).map(|_| world.get_at(at(0), "a.test")).collect();
        world.run();
        for user in users {
            assert!(world.is_whole(user));
            assert_eq!(world.users[&user].heard, ["hop", "hop", "hop", "head", "data", "end"]);
        }
    }
}

/// Who hops to where others wait stands behind them.
#[test]
fn a_hop_does_not_jump_the_queue() {
    let net = Net::default().answers(|seen, n| match seen.head.starts_with("GET / ") && n == 0 {
        true => Reply::after(ms(2), &leads_to(302, "/again")),
        false => Reply::ok(ms(2)),
    });
    let mut world = World::new(Options { max_per_key: 1, ..Options::default() }, Config::default(), net);
    let hops = world.get_at(at(0), "a.test");
    let others = [world.get_at(at(1), "a.test"), world.get_at(at(2), "a.test")];
    world.run();
    assert_eq!(others.map(|user| world.ended_at(user)), [at(14), at(16)]);
    assert_eq!(world.ended_at(hops), at(18));
}

#[test]
fn a_call_that_waits_for_its_next_attempt_holds_nothing() {
    let busy_once =
        |_: &engine_world::Seen, n| Reply::after(ms(2), &if n == 0 { busy("5") } else { OK.to_owned() });
    let options = Options { max_per_key: 1, ..Options::default() };
    let mut world = World::new(options, retrying(3, ms(100)), Net::default().answers(busy_once));
    let waits = world.get_at(at(0), "a.test");
    let other = world.get_at(at(1), "a.test");
    world.run_until(at(12));
    let id = world.ids[&waits];
    assert!(world.engine.connection(id).is_none() && !world.engine.waits_for_others(id));
    assert_eq!((world.engine.counts().waiting, world.users[&waits].heard.as_slice()), (0, &["hop"][..]));
    world.run_until(at(14));
    assert!(world.is_whole(other), "the connection of the one that waits served it");
    world.run();
    assert_eq!((world.is_whole(waits), world.ended_at(waits), world.dials), (true, at(5014), 1));
    assert_eq!(reasons(&world, waits), [HopReason::RetryAfter]);
    assert_eq!(world.users[&waits].heard, ["hop", "head", "data", "end"]);
}

#[test]
fn a_hop_to_another_key_is_a_call_like_any_other_there() {
    let net = Net::default().answers(|seen, _| match seen.host.as_str() {
        "a.test" => Reply::after(ms(2), &leads_to(302, "http://b.test/")),
        _ => Reply::ok(ms(2)),
    });
    let mut world = World::new(Options::default(), Config::default(), net);
    let first = world.get_at(at(0), "b.test");
    let hops = world.get_at(at(0), "a.test");
    world.run();
    assert!(world.is_whole(first) && world.is_whole(hops));
    // The idle connection to b.test was at hand.
    assert_eq!((world.dials, world.users[&hops].reused, world.ended_at(hops)), (2, Some(1), at(14)));
    assert_eq!(
        world.seen.iter().map(|seen| seen.host.as_str()).collect::<Vec<_>>(),
        ["b.test", "a.test", "b.test"]
    );
}

/// The hop's own dial is slow; whichever connection is there first serves it.
#[test]
fn a_hop_takes_the_first_connection_whoever_dialed() {
    let net = Net::default().dials(|host, _| DialScript::takes(ms(if host == "b.test" { 100 } else { 1 })));
    let net = net.answers(|seen, _| match seen.host.as_str() {
        "a.test" => Reply::after(ms(2), &leads_to(302, "http://b.test/")),
        _ => Reply::ok(ms(2)),
    });
    let mut world = World::new(Options::default(), Config::default(), net);
    let first = world.get_at(at(0), "b.test");
    let hops = world.get_at(at(50), "a.test");
    world.run();
    assert_eq!((world.ended_at(first), world.ended_at(hops)), (at(102), at(104)));
}

/// In whichever order a driver goes about its tasks, and however late the user's answers are.
#[test]
fn a_user_hears_things_in_one_order() {
    for (batches, drives_first) in [(false, false), (true, false), (false, true), (true, true)] {
        for delay in [0, 1, 2, 3] {
            let net = Net { batches, drives_first, ..Net::default() };
            let net = net.answers(|seen, _| match seen.head.starts_with("PUT / ") {
                true => Reply::after(ms(2), &leads_to(307, "/there")),
                false => Reply::ok(ms(2)),
            });
            let mut world = World::new(Options::default(), Config::default(), net);
            let habits = Habits { body: vec![b"body".to_vec()], body_delay: ms(delay), ..Habits::default() };
            let put = world.start_at(at(0), request("PUT", "a.test", &[]), BodyPlan::sized(4), habits);
            // The connection is read once more when its answer is there, before any task is asked for.
            world.run_until(at(11 + delay));
            world.arrives_at(at(12 + delay), 0, Piece::Bytes(Vec::new()));
            world.run();
            assert_eq!(world.users[&put].heard, ["need-body", "hop", "need-body", "head", "data", "end"]);
            assert_eq!(
                world.seen.iter().map(|seen| seen.body.as_slice()).collect::<Vec<_>>(),
                [b"body", b"body"]
            );
        }
    }
}

/// The wait is counted from the answer, not from the end of its body, which is read meanwhile.
#[test]
fn a_503_is_read_to_its_end_and_its_connection_used_again() {
    let net = Net::default().answers(|_, n| match n {
        0 => Reply::after(ms(2), &busy("1")).split(56, ms(3)),
        _ => Reply::ok(ms(2)),
    });
    let mut world = World::new(Options::default(), retrying(1, ms(100)), net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    let (when, hop) = &world.users[&call].hops[0];
    assert_eq!(
        (hop.after, hop.status.unwrap().as_u16(), hop.uri.to_string().as_str()),
        (ms(1000), 503, "http://a.test/")
    );
    assert_eq!((*when, world.ended_at(call)), (at(15), at(1014)));
    assert_eq!(
        (world.dials, world.closed.iter().filter(|(_, _, why)| *why != CloseReason::IdleTooLong).count()),
        (1, 0)
    );
}
