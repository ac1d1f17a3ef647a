//! What users of a simulation can do: scripts, slow readers, jumps of the clock, giving up (I3, I28, I34, I37, I38).

use core::time::Duration;

use httpocean_core::{Config, ErrorKind, call, pool};
use httpocean_testkit::sim::{Act, Connect, Host, Lookup, Peer, Reply, Sim, Visit, Weather};

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn an_honest_peer_answers_everybody_whatever_the_weather() {
    let mut sim = Sim::new(5);
    sim.host("a.test", Peer::honest(1));
    sim.set_weather(Weather { split_percent: 100, jitter: MS(5), narrow_percent: 50, ..Weather::default() });
    let visits: Vec<_> =
        (0..200).map(|n| sim.start_in(MS(50 * n), Visit::get(&format!("http://a.test/{n}")))).collect();
    sim.run();
    let whole = visits.iter().filter(|visit| sim.answer(**visit).is_whole()).count();
    // Some names and connects fail even there, and some redirects lead nowhere.
    assert!(whole > 150, "{whole} of 200");
}

#[test]
fn a_second_request_takes_the_connection_of_the_first() {
    let mut sim = Sim::new(1);
    sim.host("a.test", Host::new(|request| Reply::ok(format!("{} {}", request.conn, request.nth))));
    assert_eq!(sim.fetch(Visit::get("http://a.test/")).body, b"0 0");
    sim.sleep(MS(500));
    assert_eq!(sim.fetch(Visit::get("http://a.test/")).body, b"0 1");
    sim.run();
}

#[test]
fn after_a_suspend_no_old_connection_is_used() {
    let mut sim = Sim::new(1);
    sim.host("a.test", Host::new(|request| Reply::ok(format!("{}", request.conn))));
    assert_eq!(sim.fetch(Visit::get("http://a.test/")).body, b"0");
    sim.jump_in(MS(10), Duration::from_secs(3_600));
    sim.sleep(MS(10));
    assert_eq!(sim.fetch(Visit::get("http://a.test/")).body, b"1");
    sim.run();
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_waiting_beyond_their_deadline() {
    let options = call::Options { total: Some(MS(100)), ..call::Options::default() };
    let mut sim = Sim::with(1, pool::Options::default(), Config { call: options, ..Config::default() });
    sim.host("a.test", Host::new(|_| Reply::never()));
    let call = sim.start(Visit::get("http://a.test/"));
    sim.jump_back_in(MS(50), MS(30));
    sim.run();
    assert_eq!(sim.answer(call).failure(), Some(&ErrorKind::Timeout));
    assert_eq!(sim.answer(call).took(), MS(100));
}

#[test]
fn a_slow_reader_gets_all_of_it() {
    let mut sim = Sim::new(1);
    sim.host("a.test", Host::new(|_| Reply::ok(vec![b'x'; 200_000])));
    let answer = sim.fetch(Visit::get("http://a.test/").reads_slowly(Duration::from_secs(60)));
    assert_eq!((answer.body.len(), answer.is_whole()), (200_000, true));
    assert!(answer.took() >= Duration::from_secs(60));
    sim.run();
}

#[test]
fn who_gives_up_is_told_so_at_once() {
    let mut sim = Sim::new(1);
    sim.host("a.test", Host::new(|_| Reply::ok("late").after(Duration::from_secs(100))));
    let answer = sim.fetch(Visit::get("http://a.test/").acts_after(MS(20), Act::Cancel));
    assert_eq!((answer.failure(), answer.took()), (Some(&ErrorKind::Cancelled), MS(20)));
    sim.run();
}

#[test]
fn a_name_that_nobody_answers_for_takes_as_long_as_it_may() {
    let mut config = Config::default();
    config.dial.resolve = Some(Duration::from_secs(7));
    let mut sim = Sim::with(1, pool::Options::default(), config);
    sim.host("a.test", Host::new(|_| Reply::ok("")).looked_up(Lookup { after: None, found: Ok(1) }));
    let answer = sim.fetch(Visit::get("http://a.test/"));
    assert_eq!((answer.failure(), answer.took()), (Some(&ErrorKind::Timeout), Duration::from_secs(7)));
    sim.run();
}

#[test]
fn a_host_that_is_down_at_first_can_be_retried() {
    let retries = httpocean_core::policy::Retries::new(2);
    let mut sim = Sim::with(1, pool::Options::default(), Config { retries, ..Config::default() });
    let down = Connect { after: Some(MS(5)), result: Err(httpocean_core::TransportError::Refused) };
    let up = Connect { after: Some(MS(5)), result: Ok(()) };
    sim.host("a.test", Host::new(|_| Reply::ok("up")).connects([down, up]));
    let answer = sim.fetch(Visit::get("http://a.test/"));
    assert_eq!((answer.body.as_slice(), answer.hops), (&b"up"[..], 1));
    sim.run();
}

#[test]
fn a_body_cut_short_is_never_whole() {
    for cut in 0..60 {
        let mut sim = Sim::new(1);
        sim.host("a.test", Host::new(move |_| Reply::ok("twenty bytes of body").cut(cut).close()));
        let answer = sim.fetch(Visit::get("http://a.test/"));
        assert!(!answer.is_whole(), "cut at {cut}: {answer:?}");
        sim.run();
    }
}
