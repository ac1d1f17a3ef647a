//! How often: in all, and by class.

mod judging;

use http::{Method, StatusCode};
use httpocean_core::policy::{Backoff, Retries};
use httpocean_core::{NotRetried, RetryClass, Sent};

use judging::{Judge, answer, broken, refused};

#[test]
fn so_many_are_made_and_by_default_none() {
    let mut judge = Judge::new(Retries::new(3), Method::GET);
    for _ in 0..3 {
        assert!(judge.of_error(&refused()).is_ok());
    }
    assert_eq!(judge.of_error(&refused()), Err(NotRetried::Exhausted));
    assert_eq!(Judge::new(Retries::default(), Method::GET).of_error(&refused()), Err(NotRetried::Off));
}

#[test]
fn a_class_has_a_bound_of_its_own_within_the_total() {
    let listed = vec![StatusCode::BAD_GATEWAY];
    let bounded = Retries {
        connect: Some(1),
        read: Some(0),
        status: Some(2),
        other: Some(1),
        statuses: listed,
        ..Retries::new(4)
    };
    let mut judge = Judge::new(bounded, Method::GET);
    let class_exhausted = |class| Err(NotRetried::ClassExhausted(class));
    assert_eq!(judge.of_error(&broken(Sent::All)), class_exhausted(RetryClass::Read));
    assert!(judge.of_error(&refused()).is_ok());
    assert_eq!(judge.of_error(&refused()), class_exhausted(RetryClass::Connect));
    assert!(judge.of_error(&broken(Sent::Nothing)).is_ok());
    assert_eq!(judge.of_error(&broken(Sent::Nothing)), class_exhausted(RetryClass::Other));
    assert!(judge.of_answer(&answer(502, &[])).is_ok());
    assert!(judge.of_answer(&answer(502, &[])).is_ok());
    assert_eq!(judge.of_answer(&answer(502, &[])), Err(NotRetried::Exhausted));
    assert_eq!(RetryClass::ALL.map(|class| judge.spent.of(class)), [1, 0, 2, 1]);
}

#[test]
fn without_a_total_the_classes_bound_it() {
    let mut judge = Judge::new(Retries { total: None, connect: Some(40), ..Retries::new(3) }, Method::GET);
    for _ in 0..40 {
        assert!(judge.of_error(&refused()).is_ok());
    }
    assert_eq!(judge.of_error(&refused()), Err(NotRetried::ClassExhausted(RetryClass::Connect)));
}

#[test]
fn a_redirect_starts_the_waits_over_and_gives_no_retry_back() {
    let backoff = Backoff { jitter_percent: 0, ..Backoff::default() };
    let mut judge = Judge::new(Retries { backoff, ..Retries::new(3) }, Method::GET);
    let mut waits = || judge.of_error(&refused()).map(|retry| retry.after.as_millis());
    assert_eq!((waits(), waits()), (Ok(100), Ok(200)));
    judge.spent = core::mem::take(&mut judge.spent).redirected();
    assert_eq!(judge.of_error(&refused()).map(|retry| retry.after.as_millis()), Ok(100));
    assert_eq!(judge.of_error(&refused()), Err(NotRetried::Exhausted));
}
