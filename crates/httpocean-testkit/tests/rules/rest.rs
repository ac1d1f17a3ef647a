//! How long a connection may rest, and that its end disturbs nobody (I26 to I29, I42).

use std::collections::BTreeSet;
use std::time::Duration;

use httpocean_core::{Config, Instant, pool};
use httpocean_testkit::sim::{Host, Reply, Sim, Visit};

use crate::ms;

fn sim(options: pool::Options) -> Sim {
    Sim::with(1, options, Config::default())
}

fn numbered() -> Host {
    Host::new(|request| Reply::ok(request.conn.to_string()))
}

/// Which connection of the host serves a request now.
fn served_by(sim: &mut Sim) -> String {
    let answer = sim.fetch(Visit::get("http://a.test/"));
    assert_eq!((answer.status, answer.hops), (Some(200), 0));
    String::from_utf8(answer.body).unwrap()
}

/// I26: the timer of a rest that was over before means nothing to the next one, whenever that begins.
#[test]
fn i26_the_timer_of_an_earlier_rest_is_void() {
    for first in 90..110 {
        for second in 90..110 {
            let mut sim = sim(pool::Options { idle: ms(100), ..Default::default() });
            sim.host("a.test", numbered());
            assert_eq!(served_by(&mut sim), "0");
            sim.sleep(ms(first));
            let again = served_by(&mut sim);
            assert_eq!(again == "0", first < 100, "{again} after {first} ms");
            sim.sleep(ms(second));
            assert_eq!(served_by(&mut sim) == again, second < 100, "after {first} and {second} ms");
            sim.run();
        }
    }
}

/// I26: nor to a request that takes longer than a rest may.
#[test]
fn i26_no_timer_ends_what_is_in_use() {
    let mut sim = sim(pool::Options { idle: ms(100), ..Default::default() });
    sim.host(
        "a.test",
        Host::new(|request| Reply::ok(request.conn.to_string()).after(ms(50 * request.nth as u64))),
    );
    for _ in 0..10 {
        assert_eq!(served_by(&mut sim), "0");
        sim.sleep(ms(60));
    }
    sim.run();
}

/// I27: the server's own deadline counts, less a margin.
#[test]
fn i27_the_servers_hint_counts() {
    for seconds in 0..5 {
        for rest in (0..6_000).step_by(500) {
            let mut sim =
                sim(pool::Options { idle: ms(3_500), idle_margin: ms(1_000), ..Default::default() });
            let host = Host::new(move |request| {
                Reply::ok(request.conn.to_string()).field("keep-alive", format!("timeout={seconds}"))
            });
            sim.host("a.test", host);
            assert_eq!(served_by(&mut sim), "0");
            sim.sleep(ms(rest));
            let kept = rest < 3_500 && rest + 1_000 < seconds * 1_000;
            assert_eq!(served_by(&mut sim) == "0", kept, "timeout={seconds}, after {rest} ms");
        }
    }
}

/// I27: one that has no use left is not kept.
#[test]
fn i27_a_server_that_counts_is_believed() {
    let mut sim = sim(pool::Options::default());
    sim.host("a.test", Host::new(|request| Reply::ok(request.conn.to_string()).field("keep-alive", "max=0")));
    assert_eq!([served_by(&mut sim), served_by(&mut sim)], ["0", "1"]);
    assert_eq!(sim.engine().counts().idle, 0);
}

/// I28: no matter what the clock did meanwhile, and though no timer was looked at.
#[test]
fn i28_expired_never_served() {
    for jump in (0..200).step_by(10) {
        let mut sim = sim(pool::Options { idle: ms(100), ..Default::default() });
        sim.host("a.test", numbered());
        assert_eq!(served_by(&mut sim), "0");
        sim.jump_in(ms(10), ms(jump));
        sim.sleep(ms(10));
        assert_eq!(served_by(&mut sim) == "0", 10 + jump < 100, "a jump of {jump} ms");
    }
}

/// I29: a connection that grows too old, or is used up, serves to the end whom it serves.
#[test]
fn i29_lifetime_drains() {
    let old = pool::Options { lifetime: Some(ms(50)), ..Default::default() };
    let used = pool::Options { max_uses: Some(1), ..Default::default() };
    for options in [old, used] {
        for gap in [4, 20, 400] {
            let mut sim = sim(options.clone());
            sim.host(
                "a.test",
                Host::new(move |request| Reply::ok(request.conn.to_string().repeat(9)).dribble(3, ms(gap))),
            );
            let long = sim.fetch(Visit::get("http://a.test/"));
            assert!(long.is_whole() && long.took() > ms(50), "{long:?}");
            assert_eq!(sim.engine().counts().open, 0, "then it closes");
            assert_eq!(sim.fetch(Visit::get("http://a.test/")).body, b"111111111");
        }
    }
}

/// I42: connections made and left at one moment end at one moment, unless there is jitter.
#[test]
fn i42_jitter_is_an_input() {
    assert_eq!(ends(0, 1).len(), 1);
    let spread = ends(30, 1);
    assert!(spread.len() > 15, "{spread:?}");
    let (first, last) = (spread.first().unwrap(), spread.last().unwrap());
    assert!(*last - *first > ms(100) && *last <= Instant::ZERO + ms(1_000), "{spread:?}");
    assert_eq!(spread, ends(30, 1), "the same seed, the same ends");
    assert_ne!(spread, ends(30, 2));
}

/// When twenty idle connections are closed.
fn ends(jitter_percent: u8, seed: u64) -> BTreeSet<Instant> {
    let idle = Duration::from_secs(1);
    let mut sim =
        sim(pool::Options { idle, jitter_percent, seed, max_idle_per_key: 20, ..Default::default() });
    sim.host("a.test", numbered());
    let calls: Vec<_> = (0..20).map(|_| sim.start(Visit::get("http://a.test/"))).collect();
    sim.run();
    assert!(calls.iter().all(|call| sim.answer(*call).is_whole()));
    let closes = sim.log().iter().filter(|line| line.what.starts_with("close "));
    closes.map(|line| line.at).collect()
}
