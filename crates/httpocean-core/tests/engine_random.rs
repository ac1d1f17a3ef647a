//! Random networks, servers and users: the ledger holds, and in the end there is nothing.
#![allow(clippy::unwrap_used)]

mod engine_world;
mod hopping;
mod support;

use engine_world::{Act, DialScript, Ending, Habits, Net, Piece, Reply, World, at, bytes, ms, once, request};
use hopping::{busy, leads_to, retries};
use http::StatusCode;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{DialPolicy, Options, Order, Surplus};
use httpocean_core::{BodyPlan, Config, HopReason, TransportError, call, dial};
use proptest::prelude::*;
use support::random::cases;

#[derive(Clone, Debug)]
struct Visit {
    at: u64,
    host: u8,
    /// 0: GET, 1: POST of a known length, 2: chunked, 3: with an expectation.
    kind: u8,
    body_delay: u64,
    reads: u64,
    act: Option<(u64, u8)>,
}

#[derive(Clone, Debug)]
struct Scene {
    /// Each is looked up in turn, by the number of the dial and of the request.
    dials: Vec<(u8, u64)>,
    replies: Vec<(u8, u64, usize)>,
    visits: Vec<Visit>,
    idles: Option<u64>,
    write: usize,
    limits: (usize, usize, usize, u8),
    deadlines: (Option<u64>, Option<u64>, Option<u64>),
    /// How many, and the first wait.
    retries: (u32, u64),
    shut: Option<u64>,
    interrupt: Option<(usize, usize, u8)>,
    driver: (bool, bool),
}

fn scenes() -> impl Strategy<Value = Scene> {
    let visit =
        (0..120u64, 0..3u8, 0..4u8, 0..8u64, 0..12u64, prop::option::weighted(0.3, (0..60u64, 0..2u8)))
            .prop_map(|(at, host, kind, body_delay, reads, act)| Visit {
                at,
                host,
                kind,
                body_delay,
                reads,
                act,
            });
    let some = |most: u64| prop::option::weighted(0.4, 1..most);
    (
        prop::collection::vec((0..10u8, 0..40u64), 1..6),
        prop::collection::vec((0..24u8, 0..20u64, 1..60usize), 1..8),
        prop::collection::vec(visit, 1..14),
        prop::option::weighted(0.5, 1..60u64),
        prop_oneof![Just(usize::MAX), 1..100usize],
        (1..4usize, 1..6usize, 0..4usize, 0..16u8),
        (some(150), some(60), some(40)),
        prop::option::weighted(0.2, 0..150u64),
        (prop::option::of((0..200usize, 0..4usize, 0..3u8)), any::<(bool, bool)>(), (0..5u32, 0..40u64)),
    )
        .prop_map(|(dials, replies, visits, idles, write, limits, deadlines, shut, more)| Scene {
            dials,
            replies,
            visits,
            idles,
            write,
            limits,
            deadlines,
            shut,
            interrupt: more.0,
            driver: more.1,
            retries: more.2,
        })
}

fn dialed(kind: u8, delay: u64) -> DialScript {
    match kind {
        0 => DialScript::fails(ms(delay), TransportError::Refused),
        1 => DialScript { route: Err(TransportError::NotFound), ..DialScript::takes(ms(delay)) },
        2 => DialScript::addresses(vec![Some((ms(delay + 20), Ok(()))), Some((ms(delay), Ok(())))]),
        3 => DialScript::addresses(vec![
            Some((ms(delay), Err(TransportError::Refused))),
            None,
            Some((ms(delay), Ok(()))),
        ]),
        4 => DialScript { resolve: None, ..DialScript::takes(ms(delay)) },
        5 => DialScript { resolve: Some(ms(delay)), ..DialScript::takes(ms(delay)) },
        _ => DialScript::takes(ms(delay)),
    }
}

fn reply(kind: u8, delay: u64, split: usize) -> Reply {
    let whole = |text: &str| Reply::after(ms(delay), text);
    let reply = match kind {
        0 => Reply::default(),
        1 => Reply::default().then(ms(delay), Piece::Close),
        2 => Reply::default().then(ms(delay), Piece::Reset),
        3 => whole(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\nx: y\r\n\r\n",
        ),
        4 => whole("HTTP/1.1 200 OK\r\n\r\nuntil the end").then(ms(delay + 9), Piece::Close),
        5 => whole("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nshort").then(ms(delay), Piece::Close),
        6 => whole("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")
            .then(ms(delay), Piece::Close),
        7 => whole("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhitoo much"),
        8 => whole("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        9 => Reply::ok(ms(delay)).on_head(ms(delay / 2), bytes("HTTP/1.1 100 Continue\r\n\r\n")),
        10 => {
            Reply::default().on_head(ms(1), bytes("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"))
        }
        11 => Reply::ok(ms(delay)).then(ms(delay), Piece::Close),
        13..=15 => {
            whole(&leads_to(302, ["http://b.test/", "/again", "http://c.test/"][usize::from(kind - 13)]))
        }
        16 => whole(&leads_to(307, "http://a.test/")),
        17 => Reply::default().on_head(ms(1), bytes(&leads_to(308, "/early"))),
        18 => whole(&busy("1")),
        19 => whole("HTTP/1.1 502 Bad\r\nconnection: close\r\n\r\nuntil the end"),
        20 => whole("HTTP/1.1 502 Bad\r\ncontent-length: 300000\r\n\r\nlong"),
        12 => whole("HTTP/1.1 204 No Content\r\nkeep-alive: timeout=2, max=2\r\n\r\n"),
        _ => Reply::ok(ms(delay)),
    };
    reply.split(split, ms(split as u64 % 4))
}

fn world(scene: &Scene) -> World {
    let (dials, replies) = (scene.dials.clone(), scene.replies.clone());
    let net = Net { idles: scene.idles.map(ms), write: scene.write, ..Net::default() };
    let net = Net { batches: scene.driver.0, drives_first: scene.driver.1, ..net }
        .dials(move |_, n| {
            let (kind, delay) = dials[n % dials.len()];
            dialed(kind, delay)
        })
        .serves(move |_, dial, n| {
            let (kind, delay, split) = replies[(3 * dial + n) % replies.len()];
            reply(kind, delay, split)
        });
    let (max_per_key, max_total, max_idle_per_key, bits) = scene.limits;
    let options = Options {
        max_per_key,
        max_total,
        max_idle_per_key,
        max_dials_per_key: 1 + usize::from(bits % 3),
        max_waiters: if bits & 8 == 0 { 5 } else { 100 },
        surplus: if bits & 1 == 0 { Surplus::Keep } else { Surplus::Cancel },
        dial: if bits & 2 == 0 { DialPolicy::Eager } else { DialPolicy::Wait(ms(7)) },
        order: if bits & 4 == 0 { Order::Lifo } else { Order::RoundRobin },
        ..Options::default()
    };
    let (total, wait, idle) = scene.deadlines;
    let config = Config {
        call: call::Options {
            total: total.map(ms),
            pool_wait: wait.map(ms),
            first_byte: Some(ms(idle.unwrap_or(500))),
            idle: Some(ms(idle.unwrap_or(500))),
            await_continue: ms(10),
            ..call::Options::default()
        },
        dial: dial::Options {
            resolve: Some(ms(100)),
            connect: Some(ms(90)),
            connect_each: Some(ms(25)),
            ..dial::Options::default()
        },
        retries: Retries {
            statuses: vec![StatusCode::BAD_GATEWAY],
            ..retries(scene.retries.0, ms(scene.retries.1))
        },
        ..Config::default()
    };
    World::new(options, config, net)
}

fn play(scene: &Scene) -> World {
    let mut world = world(scene);
    for visit in &scene.visits {
        let host = ["a.test", "b.test", "c.test"][usize::from(visit.host)];
        let habits = Habits {
            body: vec![b"some".to_vec(), b"body".to_vec()],
            body_delay: ms(visit.body_delay),
            reads: ms(visit.reads),
            ..Habits::default()
        };
        let (request, plan) = match visit.kind {
            0 => (request("GET", host, &[]), BodyPlan::empty()),
            1 => (request("POST", host, &[]), once(Some(8))),
            2 => (request("PUT", host, &[]), BodyPlan { size: None, replayable: true, trailers: false }),
            _ => (request("POST", host, &[("expect", "100-continue")]), once(None)),
        };
        let user = world.start_at(at(visit.at), request, plan, habits);
        if let Some((delay, act)) = visit.act {
            let act = if act == 0 { Act::Cancel } else { Act::Discard };
            world.act_at(at(visit.at + delay), user, act);
        }
    }
    if let Some(shut) = scene.shut {
        world.shut_down_at(at(shut));
    }
    let acts = [Act::Cancel, Act::Discard, Act::ShutDown];
    world.interrupt = scene.interrupt.map(|(step, user, act)| (step, user, acts[usize::from(act)]));
    world.run();
    world
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn whatever_happens_the_books_agree_and_all_comes_to_an_end(scene in scenes()) {
        let world = play(&scene);
        let most = 10 + scene.retries.0 as usize;
        for user in world.users.values() {
            let (mut counted, mut replays) = (0, 0);
            for (_, hop) in &user.hops {
                if hop.why == HopReason::StaleConnection { replays += 1 } else { counted += 1 }
            }
            prop_assert!(counted <= most && replays <= counted + 1, "{:?}", user.hops);
            if let Some((_, Ending::Failed(error))) = &user.end {
                prop_assert!(error.history().len() <= user.hops.len());
                prop_assert!(scene.retries.0 > 0 || error.not_retried().is_none());
            }
        }
    }

    #[test]
    fn the_same_scene_goes_the_same_way(scene in scenes()) {
        let trace = |world: World| {
            let users: Vec<_> = world.users.values().map(|u| (u.heard.clone(), u.conn, u.body.clone())).collect();
            (users, world.closed, world.steps)
        };
        prop_assert_eq!(trace(play(&scene)), trace(play(&scene)));
    }
}
