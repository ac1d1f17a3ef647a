//! Retries as a whole: no storm, no wait that nobody asked for (I31, I33, I35).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use httpocean_core::policy::{Backoff, Budget, Common, Retries};
use httpocean_core::{Config, ErrorKind, pool};
use httpocean_testkit::sim::{Host, Reply, Sim, Visit, Weather};

use crate::ms;

/// I33: a hundred calls to a server that answers none make few attempts more than that, and not six times as many.
#[test]
fn i33_an_outage_makes_no_storm() {
    assert_eq!(attempts(Budget::unlimited()), 600);
    let bounded = attempts(Budget::new(10, 20));
    assert!((120..=160).contains(&bounded), "{bounded} attempts");
    assert_eq!(attempts(Budget::new(0, 0)), 100);
}

/// A hundred at once, with five retries each.
fn attempts(budget: Budget) -> u32 {
    let retries = Retries { backoff: Backoff { base: ms(10), ..Backoff::default() }, ..Retries::new(5) };
    let options = pool::Options {
        max_per_key: 1_000,
        max_dials_per_key: 1_000,
        max_dials: 1_000,
        ..Default::default()
    };
    let mut sim = Sim::with(1, options, Config { retries, ..Config::default() });
    sim.share(Common { budget, ..Common::default() });
    let heard = Rc::new(Cell::new(0));
    let count = heard.clone();
    sim.host(
        "a.test",
        Host::new(move |_| {
            count.set(count.get() + 1);
            Reply::ok("").cut(0).close().after(ms(5))
        }),
    );
    let calls: Vec<_> = (0..100).map(|_| sim.start(Visit::get("http://a.test/"))).collect();
    sim.run();
    assert!(calls.iter().all(|call| sim.answer(*call).failure().is_some()));
    heard.get()
}

/// I31: of several idle connections that have all gone bad a call loses one, and then takes a fresh one.
#[test]
fn i31_fresh_never_stale_retries() {
    for idle in 1..6 {
        let mut sim = Sim::new(1);
        sim.host(
            "a.test",
            Host::new(|request| match request.nth {
                0 => Reply::ok(request.conn.to_string()).after(ms(5)),
                _ => Reply::ok("").cut(0).close(),
            }),
        );
        for _ in 0..idle {
            sim.start(Visit::get("http://a.test/"));
        }
        sim.sleep(ms(50));
        assert_eq!(sim.engine().counts().idle, idle);
        let answer = sim.fetch(Visit::get("http://a.test/"));
        assert_eq!((answer.body, answer.hops), (idle.to_string().into_bytes(), 1));
        // The next idle one is stale too, and a POST is not made twice.
        let post = sim.fetch(Visit::post("http://a.test/", vec![b"once".to_vec()]));
        assert_eq!((post.hops, post.failure()), (0, Some(&ErrorKind::Closed)));
        sim.run();
    }
}

/// I30: what begins no response is none, and the request on a used connection is made again; what does begin one is one.
#[test]
fn i30_bytes_that_begin_no_response() {
    for (late, hops, again) in
        [("\r\n", 1, true), ("0\r\n\r\n", 1, true), ("HTTP/1.1 2x0 OK\r\n\r\n", 0, false)]
    {
        let mut sim = Sim::new(1);
        sim.host(
            "a.test",
            Host::new(move |request| match request.nth {
                0 => Reply::ok("here"),
                _ => Reply::garbage(late),
            }),
        );
        assert_eq!(sim.fetch(Visit::get("http://a.test/")).status, Some(200));
        let answer = sim.fetch(Visit::get("http://a.test/"));
        assert_eq!((answer.hops, answer.status), (hops, again.then_some(200)), "{late:?}");
        // It is not made again on a fresh connection, and a POST never is.
        sim.host("b.test", Host::new(move |_| Reply::garbage(late)));
        let fresh = sim.fetch(Visit::get("http://b.test/"));
        assert_eq!(fresh.hops, 0, "{late:?}");
        assert!(matches!(fresh.failure(), Some(ErrorKind::Protocol(_))), "{late:?}");
        let post = sim.fetch(Visit::post("http://a.test/", vec![b"once".to_vec()]));
        assert_eq!(post.hops, 0, "{late:?}");
        sim.run();
    }
}

/// I35: what makes sense is waited for, within a bound; all else is no reason to come again.
#[test]
fn i35_retry_after() {
    let second = Duration::from_secs(1);
    for (value, wait) in [
        ("1", Some(second)),
        ("7", Some(7 * second)),
        ("8", Some(7 * second)),
        ("99999999999999999999", Some(7 * second)),
        ("0", Some(ms(10))),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Thu, 99 Foo 2026 00:00:00 GMT", None),
    ] {
        let backoff = Backoff { base: ms(10), jitter_percent: 0, ..Backoff::default() };
        let retries = Retries { backoff, retry_after_max: 7 * second, ..Retries::new(1) };
        let mut sim = Sim::with(1, pool::Options::default(), Config { retries, ..Config::default() });
        sim.set_weather(Weather { round_trip: Duration::ZERO, ..Weather::default() });
        sim.host(
            "a.test",
            Host::new(move |request| match request.of_host {
                0 => Reply::status(503).field("retry-after", value),
                _ => Reply::ok("here"),
            }),
        );
        let answer = sim.fetch(Visit::get("http://a.test/"));
        let expected = if wait.is_some() { (Some(200), 1) } else { (Some(503), 0) };
        assert_eq!((answer.status, answer.hops), expected, "{value:?}");
        assert_eq!(answer.took(), wait.unwrap_or_default(), "{value:?}");
        sim.run();
    }
}
