//! How connections end: stale, stirred, handed over, cut short by an early answer, shut down.
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{Ending, Habits, Net, Piece, Reply, World, at, bytes, ms, once, request};
use httpocean_core::{BodyPlan, CloseReason, ErrorKind};

#[test]
fn a_server_that_closes_as_we_write_costs_a_hop() {
    let net = Net::default().serves(|_, dial, n| match (dial, n) {
        (0, 1) => Reply::default().then(ms(0), Piece::Close),
        _ => Reply::ok(ms(2)),
    });
    let mut world = World::simple(net);
    world.get_at(at(0), "a.test");
    let second = world.get_at(at(100), "a.test");
    world.run();
    assert_eq!(world.users[&second].heard, ["hop", "head", "data", "end"]);
    assert_eq!((world.users[&second].conn, world.ended_at(second)), (Some(1), at(112)));
    assert_eq!(world.closed[0], (at(100), 0, CloseReason::PeerClosed));
}

#[test]
fn a_close_at_the_very_moment_of_the_grant_costs_a_hop_or_nothing() {
    // Either order of the close and of the start, at the same instant.
    for close_first in [true, false] {
        let mut world = World::simple(Net::default());
        world.get_at(at(0), "a.test");
        world.run_until(at(50));
        let second = if close_first {
            world.arrives_at(at(100), 0, Piece::Close);
            world.get_at(at(100), "a.test")
        } else {
            let second = world.get_at(at(100), "a.test");
            world.arrives_at(at(100), 0, Piece::Close);
            second
        };
        world.run();
        assert!(world.is_whole(second));
        assert_eq!((world.dials, world.closed[0].2), (2, CloseReason::PeerClosed));
    }
}

#[test]
fn what_stirs_while_idle_is_closed_and_never_reaches_a_request() {
    for (piece, why) in [
        (Piece::Close, CloseReason::PeerClosed),
        (Piece::Reset, CloseReason::PeerClosed),
        (bytes("HTTP/1.1 408 Request Timeout\r\n\r\n"), CloseReason::Unasked),
    ] {
        let mut world = World::simple(Net::default());
        world.get_at(at(0), "a.test");
        world.run_until(at(50));
        world.arrives_at(at(60), 0, piece);
        let second = world.get_at(at(100), "a.test");
        world.run();
        assert_eq!(world.closed[0], (at(60), 0, why));
        assert_eq!((world.users[&second].status, world.users[&second].conn), (Some(200), Some(1)));
    }
}

#[test]
fn a_hint_without_a_fact_changes_nothing() {
    let mut world = World::simple(Net::default());
    world.get_at(at(0), "a.test");
    world.run_until(at(50));
    world.arrives_at(at(60), 0, bytes(""));
    let second = world.get_at(at(100), "a.test");
    world.run();
    assert_eq!((world.dials, world.users[&second].reused), (1, Some(1)));
}

#[test]
fn an_upgrade_hands_the_connection_over_and_frees_its_place() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nleft";
    let net = Net::default().serves(move |_, _, _| Reply::after(ms(2), switch));
    let options = httpocean_core::pool::Options { max_per_key: 1, ..Default::default() };
    let mut world = World::new(options, httpocean_core::Config::default(), net);
    let get = request("GET", "a.test", &[("upgrade", "x"), ("connection", "upgrade")]);
    let first = world.start_at(at(0), get.clone(), BodyPlan::empty(), Habits::default());
    let second = world.start_at(at(0), get, BodyPlan::empty(), Habits::default());
    world.run();
    for call in [first, second] {
        assert!(matches!(&world.users[&call].end, Some((_, Ending::Upgraded(left))) if left == b"left"));
    }
    assert_eq!((world.handed_over.as_slice(), world.closed.len()), (&[0, 1][..], 0));
    assert_eq!(world.ended_at(second), at(24));
}

#[test]
fn a_tunnel_is_handed_over_too() {
    let net = Net::default().serves(|_, _, _| Reply::after(ms(2), "HTTP/1.1 200 OK\r\n\r\n"));
    let mut world = World::simple(net);
    let connect = http::Request::builder().method("CONNECT").uri("a.test:443").body(()).unwrap();
    let call = world.start_at(at(0), connect, BodyPlan::empty(), Habits::default());
    world.run();
    assert!(matches!(&world.users[&call].end, Some((_, Ending::Upgraded(left))) if left.is_empty()));
    assert_eq!(world.engine.counts().open, 0);
}

#[test]
fn an_early_413_is_delivered_and_its_connection_not_used_again() {
    let refusal = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig";
    let net = Net::default().serves(move |_, dial, _| match dial {
        0 => Reply::default().on_head(ms(3), bytes(refusal)),
        _ => Reply::ok(ms(2)),
    });
    let mut world = World::simple(net);
    let habits = Habits { body: vec![vec![b'x'; 1000]; 1000], body_delay: ms(1), ..Habits::default() };
    let call = world.start_at(at(0), request("POST", "a.test", &[]), once(Some(1_000_000)), habits);
    let second = world.get_at(at(100), "a.test");
    world.run();
    let user = &world.users[&call];
    assert_eq!((user.status, user.body.as_slice(), world.ended_at(call)), (Some(413), &b"big"[..], at(13)));
    assert_eq!(world.closed[0], (at(13), 0, CloseReason::HalfSent));
    assert_eq!(world.users[&second].conn, Some(1));
}

#[test]
fn a_body_that_can_t_be_had_fails_its_call_alone() {
    let mut world = World::simple(Net::default());
    let habits = Habits { body: vec![b"x".to_vec()], body_fails: true, ..Habits::default() };
    let call = world.start_at(at(0), request("POST", "a.test", &[]), once(Some(5)), habits);
    let second = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!(world.failure(call).kind(), &ErrorKind::Body("the disk is gone"));
    assert!(world.is_whole(second));
}

#[test]
fn a_shut_down_lets_the_busy_end_and_refuses_the_rest() {
    let options = httpocean_core::pool::Options { max_per_key: 2, ..Default::default() };
    let net = Net::default().serves(|_, _, _| Reply::ok(ms(100)));
    let mut world = World::new(options, httpocean_core::Config::default(), net);
    let calls: Vec<_> = (0..4).map(|_| world.get_at(at(0), "a.test")).collect();
    world.shut_down_at(at(50));
    let late = world.get_at(at(60), "a.test");
    world.run();
    assert_eq!((world.ended_at(calls[0]), world.ended_at(calls[1])), (at(110), at(110)));
    assert!(world.is_whole(calls[0]) && world.is_whole(calls[1]));
    let refused = ErrorKind::Pool(httpocean_core::pool::Refusal::ShutDown);
    assert_eq!((world.failure(calls[2]).kind(), world.ended_at(calls[2])), (&refused, at(50)));
    assert_eq!((world.failure(late).kind(), world.ended_at(late)), (&refused, at(60)));
    assert_eq!(world.reasons(), [CloseReason::ShutDown; 2]);
}
