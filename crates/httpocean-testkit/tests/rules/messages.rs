//! Responses that come early, and responses that nobody wants (I36, I38).

use std::time::Duration;

use httpocean_core::{Config, Limits, pool};
use httpocean_testkit::sim::{Act, Host, Reply, Sim, Visit, Weather};

use crate::ms;

/// I36: an answer that comes during an upload is delivered, whenever it comes; its connection is not used again.
#[test]
fn i36_early_response() {
    for delay in 0..40 {
        for end in [Reply::status(413), Reply::status(413).close(), Reply::status(413).reset()] {
            let mut sim = Sim::new(1);
            let reply = end.body("too much").early().after(ms(delay));
            sim.host(
                "a.test",
                Host::new(move |request| if request.conn == 0 { reply.clone() } else { Reply::ok("") }),
            );
            let upload = Visit::post("http://a.test/", vec![vec![b'x'; 1_000]; 10]).body_every(ms(5));
            let answer = sim.fetch(upload);
            assert_eq!((answer.status, answer.body.as_slice()), (Some(413), &b"too much"[..]), "{delay} ms");
            assert!(answer.is_whole() && answer.hops == 0);
            assert_eq!(sim.engine().counts().idle, 0, "half a request was written");
            assert_eq!(sim.fetch(Visit::get("http://a.test/")).status, Some(200));
            sim.run();
        }
    }
}

/// I38: who wants no more of a response is let go in time; the connection is kept if little was left, and came soon.
#[test]
fn i38_bounded_drain() {
    for kilobytes in 1..20 {
        for gap in [1, 5, 10] {
            let limits = Limits { drain_bytes: 10_000, drain_time: ms(50), ..Limits::default() };
            let mut sim = Sim::with(1, pool::Options::default(), Config { limits, ..Config::default() });
            sim.set_weather(Weather { round_trip: Duration::ZERO, ..Weather::default() });
            // A kilobyte at a time: the head, which is less than one, and the first come before the user has enough.
            let reply = Reply::ok(vec![b'x'; kilobytes * 1_000]).dribble(1_000, ms(gap));
            sim.host("a.test", Host::new(move |_| reply.clone()));
            let answer =
                sim.fetch(Visit::get("http://a.test/").acts_after(Duration::from_micros(500), Act::Discard));
            assert!(answer.is_whole() && answer.took() <= Duration::from_micros(50_500), "{answer:?}");
            let left = kilobytes * 1_000 - answer.body.len();
            let last = kilobytes as u64 * gap;
            let kept = left <= 10_000 && last <= 50;
            assert_eq!(sim.engine().counts().idle == 1, kept, "{left} bytes left, {last} ms");
            sim.run();
        }
    }
}
