//! The total deadline over hops, for a driver of an engine: it is woken then, and before only with a reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod engine_world;
mod hopping;

use engine_world::{DialScript, Net, Piece, Reply, World, at, ms};
use hopping::{OK, busy, following, leads_to, retrying, within};
use httpocean_core::policy::Exhausted;
use httpocean_core::pool::{Options, Surplus};
use httpocean_core::{Config, ErrorKind, HopReason, NotRetried, Phase, TransportError};

fn world(config: Config, net: Net) -> World {
    World::new(Options { surplus: Surplus::Cancel, ..Options::default() }, within(ms(2000), config), net)
}

fn times_out(mut world: World, phase: Phase) -> World {
    let call = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!((world.failure(call).kind(), world.ended_at(call)), (&ErrorKind::Timeout, at(2000)));
    assert_eq!(world.failure(call).phase(), phase);
    assert!(world.wakes.contains(&at(2000)) || phase == Phase::RecvHead, "{:?}", world.wakes);
    world
}

/// To b.test, which then does what `net` says.
fn to_b(net: Net) -> Net {
    net.answers(|seen, _| match seen.host.as_str() {
        "a.test" => Reply::after(ms(5), &leads_to(302, "http://b.test/")),
        _ => Reply::default(),
    })
}

#[test]
fn a_dial_that_never_completes() {
    let dead = || DialScript { connects: vec![None], ..DialScript::takes(ms(0)) };
    let nameless = || DialScript { resolve: None, ..DialScript::takes(ms(0)) };
    for dial in [dead as fn() -> DialScript, nameless] {
        for config in [Config::default(), retrying(5, ms(10))] {
            let net = Net::default().dials(move |_, _| dial());
            let world_after = times_out(world(config.clone(), net), Phase::Connect);
            assert_eq!((world_after.users[&0].hops.len(), world_after.dials), (0, 1));

            let net = to_b(
                Net::default()
                    .dials(move |host, _| if host == "b.test" { dial() } else { DialScript::takes(ms(3)) }),
            );
            let world_after = times_out(world(config, net), Phase::Connect);
            assert_eq!(world_after.users[&0].heard, ["hop", "failed"]);
            assert_eq!(world_after.failure(0).history().len(), 1);
        }
    }
}

#[test]
fn no_answer_and_answers_that_drip() {
    for config in [Config::default(), retrying(5, ms(10))] {
        times_out(world(config.clone(), Net::default().answers(|_, _| Reply::default())), Phase::RecvHead);
        times_out(world(config.clone(), to_b(Net::default())), Phase::RecvHead);
        let head = Net::default().answers(|_, _| Reply::ok(ms(1)).split(1, ms(1000)));
        times_out(world(config.clone(), head), Phase::RecvHead);
        let body = Net::default().answers(|_, n| match n {
            0 => Reply::after(ms(1), &leads_to(302, "/slow")),
            _ => Reply::after(ms(1), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
                .then(ms(500), Piece::Bytes(b"a".to_vec()))
                .then(ms(1500), Piece::Bytes(b"b".to_vec())),
        });
        let world = times_out(world(config, body), Phase::RecvBody);
        assert_eq!(
            (world.users[&0].heard.as_slice(), world.users[&0].body.as_slice()),
            (&["hop", "head", "data", "data", "failed"][..], &b"ab"[..])
        );
    }
}

#[test]
fn redirects_for_ever() {
    // The dial takes 10 ms, then a round takes 7 on the same connection: the last begins at 1998.
    let net = Net::default().answers(|_, _| Reply::after(ms(7), &leads_to(302, "/again")));
    let world = times_out(world(following(u32::MAX), net), Phase::RecvHead);
    assert_eq!((world.users[&0].hops.len(), world.dials, world.seen.len()), (284, 1, 285));
}

#[test]
fn every_hop_may_need_a_connection_of_its_own() {
    let closes =
        "HTTP/1.1 302 Elsewhere\r\nlocation: /again\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let net = Net::default().answers(move |_, _| Reply::after(ms(7), closes));
    // A round takes 17 ms; the last begins at 1989 and is written at 1999.
    let calm = times_out(world(following(u32::MAX), net.clone()), Phase::RecvHead);
    assert_eq!((calm.users[&0].hops.len(), calm.dials), (117, 118));
    // A round takes 15 ms; the last begins at 1995.
    let net = Net::default()
        .dials(|_, _| DialScript::takes(ms(8)))
        .answers(move |_, _| Reply::after(ms(7), closes));
    let dialing = times_out(world(following(u32::MAX), net), Phase::Connect);
    assert_eq!((dialing.users[&0].hops.len(), dialing.dials), (133, 134));
}

#[test]
fn a_wait_that_would_pass_it_is_not_begun() {
    let net = || Net::default().answers(|_, _| Reply::after(ms(5), &busy("3600")));
    let mut answered = world(retrying(3, ms(1)), net());
    let call = answered.get_at(at(0), "a.test");
    answered.run_until(at(20));
    assert_eq!(
        (answered.is_whole(call), answered.ended_at(call), answered.users[&call].status),
        (true, at(15), Some(503))
    );
    answered.run();

    let mut config = retrying(3, ms(1));
    config.retries.exhausted = Exhausted::Error;
    let mut refused = world(config, net());
    let call = refused.get_at(at(0), "a.test");
    refused.run();
    assert_eq!(
        (refused.ended_at(call), refused.failure(call).not_retried()),
        (at(15), Some(NotRetried::WouldPassDeadline))
    );
}

/// Refused after 1 ms each; waits of 0.4, 0.8 s, and 1.6 s, which is too long.
#[test]
fn who_waits_is_woken_once() {
    let net = Net::default().dials(|_, _| DialScript::fails(ms(1), TransportError::Refused));
    let mut world = world(retrying(9, ms(400)), net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!(world.wakes, [at(401), at(1202)]);
    let error = world.failure(call);
    assert_eq!(
        (error.kind(), world.ended_at(call)),
        (&ErrorKind::Connect(TransportError::Refused), at(1203))
    );
    assert_eq!(
        (error.not_retried(), error.first().unwrap().kind()),
        (Some(NotRetried::WouldPassDeadline), error.kind())
    );
}

#[test]
fn a_retry_after_is_waited_for_to_the_moment_and_nobody_is_woken_meanwhile() {
    let net =
        Net::default().answers(|_, n| Reply::after(ms(5), &if n == 0 { busy("1") } else { OK.to_owned() }));
    let mut world = world(retrying(1, ms(1)), net);
    let call = world.get_at(at(0), "a.test");
    world.run_until(at(1100));
    assert_eq!(
        (world.is_whole(call), world.ended_at(call), world.wakes.as_slice()),
        (true, at(1020), &[at(1015)][..])
    );
    assert_eq!(world.users[&call].hops[0].1.why, HopReason::RetryAfter);
    world.run();
}
