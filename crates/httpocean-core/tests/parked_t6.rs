//! Whatever comes on a connection between the end of a response and the first byte of the next request never reaches
//! that request, wherever the bytes are cut and whenever the rest of them comes (T6).
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{Ending, Habits, Net, Piece, Reply, World, at, bytes, ms, request};
use httpocean_core::{BodyPlan, CloseReason};

/// A method, a whole response to it, and its body.
const FIRST: [(&str, &str, &str); 5] = [
    ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"),
    ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: u\r\n\r\n", "hi"),
    ("GET", "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n", ""),
    ("POST", "HTTP/1.0 304 No\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n", ""),
    ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", ""),
];

const FORGED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

/// Bytes, and an end.
const STRAYS: [(&str, Option<Piece>); 9] = [
    ("\n", None),
    ("hi", None),
    ("0\r\n\r\n", None),
    ("HTTP/1.1 2", None),
    (FORGED, None),
    (FORGED, Some(Piece::Close)),
    (FORGED, Some(Piece::Reset)),
    ("", Some(Piece::Close)),
    ("", Some(Piece::Reset)),
];

/// When the second part of the bytes comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rest {
    AtOnce,
    Later,
    /// At the instant at which the next request starts, as the first thing or the last. A driver that tells the engine
    /// of one thing only before it asks for tasks has written the request by then.
    Before,
    Behind,
}

#[test]
fn never_reaches_the_next_request() {
    for first in FIRST {
        for stray in &STRAYS {
            for cut in 0..=first.1.len() + stray.0.len() {
                for rest in [Rest::AtOnce, Rest::Later, Rest::Before, Rest::Behind] {
                    one(first, stray, cut, rest, true);
                }
                one(first, stray, cut, Rest::Before, false);
            }
        }
    }
}

fn one(
    (method, response, content): (&str, &'static str, &str),
    (stray, end): &(&'static str, Option<Piece>),
    cut: usize,
    rest: Rest,
    batches: bool,
) {
    let all = format!("{response}{stray}");
    let (early, late) = all.split_at(cut);
    let late: Vec<_> = [bytes(late)].into_iter().chain(end.clone()).collect();
    let delay = if rest == Rest::Later { ms(20) } else { ms(2) };
    let mut reply = Reply::after(ms(2), early);
    if matches!(rest, Rest::AtOnce | Rest::Later) {
        reply = late.iter().fold(reply, |reply, piece| reply.then(delay, piece.clone()));
    }
    let net =
        Net::default().serves(move |_, dial, _| if dial == 0 { reply.clone() } else { Reply::ok(ms(2)) });
    let mut world = World::simple(Net { batches, ..net });
    let ask = |method| request(method, "a.test", &[]);
    let start = |world: &mut World, millis, method| {
        world.start_at(at(millis), ask(method), BodyPlan::empty(), Habits::default())
    };
    let one = start(&mut world, 0, method);
    world.run_until(at(50));
    let arrive = |world: &mut World| {
        // What was stirred early is closed by now.
        let is_open = world.sockets.values().any(|socket| socket.number == 0);
        for piece in late.iter().filter(|_| is_open && matches!(rest, Rest::Before | Rest::Behind)) {
            world.arrives_at(at(100), 0, piece.clone());
        }
    };
    if rest == Rest::Before {
        arrive(&mut world);
    }
    let two = start(&mut world, 100, "POST");
    if rest == Rest::Behind {
        arrive(&mut world);
    }
    world.run();
    let what = format!("{method} {early:?}, then {late:?} {rest:?}, batches: {batches}");
    assert!(matches!(world.users[&one].end, Some((_, Ending::Whole))), "{what}: {:?}", world.users[&one].end);
    assert_eq!(world.users[&one].body, content.as_bytes(), "{what}");
    let next = &world.users[&two];
    assert!(matches!(next.end, Some((_, Ending::Whole))), "{what}: {:?}", next.end);
    assert_eq!((next.conn, next.body.as_slice()), (Some(1), b"hi".as_slice()), "{what}");
    assert_eq!(world.seen.len(), 2, "{what}: a request was made twice");
    let (_, dial, why) = world.closed[0];
    let expected = if stray.is_empty() { CloseReason::PeerClosed } else { CloseReason::Unasked };
    // A reset may come before the bytes are looked at.
    let is_known = why == expected || (*end == Some(Piece::Reset) && why == CloseReason::PeerClosed);
    assert!(dial == 0 && is_known, "{what}: {:?}", world.closed);
}
