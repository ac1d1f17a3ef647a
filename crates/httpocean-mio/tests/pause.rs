//! A slow user of one call holds back its peer, and nobody else.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use httpocean_mio::{BodyPlan, Event};
use httpocean_testkit::server::{Reply, Request, Server};
use support::{get, loop_of, run, until};

#[test]
fn only_the_paused_call_stands_still() {
    const LARGE: u64 = 32 << 20;
    let server = Server::start(|request: &Request| match &*request.target {
        "/large" => Reply::generated(LARGE),
        _ => Reply::ok("small"),
    });
    let mut looped = loop_of(4);
    let large = looped.client().start(get(&server.url("/large")), BodyPlan::empty()).unwrap();
    until(&mut looped, |_, event| matches!(event, Event::Head(_)));
    looped.client().pause(large);
    for _ in 0..20 {
        let small = looped.client().start(get(&server.url("/small")), BodyPlan::empty()).unwrap();
        until(&mut looped, |call, event| {
            assert_eq!(call, small, "{event:?} of a paused call");
            matches!(event, Event::End { .. })
        });
    }
    // It does not keep the poll awake either.
    let mut slept = false;
    for _ in 0..100 {
        assert!(looped.client().next_event().is_none());
        slept |= looped.client().next_timeout() != Some(Duration::ZERO);
        looped.turn(Some(Duration::from_millis(1))).unwrap();
    }
    assert!(slept);
    looped.client().resume(large);
    let outcome = run(&mut looped).remove(&large).unwrap();
    assert_eq!((outcome.body_len, outcome.parked), (LARGE, Some(true)));
    assert!(httpocean_testkit::is_pattern(0, &outcome.body));
}
