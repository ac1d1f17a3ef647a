//! What is retried after a failure: it depends on what the peer may have seen, and on whether it can get better.

mod judging;

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use httpocean_core::policy::{Methods, Retries};
use httpocean_core::pool::Refusal;
use httpocean_core::{
    Error, ErrorKind, NotRetried, Phase, ProtocolError, ProxyError, RetryClass, Sent, TransportError,
};

use judging::{Judge, broken, refused};

/// As to these, the peer may not have seen the request: `Ok` holds for any method. Others are for GET alone.
type Verdict = Result<RetryClass, NotRetried>;

const CONNECT: Verdict = Ok(RetryClass::Connect);
const READ: Verdict = Ok(RetryClass::Read);
const OTHER: Verdict = Ok(RetryClass::Other);
const PERMANENT: Verdict = Err(NotRetried::Permanent);
const BEGUN: Verdict = Err(NotRetried::ResponseBegun);

fn cases() -> Vec<(ErrorKind, Phase, Sent, Verdict)> {
    use Phase::{Await100, Connect, Drain, PoolWait, RecvBody, RecvHead, Resolve, SendBody, SendHead, Start};
    use Sent::{All, Nothing, Part};
    let cut = || ErrorKind::Protocol(ProtocolError::Truncated("x"));
    let garbage = ErrorKind::Protocol;
    let reset = || ErrorKind::Reset(TransportError::Reset);
    vec![
        (ErrorKind::Resolve(TransportError::NotFound), Resolve, Nothing, CONNECT),
        (ErrorKind::Resolve(TransportError::Filtered), Resolve, Nothing, PERMANENT),
        (ErrorKind::Connect(TransportError::Refused), Connect, Nothing, CONNECT),
        (ErrorKind::Connect(TransportError::Unreachable), Connect, Nothing, CONNECT),
        (ErrorKind::Connect(TransportError::Filtered), Connect, Nothing, PERMANENT),
        (ErrorKind::Timeout, Resolve, Nothing, CONNECT),
        (ErrorKind::Timeout, Connect, Nothing, CONNECT),
        (ErrorKind::Timeout, Start, Nothing, PERMANENT),
        (ErrorKind::Timeout, PoolWait, Nothing, PERMANENT),
        (ErrorKind::Timeout, SendHead, Nothing, OTHER),
        (ErrorKind::Timeout, SendHead, Part, READ),
        (ErrorKind::Timeout, Await100, Part, READ),
        (ErrorKind::Timeout, SendBody, Part, READ),
        (ErrorKind::Timeout, RecvHead, All, READ),
        (ErrorKind::Timeout, RecvBody, All, BEGUN),
        (ErrorKind::Timeout, Drain, All, BEGUN),
        (ErrorKind::Closed, SendHead, Nothing, OTHER),
        (ErrorKind::Closed, RecvHead, All, READ),
        (reset(), SendHead, Nothing, OTHER),
        (reset(), SendBody, Part, READ),
        (reset(), RecvHead, All, READ),
        (reset(), RecvBody, All, BEGUN),
        (cut(), RecvHead, All, READ),
        (cut(), RecvBody, All, BEGUN),
        (garbage(ProtocolError::BadStatusLine("x")), RecvHead, All, PERMANENT),
        (garbage(ProtocolError::BadStatusLine("x")), RecvHead, Part, PERMANENT),
        (garbage(ProtocolError::BadStatusLine("x")), SendHead, Nothing, OTHER),
        (garbage(ProtocolError::BadHeader("x")), RecvHead, All, PERMANENT),
        (garbage(ProtocolError::BadChunk("x")), RecvBody, All, PERMANENT),
        (garbage(ProtocolError::ConflictingLength("x")), RecvHead, All, PERMANENT),
        (garbage(ProtocolError::TooLarge("x")), RecvHead, All, PERMANENT),
        (garbage(ProtocolError::UnsupportedTransferCoding("x")), RecvHead, All, PERMANENT),
        (garbage(ProtocolError::UnsolicitedUpgrade("x")), RecvHead, All, PERMANENT),
        (ErrorKind::Pool(Refusal::QueueFull), PoolWait, Nothing, PERMANENT),
        (ErrorKind::Pool(Refusal::WaitedTooLong), PoolWait, Nothing, PERMANENT),
        (ErrorKind::Pool(Refusal::ShutDown), PoolWait, Nothing, PERMANENT),
        (ErrorKind::Pool(Refusal::DialFailed), PoolWait, Nothing, CONNECT),
        (ErrorKind::Pool(Refusal::DialTooSlow), Connect, Nothing, CONNECT),
        (ErrorKind::Request("x"), Start, Nothing, PERMANENT),
        (ErrorKind::Unsupported("x"), Start, Nothing, PERMANENT),
        (ErrorKind::Body("x"), SendBody, Part, PERMANENT),
        (ErrorKind::Content("x"), RecvBody, All, PERMANENT),
        (ErrorKind::Cancelled, RecvHead, All, PERMANENT),
    ]
}

/// What a proxy says instead of making a connection: busy, or no.
fn of_proxies() -> Vec<(ProxyError, Verdict)> {
    let refused = |status| ProxyError::Refused(StatusCode::from_u16(status).expect("a status"));
    let mut all = vec![
        (ProxyError::Unusable("x"), PERMANENT),
        (ProxyError::NoEntry("x"), PERMANENT),
        (ProxyError::NotSocks("x"), PERMANENT),
        (ProxyError::Closed, CONNECT),
        (ProxyError::Reset(TransportError::Reset), CONNECT),
        (ProxyError::Protocol(ProtocolError::Truncated("x")), CONNECT),
        (ProxyError::Protocol(ProtocolError::BadStatusLine("x")), PERMANENT),
    ];
    for (status, expected) in
        [(403, PERMANENT), (407, PERMANENT), (429, CONNECT), (502, CONNECT), (503, CONNECT)]
    {
        all.push((refused(status), expected));
    }
    for (code, expected) in
        [(1, CONNECT), (2, PERMANENT), (5, CONNECT), (7, PERMANENT), (8, PERMANENT), (91, CONNECT)]
    {
        all.push((ProxyError::NotConnected(code), expected));
    }
    all
}

fn verdict(method: Method, error: &Error) -> Verdict {
    Judge::new(Retries::new(3), method).of_error(error).map(|retry| retry.class)
}

#[test]
fn each_failure_has_its_class_or_is_permanent() {
    for (kind, phase, sent, expected) in cases() {
        let error = Error::new(kind, phase).with_sent(sent);
        assert_eq!(verdict(Method::GET, &error), expected, "{error:?}");
        let for_post = if expected == READ { Err(NotRetried::MethodNotAllowed) } else { expected };
        assert_eq!(verdict(Method::POST, &error), for_post, "POST {error:?}");
    }
}

#[test]
fn a_proxy_is_tried_again_if_it_may_say_something_else_then() {
    for (why, expected) in of_proxies() {
        let error = Error::new(ErrorKind::Proxy(why), Phase::Proxy);
        assert_eq!(verdict(Method::POST, &error), expected, "{error:?}");
    }
}

#[test]
fn what_the_peer_may_have_seen_is_retried_only_if_the_method_may_be_used_twice() {
    for (method, again) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("TRACE", true),
        ("PUT", true),
        ("DELETE", true),
        ("QUERY", true),
        ("POST", false),
        ("PATCH", false),
        ("CONNECT", false),
        ("get", false),
        ("BREW", false),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        for sent in [Sent::Part, Sent::All] {
            assert_eq!(verdict(method.clone(), &broken(sent)).is_ok(), again, "{method}");
        }
        assert_eq!(verdict(method.clone(), &broken(Sent::Nothing)), OTHER, "{method}");
        assert_eq!(verdict(method, &refused()), CONNECT);
    }
}

#[test]
fn the_user_says_which_methods() {
    let verdict = |methods, method| {
        let retries = Retries { methods, ..Retries::new(3) };
        Judge::new(retries, method).of_error(&broken(Sent::All)).map(|retry| retry.class)
    };
    assert_eq!(verdict(Methods::Any, Method::POST), READ);
    assert_eq!(verdict(Methods::Only(vec![Method::POST]), Method::POST), READ);
    assert_eq!(verdict(Methods::Only(vec![Method::POST]), Method::GET), Err(NotRetried::MethodNotAllowed));
}

#[test]
fn a_key_makes_a_post_one_that_may_be_made_twice() {
    let mut keyed = Judge::new(Retries::new(3), Method::POST);
    keyed.fields.insert("idempotency-key", HeaderValue::from_static("7"));
    assert!(keyed.of_error(&broken(Sent::All)).is_ok());
}

#[test]
fn a_body_that_was_read_once_can_not_be_sent_again() {
    let mut judge = Judge::new(Retries::new(3), Method::PUT);
    judge.moment.body_at_hand = false;
    assert_eq!(judge.of_error(&broken(Sent::All)), Err(NotRetried::BodyNotReplayable));
    assert_eq!(judge.of_error(&refused()), Err(NotRetried::BodyNotReplayable));
}

#[test]
fn the_deadline_of_the_call_is_not_a_timeout_of_an_attempt() {
    let late = Error::new(ErrorKind::Timeout, Phase::RecvHead).with_sent(Sent::All);
    let mut judge = Judge::new(Retries::new(3), Method::GET);
    judge.moment.deadline = Some(judge.moment.now + Duration::from_secs(60));
    assert!(judge.of_error(&late).is_ok(), "there is time left");
    judge.moment.deadline = Some(judge.moment.now);
    for method in [Method::GET, Method::POST] {
        judge.method = method;
        assert_eq!(judge.of_error(&late), Err(NotRetried::WouldPassDeadline));
    }
}
