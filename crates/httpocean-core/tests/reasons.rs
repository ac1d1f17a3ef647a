//! Every reason has one word, which nothing else of its kind has, and a sentence to put behind a colon.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use httpocean_core::policy::redirect::NoRedirect;
use httpocean_core::pool::Refusal;
use httpocean_core::{CloseReason, HopReason, NotFollowed, NotReplayed, NotRetried, RetryClass};

fn are_words(words: Vec<&str>) {
    for word in &words {
        let is_word = word.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(is_word, "{word}");
    }
    are_different(&words);
}

fn are_sentences(sentences: Vec<&str>) {
    for sentence in &sentences {
        assert!(sentence.contains(' ') && !sentence.ends_with('.'), "{sentence}");
        assert!(sentence.starts_with(|first: char| first.is_ascii_lowercase()), "{sentence}");
    }
    are_different(&sentences);
}

fn are_different(all: &[&str]) {
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
}

const HOPS: [HopReason; 7] = [
    HopReason::StaleConnection,
    HopReason::Redirect,
    HopReason::ConnectFailed,
    HopReason::SendFailed,
    HopReason::ReadFailed,
    HopReason::Status,
    HopReason::RetryAfter,
];

const NOT_FOLLOWED: [NotFollowed; 9] = [
    NotFollowed::TooMany,
    NotFollowed::BadLocation("its Location is empty"),
    NotFollowed::DifferentLocations,
    NotFollowed::SchemeNotSupported,
    NotFollowed::NotHttps,
    NotFollowed::OtherHost,
    NotFollowed::Userinfo,
    NotFollowed::BodyNotReplayable,
    NotFollowed::NotSendable("its head is too large"),
];

fn not_retried() -> Vec<NotRetried> {
    let mut all = vec![
        NotRetried::Off,
        NotRetried::Exhausted,
        NotRetried::MethodNotAllowed,
        NotRetried::Permanent,
        NotRetried::NotListed,
        NotRetried::ResponseBegun,
        NotRetried::BudgetEmpty,
        NotRetried::WouldPassDeadline,
        NotRetried::BodyNotReplayable,
        NotRetried::UserSaidNo,
    ];
    all.extend(RetryClass::ALL.map(NotRetried::ClassExhausted));
    all
}

#[test]
fn words() {
    are_words(CloseReason::ALL.iter().map(CloseReason::word).collect());
    are_words(RetryClass::ALL.iter().map(RetryClass::word).collect());
    are_words(not_retried().iter().map(NotRetried::word).collect());
    are_words(NOT_FOLLOWED.iter().map(NotFollowed::word).collect());
    are_words(HOPS.iter().map(HopReason::word).collect());
}

#[test]
fn sentences() {
    are_sentences(CloseReason::ALL.iter().map(CloseReason::explain).collect());
    are_sentences(RetryClass::ALL.iter().map(RetryClass::explain).collect());
    are_sentences(not_retried().iter().map(NotRetried::explain).collect());
    are_sentences(NOT_FOLLOWED.iter().map(NotFollowed::explain).collect());
    are_sentences(HOPS.iter().map(HopReason::explain).collect());
    let no_redirect = [NoRedirect::Status, NoRedirect::NoLocation, NoRedirect::Off, NoRedirect::Connect];
    are_sentences(no_redirect.iter().map(NoRedirect::explain).collect());
    let refusals = [
        Refusal::WaitedTooLong,
        Refusal::DialTooSlow,
        Refusal::QueueFull,
        Refusal::DialFailed,
        Refusal::ShutDown,
    ];
    are_sentences(refusals.iter().map(Refusal::explain).collect());
    let not_replayed = [
        NotReplayed::FreshConnection,
        NotReplayed::ReplayedAlready,
        NotReplayed::ResponseBegun,
        NotReplayed::NotIdempotent,
        NotReplayed::BodyNotReplayable,
    ];
    are_sentences(not_replayed.iter().map(NotReplayed::explain).collect());
}

#[test]
fn only_retries_are_counted_as_retries() {
    let free: Vec<&str> = HOPS.iter().filter(|hop| !hop.is_retry()).map(HopReason::word).collect();
    assert_eq!(free, ["stale-connection", "redirect"]);
}
