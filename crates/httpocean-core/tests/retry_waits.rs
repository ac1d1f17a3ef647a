//! How long is waited: as the server says, else longer each time, and never past the deadline.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod judging;

use std::time::Duration;

use http::Method;
use httpocean_core::NotRetried;
use httpocean_core::policy::{Answer, Backoff, Common, Retries, Seed, retry_after};

use judging::{Judge, answer, refused};

/// Wed, 14 Oct 2026 17:46:40 GMT
const WALL: u64 = 1_792_000_000;

fn told(values: &[&str], wall: Option<u64>) -> Option<u64> {
    let fields: Vec<_> = values.iter().map(|value| ("retry-after", *value)).collect();
    let response = answer(503, &fields);
    retry_after(&Answer::from(&response), wall).map(|wait| wait.as_secs())
}

#[test]
fn seconds_need_no_clock() {
    for (value, seconds) in [("0", 0), ("120", 120), ("007", 7), (" 5\t", 5)] {
        assert_eq!(told(&[value], None), Some(seconds), "{value:?}");
    }
    assert_eq!(told(&["99999999999999999999999"], None), Some(u64::MAX));
}

#[test]
fn a_date_is_compared_with_the_clock_on_the_wall() {
    assert_eq!(told(&["Wed, 14 Oct 2026 17:47:10 GMT"], Some(WALL)), Some(30));
    assert_eq!(told(&["Wednesday, 14-Oct-26 17:47:10 GMT"], Some(WALL)), Some(30));
    assert_eq!(told(&["Wed Oct 14 17:47:10 2026"], Some(WALL)), Some(30));
    assert_eq!(told(&["Wed, 14 Oct 2026 17:46:10 GMT"], Some(WALL)), Some(0), "it has passed");
    assert_eq!(told(&["Sun Nov  6 08:49:37 1994"], Some(WALL)), Some(0));
}

#[test]
fn a_date_is_compared_with_the_servers_own_where_it_says_one() {
    let date = "Wed, 14 Oct 2026 17:47:10 GMT";
    assert_eq!(told(&[date], None), None);
    for now in ["Wed, 14 Oct 2026 17:46:50 GMT", "Wednesday, 14-Oct-26 17:46:50 GMT"] {
        let response = answer(503, &[("retry-after", date), ("date", now)]);
        assert_eq!(retry_after(&Answer::from(&response), None), Some(Duration::from_secs(20)), "{now}");
        assert_eq!(retry_after(&Answer::from(&response), Some(WALL)), Some(Duration::from_secs(20)));
    }
}

#[test]
fn of_several_fields_the_longest_that_makes_sense() {
    assert_eq!(told(&["3", "soon", "8", "-9"], None), Some(8));
    assert_eq!(told(&["soon", "never"], None), None);
}

#[test]
fn what_the_server_asks_for_is_bounded_and_nothing_is_our_own_wait() {
    let backoff = Backoff { jitter_percent: 0, ..Backoff::default() };
    let retries =
        Retries { retry_after_max: Duration::from_secs(10), backoff, total: None, ..Retries::new(3) };
    let mut judge = Judge::new(retries, Method::GET);
    judge.moment.wall = Some(WALL);
    let mut wait = |value| {
        let retry = judge.of_answer(&answer(503, &[("retry-after", value)])).unwrap();
        (retry.after.as_millis(), retry.told)
    };
    assert_eq!(wait("9"), (9_000, true));
    assert_eq!(wait("11"), (10_000, true));
    assert_eq!(wait("Wed, 14 Oct 9999 00:00:00 GMT"), (10_000, true));
    assert_eq!(wait("0"), (800, false));
    assert_eq!(wait("Wed, 14 Oct 2026 17:46:10 GMT"), (1_600, false));
}

#[test]
fn waits_double_up_to_a_bound() {
    let (base, max) = (Duration::from_millis(50), Duration::from_secs(1));
    let backoff = Backoff { base, max, jitter_percent: 0 };
    let waits: Vec<_> = (1..=8).map(|nth| backoff.wait(nth, &Seed::new(0)).as_millis()).collect();
    assert_eq!(waits, [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    assert_eq!(backoff.wait(99, &Seed::new(0)), max);
    let none = Backoff { base: Duration::ZERO, ..Backoff::default() };
    assert_eq!(none.wait(5, &Seed::new(0)), Duration::ZERO);
    let endless = Backoff { base: Duration::MAX, max: Duration::MAX, jitter_percent: 100 };
    assert!(endless.wait(u32::MAX, &Seed::new(0)) <= Duration::MAX);
    assert_eq!(backoff.wait(0, &Seed::new(0)), base);
}

#[test]
fn full_jitter_spreads_over_the_whole_wait_and_half_over_half() {
    let seed = Seed::new(7);
    let full = Backoff { base: Duration::from_millis(1_000), ..Backoff::default() };
    let half = Backoff { jitter_percent: 50, ..full.clone() };
    for (backoff, floor) in [(full, 0), (half, 500)] {
        let mut waits: Vec<_> = (0..1_000).map(|_| backoff.wait(1, &seed).as_millis()).collect();
        waits.sort_unstable();
        assert!(waits[0] >= floor && waits[999] <= 1_000);
        for (part, index) in [(10, 100), (50, 500), (90, 900)] {
            let expected = floor + (1_000 - floor) * part / 100;
            assert!(waits[index].abs_diff(expected) < 100, "{part} %: {} for {expected}", waits[index]);
        }
    }
}

#[test]
fn one_seed_is_one_sequence_for_all_clones() {
    let backoff = Backoff::default();
    let waits = |seed: &Seed| (0..5).map(|_| backoff.wait(4, seed)).collect::<Vec<_>>();
    assert_eq!(waits(&Seed::new(3)), waits(&Seed::new(3)));
    assert_ne!(waits(&Seed::new(3)), waits(&Seed::new(4)));
    let seed = Seed::new(3);
    assert_ne!(waits(&seed), waits(&seed.clone()), "two calls of a client don't wait alike");
}

#[test]
fn a_sequence_goes_on_from_where_it_was() {
    let (backoff, seed) = (Backoff::default(), Seed::new(3));
    assert_eq!(seed.state(), 3);
    let _ = backoff.wait(4, &seed);
    let went_on = Seed::new(seed.state());
    assert_eq!(backoff.wait(4, &went_on), backoff.wait(4, &seed));
}

#[test]
fn the_waits_of_a_call_are_those_of_its_clients_seed() {
    let seed = |from| Common { seed: Seed::new(from), ..Common::default() };
    for from in [3, 4] {
        let mut judge = Judge::with(&seed(from), Retries::new(9), Method::GET);
        let own = Seed::new(from);
        for nth in 1..=5 {
            let retry = judge.of_error(&refused()).unwrap();
            assert_eq!(retry.after, Backoff::default().wait(nth, &own));
        }
    }
}

#[test]
fn no_wait_reaches_the_deadline() {
    let mut judge = Judge::new(Retries::new(3), Method::GET);
    let busy = answer(503, &[("retry-after", "30")]);
    judge.moment.deadline = Some(judge.moment.now + Duration::from_secs(30));
    assert_eq!(judge.of_answer(&busy), Err(NotRetried::WouldPassDeadline));
    judge.moment.deadline = Some(judge.moment.now + Duration::from_secs(31));
    assert!(judge.of_answer(&busy).is_ok());
    judge.moment.deadline = Some(judge.moment.now);
    judge.retries.backoff.base = Duration::ZERO;
    assert_eq!(judge.of_error(&refused()), Err(NotRetried::WouldPassDeadline));
}
