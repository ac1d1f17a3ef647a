//! A call with hops of every kind comes to its end at any step: one last event, nothing lost, nobody else disturbed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod engine_world;
mod hopping;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use engine_world::{Act, DialScript, Ending, Habits, Net, Piece, Reply, World, at, ms};
use hopping::{OK, Play, leads_to, reply, retries, within};
use http::StatusCode;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Options, Refusal};
use httpocean_core::{
    BodyPlan, Config, ErrorKind, Fault, HopReason, Instant, NotRetried, Phase, TransportError,
};

const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy";

fn stubborn() -> Config {
    let statuses = vec![StatusCode::SERVICE_UNAVAILABLE];
    Config { retries: Retries { statuses, ..retries(5, ms(20)) }, ..Config::default() }
}

/// To a.test, from there to b.test, which is busy at first, to c.test, which refuses at first, and to d.test, where
/// the idle connection is stale.
fn net(batches: bool, drives_first: bool) -> Net {
    let (busy, refused, last) = (Cell::new(true), Cell::new(true), Cell::new(0));
    let dial = move |host: &str, _| match host {
        "c.test" if refused.replace(false) => DialScript::fails(ms(4), TransportError::Refused),
        _ => DialScript::takes(ms(3)),
    };
    let net = Net { batches, drives_first, write: 30, ..Net::default() }.dials(dial);
    net.answers(move |seen, _| match seen.head.split(' ').nth(1).unwrap() {
        "/1" => Reply::after(ms(2), &leads_to(302, "http://b.test/2")).split(72, ms(2)),
        "/2" if busy.replace(false) => Reply::after(ms(2), BUSY).split(40, ms(1)),
        "/2" => Reply::after(ms(2), &leads_to(307, "http://c.test/3")),
        "/3" => Reply::after(ms(2), &leads_to(301, "http://d.test/4")),
        "/4" if last.replace(last.get() + 1) == 0 => Reply::default().then(ms(2), Piece::Close),
        _ => Reply::after(ms(2), OK).split(20, ms(2)),
    })
}

fn get(url: &str, config: Option<Config>) -> http::Request<()> {
    let mut request = http::Request::get(url).body(()).unwrap();
    if let Some(config) = config {
        request.extensions_mut().insert(Arc::new(config));
    }
    request
}

/// Call 0 is the one with hops; the others are in its way.
fn life(per_key: usize, (batches, drives_first): (bool, bool), own: Option<Config>) -> World {
    let options = Options { max_per_key: per_key, ..Options::default() };
    let mut world = World::new(options, stubborn(), net(batches, drives_first));
    let habits = || Habits { reads: ms(3), ..Habits::default() };
    // Who holds a piece when the deadline passes hears of it when they are done: that is not what is measured.
    let victims = if own.is_some() { Habits::default() } else { habits() };
    world.start_at(at(0), get("http://a.test/1", own), BodyPlan::empty(), victims);
    for (when, url) in [
        (0, "http://d.test/warm"),
        (10, "http://b.test/other"),
        (30, "http://b.test/more"),
        (40, "http://c.test/other"),
    ] {
        world.start_at(at(when), get(url, None), BodyPlan::empty(), habits());
    }
    world
}

fn reasons(world: &World) -> Vec<HopReason> {
    world.users[&0].hops.iter().map(|(_, hop)| hop.why).collect()
}

const WAYS: [(usize, (bool, bool)); 4] =
    [(1, (false, false)), (1, (true, true)), (6, (true, false)), (6, (false, true))];

#[test]
fn undisturbed_it_has_hops_of_every_kind() {
    for (per_key, way) in WAYS {
        let mut calm = life(per_key, way, None);
        calm.run();
        for user in calm.users.keys() {
            assert!(calm.is_whole(*user), "{user}: {:?}", calm.users[user].end);
        }
        use HopReason::{ConnectFailed, Redirect, StaleConnection, Status};
        assert_eq!(reasons(&calm), [Redirect, Status, Redirect, ConnectFailed, Redirect, StaleConnection]);
        assert_eq!((calm.users[&0].status, calm.users[&0].body.as_slice()), (Some(200), &b"hi"[..]));
    }
}

fn others_are_served(world: &World, what: &str) {
    for (number, user) in world.users.iter().filter(|(number, _)| **number > 0) {
        assert!(world.is_whole(*number), "{what}: {number} ends with {:?}", user.end);
        assert_eq!((user.status, user.body.as_slice()), (Some(200), &b"hi"[..]), "{what}: {number}");
    }
}

#[test]
fn given_up_at_any_step() {
    for (per_key, way) in WAYS {
        let mut calm = life(per_key, way, None);
        calm.run();
        for act in [Act::Cancel, Act::Discard] {
            let (mut phases, mut hops) = (BTreeSet::new(), BTreeSet::new());
            for step in 0..calm.steps {
                let mut world = life(per_key, way, None);
                world.interrupt = Some((step, 0, act));
                world.haunted = step % 7 == 0;
                world.run();
                others_are_served(&world, &format!("{act:?} at {step}"));
                assert_eq!(world.users.len(), calm.users.len());
                if let Some((_, Ending::Failed(error))) = &world.users[&0].end {
                    assert_eq!(error.kind(), &ErrorKind::Cancelled, "at step {step}");
                    assert_eq!(error.history().len().max(world.users[&0].hops.len()), error.history().len());
                    phases.insert(format!("{:?}", error.phase()));
                    hops.insert(error.history().len());
                } else {
                    assert!(world.is_whole(0), "at step {step}: {:?}", world.users[&0].end);
                }
            }
            assert_eq!(hops, (0..=6).collect(), "each attempt was given up");
            let wanted = ["Backoff", "PoolWait", "RecvHead", "SendHead"].map(str::to_owned);
            assert!(wanted.iter().all(|phase| phases.contains(phase)), "{phases:?}");
        }
    }
}

#[test]
fn a_deadline_at_any_time() {
    for (per_key, way) in WAYS {
        let mut calm = life(per_key, way, Some(stubborn()));
        calm.run();
        let end = calm.ended_at(0);
        let mut phases = BTreeSet::new();
        for half in 1.. {
            let total = ms(1) * half / 2;
            let deadline = Instant::ZERO + total;
            if deadline > end + ms(2) {
                break;
            }
            let mut world = life(per_key, way, Some(within(total, stubborn())));
            world.run();
            others_are_served(&world, &format!("{total:?}"));
            assert!(world.ended_at(0) <= deadline, "{total:?}: at {:?}", world.ended_at(0));
            match &world.users[&0].end {
                Some((when, Ending::Failed(error))) if error.kind() == &ErrorKind::Timeout => {
                    assert_eq!(*when, deadline);
                    // Of a wait for a connection of our own nobody else is to blame.
                    let is_ours = error.fault() == Fault::Local;
                    assert!(!is_ours || error.phase() == Phase::PoolWait, "{total:?}: {error}");
                    phases.insert(format!("{:?}", error.phase()));
                }
                Some((_, Ending::Failed(error))) => {
                    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
                    assert_eq!(error.not_retried(), Some(NotRetried::WouldPassDeadline));
                }
                Some((_, Ending::Whole)) => {
                    assert!(deadline > end || world.users[&0].status == Some(503), "{total:?}")
                }
                other => panic!("{other:?}"),
            }
        }
        let wanted = ["Connect", "Drain", "RecvBody", "RecvHead"].map(str::to_owned);
        assert!(wanted.iter().all(|phase| phases.contains(phase)), "{phases:?}");
    }
}

#[test]
fn shut_down_at_any_step() {
    for (per_key, way) in WAYS {
        let mut calm = life(per_key, way, None);
        calm.run();
        let mut refused = 0;
        for step in 0..calm.steps {
            let mut world = life(per_key, way, None);
            world.interrupt = Some((step, 0, Act::ShutDown));
            world.run();
            let shut = world.shut.unwrap();
            for (number, user) in &world.users {
                match &user.end {
                    Some((_, Ending::Whole)) => {}
                    Some((_, Ending::Failed(error))) => {
                        assert_eq!(
                            error.kind(),
                            &ErrorKind::Pool(Refusal::ShutDown),
                            "{number} at step {step}"
                        );
                        refused += 1;
                    }
                    other => panic!("{number} at step {step}: {other:?}"),
                }
            }
            // Who waited for the next attempt does not wait any longer.
            let pausing =
                world.users[&0].hops.last().filter(|(when, hop)| *when < shut && shut < *when + hop.after);
            if pausing.is_some() {
                assert_eq!(world.ended_at(0), shut, "at step {step}");
            }
        }
        assert!(refused > calm.steps / 4, "{refused}");
    }
}

/// Not by way of an engine: a redirect, a 503 and a lost answer.
#[test]
fn a_call_by_itself_given_up_at_any_step() {
    let server = |n| match n {
        0 => reply(ms(2), &leads_to(302, "/there")),
        1 => vec![(ms(2), Some(BUSY[..40].to_owned())), (ms(4), Some(BUSY[40..].to_owned()))],
        2 => vec![(ms(1), None)],
        _ => reply(ms(2), OK),
    };
    let play = || Play::new(stubborn(), ms(3), common::conn, server);
    let mut calm = play();
    assert_eq!((calm.run(), calm.hops.len(), calm.status), (None, 3, Some(200)));
    let mut given_up = BTreeSet::new();
    for step in 0..calm.steps {
        for discard in [false, true] {
            let mut it = play();
            it.gives_up = Some((step, discard));
            let end = it.run();
            assert_eq!(it.attached, it.released, "at step {step}");
            assert!(it.now <= calm.now);
            match &end {
                Some(error) => {
                    assert_eq!(error.kind(), &ErrorKind::Cancelled);
                    given_up.insert((error.history().len(), format!("{:?}", error.phase())));
                }
                None => assert_eq!(it.status, Some(200), "at step {step}"),
            }
            assert_eq!(it.run(), end, "it sticks");
        }
    }
    for (hops, phase) in [
        (0, Phase::PoolWait),
        (0, Phase::RecvHead),
        (1, Phase::RecvHead),
        (2, Phase::Backoff),
        (3, Phase::Backoff),
        (3, Phase::PoolWait),
        (3, Phase::RecvHead),
    ] {
        assert!(given_up.contains(&(hops, format!("{phase:?}"))), "{hops} {phase:?}: {given_up:?}");
    }
}
