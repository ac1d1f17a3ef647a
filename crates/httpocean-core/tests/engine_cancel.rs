//! Whoever gives up, at whichever step: no slot is lost, nobody else is disturbed, and there is one end.
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{Act, DialScript, Ending, Habits, Net, Piece, Reply, World, at, bytes, ms, once, request};
use httpocean_core::dial::{self, Route};
use httpocean_core::pool::{Options, Surplus};
use httpocean_core::{BodyPlan, Config, ErrorKind};

/// The victim is call 0; two others share its key, one has another.
fn upload(surplus: Surplus) -> World {
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let net = Net { write: 40, ..Net::default() }.serves(move |_, _, _| {
        Reply::after(ms(3), chunked).on_head(ms(1), bytes("HTTP/1.1 100 Continue\r\n\r\n")).split(7, ms(1))
    });
    let net = net.dials(|_, n| DialScript {
        route: Ok(Route::Addresses(
            ["192.0.2.1:80", "192.0.2.2:80"].map(|a| a.parse().unwrap()).into_iter().collect(),
        )),
        // The first address is too slow; its answer comes after it was given up.
        connects: vec![Some((ms(15), Ok(()))), Some((ms(n as u64 + 3), Ok(())))],
        ..DialScript::takes(ms(5))
    });
    let options = Options { max_per_key: 2, max_dials_per_key: 1, surplus, ..Options::default() };
    let dial = dial::Options { connect_each: Some(ms(10)), ..dial::Options::default() };
    let mut world = World::new(options, Config { dial, ..Config::default() }, net);
    let habits = Habits {
        body: vec![b"12345".to_vec(), b"67890".to_vec()],
        body_delay: ms(2),
        reads: ms(4),
        ..Habits::default()
    };
    let post = || request("POST", "a.test", &[("expect", "100-continue")]);
    world.start_at(at(0), post(), once(Some(10)), habits.clone());
    world.start_at(at(0), post(), once(None), habits.clone());
    world.start_at(at(8), request("GET", "a.test", &[]), BodyPlan::empty(), habits);
    world.get_at(at(0), "b.test");
    world
}

fn at_every_step(make: impl Fn() -> World, act: Act) {
    let mut calm = make();
    calm.run();
    for user in 0..calm.users.len() {
        assert!(calm.is_whole(user), "undisturbed, {user} is served: {:?}", calm.users[&user].end);
    }
    for step in 0..calm.steps {
        let mut world = make();
        world.interrupt = Some((step, 0, act));
        world.run();
        assert_eq!(world.users.len(), calm.users.len());
        match &world.users[&0].end {
            Some((_, Ending::Whole)) => {}
            Some((_, Ending::Failed(error))) => {
                assert_eq!(error.kind(), &ErrorKind::Cancelled, "at step {step}")
            }
            other => panic!("at step {step}: {other:?}"),
        }
        for other in 1..world.users.len() {
            let (user, before) = (&world.users[&other], &calm.users[&other]);
            assert!(world.is_whole(other), "at step {step}, {other}: {:?}", user.end);
            assert_eq!((&user.body, user.status), (&before.body, before.status), "at step {step}, {other}");
        }
    }
}

#[test]
fn a_cancelled_upload_disturbs_nobody() {
    at_every_step(|| upload(Surplus::Keep), Act::Cancel);
    at_every_step(|| upload(Surplus::Cancel), Act::Cancel);
}

#[test]
fn a_discarded_upload_disturbs_nobody() {
    at_every_step(|| upload(Surplus::Keep), Act::Discard);
    at_every_step(|| upload(Surplus::Cancel), Act::Discard);
}

/// A connection that goes stale, a replay, a long response; everything at once.
fn replay() -> World {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n{}", "x".repeat(3000));
    let net = Net::default().serves(move |_, dial, n| match (dial, n) {
        (1, 1) => Reply::default().then(ms(1), Piece::Close),
        _ => Reply::after(ms(2), &long).split(900, ms(9)),
    });
    let mut world = World::new(Options { max_per_key: 1, ..Options::default() }, Config::default(), net);
    let slow = Habits { reads: ms(3), ..Habits::default() };
    world.get_at(at(0), "b.test");
    world.start_at(at(0), request("GET", "a.test", &[]), BodyPlan::empty(), slow.clone());
    world.start_at(at(50), request("GET", "a.test", &[]), BodyPlan::empty(), slow);
    world.get_at(at(51), "a.test");
    world
}

#[test]
fn a_replay_can_be_given_up_too() {
    for victim in 1..4 {
        let mut calm = replay();
        calm.run();
        assert_eq!(calm.users[&2].heard[0], "hop");
        for act in [Act::Cancel, Act::Discard] {
            for step in 0..calm.steps {
                let mut world = replay();
                world.interrupt = Some((step, victim, act));
                world.run();
                for other in (0..4).filter(|other| *other != victim) {
                    assert!(world.is_whole(other), "{victim} at step {step}: {:?}", world.users[&other].end);
                }
            }
        }
    }
}

#[test]
fn to_discard_before_there_is_a_response_is_to_cancel() {
    let mut world = World::simple(Net::default());
    let call = world.get_at(at(0), "a.test");
    world.act_at(at(5), call, Act::Discard);
    world.run();
    assert_eq!((world.failure(call).kind(), world.ended_at(call)), (&ErrorKind::Cancelled, at(5)));
}

#[test]
fn a_discarded_body_is_drained_and_its_connection_kept() {
    let mut world = replay();
    world.act_at(at(13), 1, Act::Discard);
    world.run_until(at(49));
    assert!(world.is_whole(1));
    // The three pieces that came after it, nine milliseconds apart.
    assert_eq!((world.ended_at(1), world.engine.counts().idle), (at(39), 2));
    world.run();
}

#[test]
fn a_shut_down_at_any_step_ends_everything_once() {
    for make in [replay as fn() -> World, || upload(Surplus::Keep), || upload(Surplus::Cancel)] {
        let mut calm = make();
        calm.run();
        for step in 0..calm.steps {
            let mut world = make();
            world.interrupt = Some((step, 0, Act::ShutDown));
            world.run();
            let last = world.users.keys().map(|user| world.ended_at(*user)).max().max(world.shut).unwrap();
            let late = world.closed.iter().find(|(when, _, _)| *when > last + ms(50));
            assert_eq!(late, None, "nothing stays idle, at step {step}");
        }
    }
}
