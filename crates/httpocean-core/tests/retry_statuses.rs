//! Which responses are retried.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod judging;

use std::time::Duration;

use http::{Method, StatusCode};
use httpocean_core::policy::{Methods, Opinion, Outcome, Retries, When};
use httpocean_core::{NotRetried, RetryClass, Sent};

use judging::{Judge, answer, broken, refused};

fn verdict(retries: Retries, method: Method, status: u16, fields: &[(&str, &str)]) -> Result<(), NotRetried> {
    let retry = Judge::new(retries, method).of_answer(&answer(status, fields))?;
    assert_eq!(retry.class, RetryClass::Status);
    Ok(())
}

fn listing(statuses: &[u16]) -> Retries {
    let statuses = statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap()).collect();
    Retries { statuses, ..Retries::new(3) }
}

#[test]
fn by_default_only_a_server_that_says_when_to_come_back() {
    for status in 200..600 {
        let without = verdict(Retries::new(3), Method::GET, status, &[]);
        let with = verdict(Retries::new(3), Method::GET, status, &[("retry-after", "1")]);
        let unless = if status == 407 { NotRetried::Permanent } else { NotRetried::NotListed };
        assert_eq!(without, Err(unless), "{status}");
        let expected = if [413, 429, 503].contains(&status) { Ok(()) } else { Err(unless) };
        assert_eq!(with, expected, "{status}");
    }
}

#[test]
fn a_listed_status_needs_no_field() {
    assert_eq!(verdict(listing(&[502]), Method::GET, 502, &[]), Ok(()));
    assert_eq!(verdict(listing(&[502]), Method::GET, 504, &[]), Err(NotRetried::NotListed));
}

#[test]
fn a_field_that_makes_no_sense_is_no_field() {
    for garbage in ["", "soon", "-1", "1.5", "5, 6", "Wed, 32 Oct 2026 00:00:00 GMT"] {
        let fields = [("retry-after", garbage)];
        assert_eq!(verdict(Retries::new(3), Method::GET, 503, &fields), Err(NotRetried::NotListed));
        assert_eq!(verdict(listing(&[503]), Method::GET, 503, &fields), Ok(()));
    }
}

#[test]
fn the_field_counts_only_where_it_is_respected() {
    let deaf = Retries { respect_retry_after: false, ..listing(&[503]) };
    let fields = [("retry-after", "7")];
    assert_eq!(verdict(deaf.clone(), Method::GET, 429, &fields), Err(NotRetried::NotListed));
    let retry = Judge::new(deaf, Method::GET).of_answer(&answer(503, &fields)).unwrap();
    assert!(!retry.told && retry.after < Duration::from_secs(1));
}

#[test]
fn what_the_server_asks_for_is_waited_on_any_listed_status() {
    let retry = Judge::new(listing(&[500]), Method::GET).of_answer(&answer(500, &[("retry-after", "7")]));
    assert_eq!(retry.map(|retry| (retry.after, retry.told)), Ok((Duration::from_secs(7), true)));
}

#[test]
fn a_method_that_may_not_be_used_twice_gets_its_response() {
    let fields = [("retry-after", "1")];
    assert_eq!(verdict(listing(&[500]), Method::POST, 500, &[]), Err(NotRetried::MethodNotAllowed));
    assert_eq!(verdict(Retries::new(3), Method::POST, 503, &fields), Err(NotRetried::MethodNotAllowed));
    let any = Retries { methods: Methods::Any, ..Retries::new(3) };
    assert_eq!(verdict(any, Method::POST, 503, &fields), Ok(()));
}

#[test]
fn a_proxy_that_wants_credentials_is_not_asked_again() {
    let retries = Retries { when: When::new(|_| Opinion::Retry), ..listing(&[407]) };
    assert_eq!(verdict(retries, Method::GET, 407, &[("retry-after", "1")]), Err(NotRetried::Permanent));
}

#[test]
fn the_user_may_want_what_nobody_listed() {
    let when = When::new(|attempt| match attempt.outcome {
        Outcome::Answer(answer) if answer.field("X-State") == Some(b"busy") => Opinion::Retry,
        Outcome::Answer(answer) if answer.status() == 503 => Opinion::Leave,
        Outcome::Failure(_) if *attempt.method == Method::PUT => Opinion::Leave,
        Outcome::Answer(_) | Outcome::Failure(_) => Opinion::AsUsual,
    });
    let retries = Retries { when, ..listing(&[500]) };
    let busy = [("x-state", "busy")];
    assert_eq!(verdict(retries.clone(), Method::GET, 200, &busy), Ok(()));
    assert_eq!(verdict(retries.clone(), Method::GET, 200, &[]), Err(NotRetried::NotListed));
    assert_eq!(verdict(retries.clone(), Method::GET, 500, &[]), Ok(()));
    let told = [("retry-after", "1")];
    assert_eq!(verdict(retries.clone(), Method::GET, 503, &told), Err(NotRetried::UserSaidNo));
    // What may have been carried out is not carried out twice for it.
    assert_eq!(verdict(retries.clone(), Method::POST, 200, &busy), Err(NotRetried::MethodNotAllowed));
    assert_eq!(Judge::new(retries.clone(), Method::PUT).of_error(&refused()), Err(NotRetried::UserSaidNo));
    assert!(Judge::new(retries, Method::GET).of_error(&broken(Sent::All)).is_ok());
}

#[test]
fn only_what_would_have_been_retried_is_given_up_on() {
    let given_up = |mut judge: Judge, status| {
        let fields = [("retry-after", "1")];
        judge.of_answer(&answer(status, &fields)).map_err(|why| why.gave_up())
    };
    let new = |retries| Judge::new(retries, Method::GET);
    assert_eq!(given_up(new(Retries::new(3)), 200), Err(false));
    assert_eq!(given_up(new(Retries::default()), 503), Err(false));
    assert_eq!(given_up(Judge::new(Retries::new(3), Method::POST), 503), Err(false));
    assert_eq!(given_up(new(Retries { status: Some(0), ..Retries::new(3) }), 503), Err(true));
    let mut late = new(Retries::new(3));
    late.moment.deadline = Some(late.moment.now + Duration::from_secs(1));
    assert_eq!(given_up(late, 503), Err(true));
}

#[test]
fn whether_the_user_is_asked_can_be_printed() {
    assert_eq!(format!("{:?}", When::default()), "When(as usual)");
    assert_eq!(format!("{:?}", When::new(|_| Opinion::Leave)), "When(the user says)");
}
