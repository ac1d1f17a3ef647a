//! Whatever happens to a call: a verdict, within every bound.

mod judging;
mod support;

use std::time::Duration;

use http::{Method, Response, StatusCode};
use httpocean_core::policy::{Answer, Backoff, Budget, Common, Methods, Place, Retries, Seed, retry_after};
use httpocean_core::{Error, ErrorKind, Instant, NotRetried, Phase, RetryClass, Sent, TransportError};
use proptest::prelude::*;

use judging::{Judge, answer, broken, refused};
use support::random::cases;

#[derive(Clone, Debug)]
enum Event {
    Refused,
    Broken(Sent),
    TooSlow,
    Status(u16, Option<String>),
    Redirected,
    Sleep(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let value = prop_oneof![Just("0".to_owned()), "[0-9]{1,22}", "[ -~]{0,30}"];
    prop_oneof![
        Just(Event::Refused),
        prop_oneof![Just(Sent::Nothing), Just(Sent::Part), Just(Sent::All)].prop_map(Event::Broken),
        Just(Event::TooSlow),
        (200_u16..600, proptest::option::of(value)).prop_map(|(status, value)| Event::Status(status, value)),
        Just(Event::Status(503, Some("2".to_owned()))),
        Just(Event::Redirected),
        (0_u64..5_000_000).prop_map(Event::Sleep),
    ]
}

fn bound() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(0_u32..6)
}

fn retries() -> impl Strategy<Value = Retries> {
    let waits = (0_u64..3_000, 0_u64..20_000, any::<u8>(), 0_u64..30);
    let methods =
        prop_oneof![Just(Methods::Idempotent), Just(Methods::Any), Just(Methods::Only(vec![Method::POST]))];
    (bound(), bound(), bound(), bound(), bound(), waits, methods, any::<bool>()).prop_map(
        |(total, connect, read, status, other, waits, methods, respect_retry_after)| Retries {
            total,
            connect,
            read,
            status,
            other,
            methods,
            statuses: vec![StatusCode::BAD_GATEWAY, StatusCode::PROXY_AUTHENTICATION_REQUIRED],
            respect_retry_after,
            retry_after_max: Duration::from_secs(waits.3),
            backoff: Backoff {
                base: Duration::from_millis(waits.0),
                max: Duration::from_millis(waits.1),
                jitter_percent: waits.2,
            },
            ..Retries::new(3)
        },
    )
}

fn response(status: u16, value: Option<&str>) -> Response<()> {
    answer(status, &value.map(|value| ("retry-after", value)).into_iter().collect::<Vec<_>>())
}

/// The checks of one attempt: the verdict is within every bound.
fn check(judge: &mut Judge, event: &Event) -> Result<(), TestCaseError> {
    let before = (judge.spent.total(), RetryClass::ALL.map(|class| judge.spent.of(class)));
    let (verdict, seen) = match event {
        Event::Refused => (judge.of_error(&refused()), false),
        Event::Broken(sent) => (judge.of_error(&broken(*sent)), *sent != Sent::Nothing),
        Event::TooSlow => {
            let error = Error::new(ErrorKind::Timeout, Phase::RecvHead).with_sent(Sent::All);
            (judge.of_error(&error), true)
        }
        Event::Status(status, value) => (judge.of_answer(&response(*status, value.as_deref())), true),
        Event::Redirected => {
            judge.spent = core::mem::take(&mut judge.spent).redirected();
            return Ok(());
        }
        Event::Sleep(micros) => {
            judge.moment.now = judge.moment.now + Duration::from_micros(*micros);
            return Ok(());
        }
    };
    let after = (judge.spent.total(), RetryClass::ALL.map(|class| judge.spent.of(class)));
    let Ok(retry) = verdict else {
        prop_assert_eq!(before, after, "a no costs nothing");
        return Ok(());
    };
    let retries = &judge.retries;
    prop_assert_eq!(after.0, before.0 + 1);
    prop_assert!(retries.total.is_none_or(|total| after.0 <= total));
    for (class, count) in RetryClass::ALL.into_iter().zip(after.1) {
        prop_assert!(retries.of(class).is_none_or(|most| count <= most));
    }
    let longest = if retry.told { retries.retry_after_max } else { retries.backoff.max };
    prop_assert!(retry.after <= longest);
    prop_assert!(!retry.told || retries.respect_retry_after && retry.class == RetryClass::Status);
    prop_assert!(!seen || retries.methods.allow(&judge.method, &judge.fields), "done twice");
    let wakes = judge.moment.now + retry.after;
    prop_assert!(judge.moment.deadline.is_none_or(|deadline| wakes < deadline));
    judge.moment.now = wakes;
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn every_verdict_is_within_every_bound(
        retries in retries(),
        post in any::<bool>(),
        deadline in proptest::option::of(0_u64..60_000_000),
        body_at_hand in proptest::bool::weighted(0.9),
        events in proptest::collection::vec(event(), 0..40),
    ) {
        let mut judge = Judge::new(retries, if post { Method::POST } else { Method::GET });
        judge.moment.now = Instant::ZERO;
        judge.moment.deadline = deadline.map(Instant::from_micros);
        judge.moment.body_at_hand = body_at_hand;
        for event in &events {
            check(&mut judge, event)?;
        }
        prop_assert!(body_at_hand || judge.spent.total() == 0);
    }

    #[test]
    fn i35_any_field_is_a_bounded_wait_or_ignored(
        value in "[ -~\t]{0,40}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT|[0-9]{1,30}",
        date in proptest::option::of("[ -~]{0,30}"),
        wall in proptest::option::of(any::<u64>()),
    ) {
        let mut fields = vec![("retry-after", value.as_str())];
        fields.extend(date.as_deref().map(|date| ("date", date)));
        let answer = answer(503, &fields);
        let wait = retry_after(&Answer::from(&answer), wall);
        let digits = value.trim_matches([' ', '\t']);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            prop_assert_eq!(wait.map(|wait| wait.as_secs()), Some(digits.parse().unwrap_or(u64::MAX)));
        }
        let mut judge = Judge::new(Retries::new(3), Method::GET);
        judge.moment.wall = wall;
        match judge.of_answer(&answer) {
            Ok(retry) => prop_assert!(wait.is_some() && retry.after <= Duration::from_secs(60)),
            Err(why) => prop_assert_eq!((why, wait), (NotRetried::NotListed, None)),
        }
    }

    #[test]
    fn the_same_inputs_make_the_same_verdicts(
        retries in retries(),
        events in proptest::collection::vec(event(), 0..20),
        seed in any::<u64>(),
    ) {
        let run = || {
            let common = Common { seed: Seed::new(seed), ..Common::default() };
            let mut judge = Judge::with(&common, retries.clone(), Method::GET);
            events.iter().map(|event| match event {
                Event::Status(status, value) => judge.of_answer(&response(*status, value.as_deref())),
                Event::Broken(sent) => judge.of_error(&broken(*sent)),
                Event::Refused | Event::TooSlow | Event::Redirected | Event::Sleep(_) => judge.of_error(
                    &Error::new(ErrorKind::Resolve(TransportError::NotFound), Phase::Resolve),
                ),
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn i33_the_share_of_retrying_calls_holds_when_a_place_is_taken(
        at_least in 0_u32..5,
        percent in 0_u32..150,
        turns in proptest::collection::vec((0_u8..4, any::<prop::sample::Index>()), 0..200),
    ) {
        let budget = Budget::new(at_least, percent);
        // A model of it: who is active, and who of them is retrying.
        let mut places: Vec<(Place, bool)> = Vec::new();
        for (turn, which) in turns {
            let index = if places.is_empty() { 0 } else { which.index(places.len()) };
            let allowed = (places.len() as u32 * percent / 100).max(at_least) as usize;
            let retrying = places.iter().filter(|(_, retrying)| *retrying).count();
            match (turn, places.get_mut(index)) {
                (1, Some((place, is_retrying))) => {
                    let room = if *is_retrying { retrying <= allowed } else { retrying < allowed };
                    prop_assert_eq!(place.take(), room);
                    *is_retrying |= room;
                }
                (2, Some((place, is_retrying))) => {
                    place.settle();
                    *is_retrying = false;
                }
                (3, Some(_)) => drop(places.swap_remove(index)),
                _ => places.push((budget.enter(), false)),
            }
            let retrying = places.iter().filter(|(_, retrying)| *retrying).count();
            prop_assert_eq!((budget.active() as usize, budget.retrying() as usize), (places.len(), retrying));
        }
    }
}
