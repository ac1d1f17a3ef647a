//! What a call tells of the attempts before its last one, on its response and on its error.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod engine_world;
mod hopping;

use std::time::Duration;

use common::{SECOND, Said, Scenario, at, request, stale};
use engine_world::{Net, Piece, Reply, World, ms};
use hopping::{OK, busy, following, leads_to, retrying};
use httpocean_core::policy::redirect::Fragment;
use httpocean_core::policy::{Exhausted, Methods, Retries};
use httpocean_core::pool::{Facts, Options, Refusal};
use httpocean_core::{
    BodyPlan, CallStep, Config, Error, ErrorKind, HopReason, NotFollowed, NotReplayed, NotRetried, Phase,
    RetryClass, Sent, TransportError,
};

fn get(uri: &str, config: Config) -> Scenario {
    Scenario::start(request("GET", uri, &[]), BodyPlan::empty(), config)
}

/// One attempt on a connection of that kind: it is written, and that comes back.
fn attempt(it: &mut Scenario, facts: Facts, answer: &str) {
    it.acquire(facts);
    let _ = it.wait();
    it.flush();
    it.feed(answer);
}

fn hop(it: &mut Scenario) -> httpocean_core::Hop {
    for _ in 0..3 {
        if let Said::Hop(hop) = it.step() {
            return hop;
        }
    }
    panic!("no hop");
}

fn refuse(it: &mut Scenario, why: TransportError) {
    assert!(matches!(it.step(), Said::Acquire { .. }));
    let error = Error::new(ErrorKind::Connect(why), Phase::Connect);
    it.call.refused(Refusal::DialFailed, Some(error), it.now);
}

fn error(it: &mut Scenario) -> Error {
    for _ in 0..3 {
        if let CallStep::Failed(error) = it.call.step(&mut it.io, it.now) {
            return error;
        }
        it.call.detach();
    }
    panic!("no error");
}

#[test]
fn of_every_kind_in_their_order() {
    let mut it = get("http://a.test/1", retrying(9, SECOND));
    attempt(&mut it, Facts::default(), &leads_to(302, "http://b.test/2"));
    assert!(matches!(it.step(), Said::Release(_)));
    assert_eq!(
        (it.call.uri().to_string().as_str(), it.call.history().len()),
        ("http://a.test/1", 0),
        "not yet"
    );
    let _ = hop(&mut it);
    assert_eq!((it.call.uri().to_string().as_str(), it.call.history().len()), ("http://b.test/2", 1));
    refuse(&mut it, TransportError::Refused);
    let _ = hop(&mut it);
    it.now = at(1);
    attempt(&mut it, stale(), "");
    it.io.rx.set_eof();
    let _ = hop(&mut it);
    attempt(&mut it, Facts::default(), &busy("7"));
    let _ = hop(&mut it);
    it.now = at(8);
    attempt(&mut it, Facts::default(), "");
    it.io.rx.set_eof();
    let _ = hop(&mut it);
    it.now = at(60);
    attempt(&mut it, Facts::default(), OK);
    assert!(matches!(it.step(), Said::Head(200, _)));
    let told: Vec<_> = it
        .call
        .history()
        .iter()
        .map(|hop| {
            (
                hop.uri.path(),
                hop.why,
                hop.status.map(|s| s.as_u16()),
                hop.error.as_ref().map(|e| e.kind().clone()),
                hop.after.as_secs(),
            )
        })
        .collect();
    let refused = ErrorKind::Connect(TransportError::Refused);
    assert_eq!(
        told,
        [
            ("/1", HopReason::Redirect, Some(302), None, 0),
            ("/2", HopReason::ConnectFailed, None, Some(refused), 1),
            ("/2", HopReason::StaleConnection, None, Some(ErrorKind::Closed), 0),
            ("/2", HopReason::RetryAfter, Some(503), None, 7),
            ("/2", HopReason::ReadFailed, None, Some(ErrorKind::Closed), 4),
        ]
    );
    assert!(matches!(it.heard().last(), Some(Said::End(_))));
    assert_eq!(it.call.history().len(), 5, "and after the end");
}

#[test]
fn the_first_cause() {
    let mut it = get("http://a.test/", retrying(2, SECOND));
    refuse(&mut it, TransportError::NotFound);
    let _ = hop(&mut it);
    it.now = at(1);
    refuse(&mut it, TransportError::Unreachable);
    let _ = hop(&mut it);
    it.now = at(9);
    refuse(&mut it, TransportError::Refused);
    let error = error(&mut it);
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    assert_eq!(error.first().unwrap().kind(), &ErrorKind::Connect(TransportError::NotFound));
    assert_eq!((error.not_retried(), error.history().len()), (Some(NotRetried::Exhausted), 2));
    assert!(error.to_string().contains("; at first: "), "{error}");
    assert!(
        error.history().iter().all(|hop| hop.error.as_ref().unwrap().history().is_empty()),
        "no tree of them"
    );
}

#[test]
fn of_a_long_way_the_beginning_and_the_end() {
    for hops in [63_usize, 64, 65, 200] {
        let mut it = get("http://a.test/0", following(u32::MAX));
        for n in 1..=hops {
            attempt(&mut it, Facts::default(), &leads_to(307, &format!("/{n}")));
            assert_eq!(hop(&mut it).uri.path(), format!("/{}", n - 1), "each is said");
        }
        let first = 0..hops.min(32);
        let last = hops.saturating_sub(32).max(32)..hops;
        let kept: Vec<_> = first.chain(last).map(|n| format!("/{n}")).collect();
        assert_eq!(it.call.history().iter().map(|hop| hop.uri.path()).collect::<Vec<_>>(), kept);
        it.call.cancel(it.now);
        assert_eq!(error(&mut it).history(), it.call.history());
    }
}

#[test]
fn too_many_redirects() {
    let mut it = get("http://a.test/0", following(2));
    for n in 1..=2 {
        attempt(&mut it, Facts::default(), &leads_to(302, &format!("/{n}")));
        let _ = hop(&mut it);
    }
    attempt(&mut it, Facts::default(), &leads_to(302, "/3"));
    let error = error(&mut it);
    assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::TooMany));
    assert_eq!((error.history().len(), error.status().unwrap().as_u16(), error.first()), (2, 302, None));
    assert_eq!(it.call.uri().path(), "/2");
}

/// What an earlier attempt sent, the peer may have seen, whatever the last one came to.
#[test]
fn what_was_sent_adds_up() {
    for (sent, all) in [(0, Sent::Nothing), (5, Sent::Part), (usize::MAX, Sent::All)] {
        let mut it = get("http://a.test/", retrying(1, SECOND));
        it.acquire(Facts::default());
        let _ = it.wait();
        it.io.tx.sent(sent.min(it.io.tx.pending().len()));
        it.io.rx.fail(TransportError::Reset);
        it.io.tx.fail(TransportError::Reset);
        let before = hop(&mut it);
        assert_eq!(
            (before.error.as_ref().unwrap().sent(), before.why == HopReason::SendFailed),
            (all, sent == 0)
        );
        it.now = at(1);
        it.io = httpocean_core::Io::default();
        refuse(&mut it, TransportError::Refused);
        let error = error(&mut it);
        assert_eq!((error.kind(), error.sent()), (&ErrorKind::Connect(TransportError::Refused), all));
    }
    // A redirect's request was sent, and so was that of a reader's complaint about the last response.
    let mut it = get("http://a.test/", Config::default());
    attempt(&mut it, Facts::default(), &leads_to(302, "/2"));
    let _ = hop(&mut it);
    it.call.cancel(it.now);
    assert_eq!(error(&mut it).sent(), Sent::All);
}

#[test]
fn why_there_was_no_further_attempt() {
    use NotRetried::{ClassExhausted, Exhausted as AllUsed, MethodNotAllowed, Permanent};
    let closed = |config, method: &str| {
        let mut it = Scenario::start(request(method, "http://a.test/", &[]), BodyPlan::empty(), config);
        attempt(&mut it, Facts::default(), "");
        it.io.rx.set_eof();
        it
    };
    let mut it = closed(Config::default(), "GET");
    let plain = error(&mut it);
    assert_eq!(
        (plain.not_retried(), plain.not_replayed()),
        (None, Some(NotReplayed::FreshConnection)),
        "they are off"
    );
    assert_eq!(error(&mut closed(retrying(3, SECOND), "POST")).not_retried(), Some(MethodNotAllowed));
    let none = Config { retries: Retries { read: Some(0), ..Retries::new(3) }, ..Config::default() };
    assert_eq!(error(&mut closed(none, "GET")).not_retried(), Some(ClassExhausted(RetryClass::Read)));

    let mut it = closed(retrying(1, Duration::ZERO), "GET");
    let _ = hop(&mut it);
    it.io = httpocean_core::Io::default();
    attempt(&mut it, Facts::default(), "");
    it.io.rx.set_eof();
    let twice = error(&mut it);
    assert_eq!((twice.not_retried(), twice.history().len()), (Some(AllUsed), 1));

    let mut it = get("http://a.test/", retrying(3, SECOND));
    attempt(&mut it, Facts::default(), "HTTP/9.9 200 OK\r\n\r\n");
    assert_eq!(error(&mut it).not_retried(), Some(Permanent));

    let retries = Retries { exhausted: Exhausted::Error, methods: Methods::Any, ..Retries::new(1) };
    let mut it = get("http://a.test/", Config { retries, ..Config::default() });
    attempt(&mut it, Facts::default(), &busy("1"));
    let _ = hop(&mut it);
    it.now = at(1);
    attempt(&mut it, Facts::default(), &busy("1"));
    let last = error(&mut it);
    assert!(matches!(last.kind(), ErrorKind::Status(status) if status.as_u16() == 503));
    assert_eq!(
        (last.not_retried(), last.history()[0].status, last.first()),
        (Some(AllUsed), last.status(), None)
    );
}

#[test]
fn a_stale_connection_is_made_good_once_and_then_counts() {
    let mut it = get("http://a.test/", retrying(1, Duration::ZERO));
    for (facts, why) in [(stale(), HopReason::StaleConnection), (Facts::default(), HopReason::ReadFailed)] {
        attempt(&mut it, facts, "");
        it.io.rx.set_eof();
        assert_eq!(hop(&mut it).why, why);
        it.io = httpocean_core::Io::default();
    }
    // After a retry the connection may be a stale one again.
    attempt(&mut it, stale(), "");
    it.io.rx.set_eof();
    assert_eq!(hop(&mut it).why, HopReason::StaleConnection);
    it.io = httpocean_core::Io::default();
    attempt(&mut it, stale(), "");
    it.io.rx.set_eof();
    let error = error(&mut it);
    assert_eq!(
        (error.not_replayed(), error.not_retried()),
        (Some(NotReplayed::ReplayedAlready), Some(NotRetried::Exhausted))
    );
    assert_eq!(error.history().len(), 3);
}

#[test]
fn the_fragment_of_the_url() {
    let start = |url: &str| {
        let mut request = request("GET", url.split('#').next().unwrap(), &[]);
        if let Some(fragment) = Fragment::of(url) {
            request.extensions_mut().insert(fragment);
        }
        Scenario::start(request, BodyPlan::empty(), retrying(1, Duration::ZERO))
    };
    for (from, location, to) in [
        ("http://a.test/1", "/2", "http://a.test/2"),
        ("http://a.test/1#part", "/2", "http://a.test/2#part"),
        ("http://a.test/1#part", "/2#other", "http://a.test/2#other"),
        ("http://a.test/1", "//b.test/2#other", "http://b.test/2#other"),
        ("http://a.test/1#part", "http://b.test", "http://b.test/#part"),
    ] {
        let mut it = start(from);
        assert_eq!(it.call.url(), from);
        attempt(&mut it, Facts::default(), &leads_to(302, location));
        let said = hop(&mut it);
        assert_eq!(
            (said.uri.to_string(), it.call.url().as_str()),
            (from.split('#').next().unwrap().to_owned(), to)
        );
        // A retry goes to where the redirect led, and the fragment is never sent.
        it.acquire(Facts::default());
        let _ = it.wait();
        assert!(!it.flush().contains('#'));
        it.io.rx.set_eof();
        let _ = hop(&mut it);
        assert_eq!(it.call.url(), to);
        // And from there on.
        it.io = httpocean_core::Io::default();
        attempt(&mut it, Facts::default(), &leads_to(302, "/3"));
        let _ = hop(&mut it);
        assert_eq!(it.call.url().split_once('#').map(|(_, f)| f), to.split_once('#').map(|(_, f)| f));
    }
}

#[test]
fn interim_responses_are_said_in_every_attempt() {
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let net = Net::default().answers(move |_, n| {
        let last = [leads_to(302, "/2"), busy("1"), OK.to_owned()];
        Reply::after(ms(2), &format!("{hints}{}", last[n]))
    });
    let mut world = World::new(Options::default(), retrying(1, SECOND), net);
    let call = world.get_at(engine_world::at(0), "a.test");
    world.run();
    assert_eq!(
        world.users[&call].heard,
        ["interim", "hop", "interim", "hop", "interim", "head", "data", "end"]
    );
}

/// An interim response that looks like what leads to a hop does not.
#[test]
fn an_interim_response_leads_nowhere() {
    let retries = Retries { statuses: vec![http::StatusCode::EARLY_HINTS], ..Retries::new(3) };
    let mut it = get("http://a.test/", Config { retries, ..Config::default() });
    attempt(
        &mut it,
        Facts::default(),
        &format!("HTTP/1.1 103 Hints\r\nlocation: /2\r\nretry-after: 1\r\n\r\n{OK}"),
    );
    assert!(matches!(it.step(), Said::Interim(103, _)));
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert!(it.call.history().is_empty());
}

/// The clocks of an attempt, and its limits, start anew with the next.
#[test]
fn each_attempt_may_have_as_many_interim_responses() {
    let limits = httpocean_core::Limits { interim: 1, ..httpocean_core::Limits::default() };
    let mut it = get("http://a.test/", Config { limits, ..Config::default() });
    for n in 0..3 {
        attempt(
            &mut it,
            Facts::default(),
            &format!("HTTP/1.1 103 Hints\r\n\r\n{}", leads_to(302, &format!("/{n}"))),
        );
        assert!(matches!(it.step(), Said::Interim(103, _)));
        let _ = hop(&mut it);
    }
}

#[test]
fn a_hop_may_lead_to_another_protocol() {
    // Which is what was asked for, and not tried again, whatever the options list.
    let retries = Retries { statuses: vec![http::StatusCode::SWITCHING_PROTOCOLS], ..Retries::new(3) };
    let mut it = Scenario::start(
        request("GET", "http://a.test/", &[("connection", "upgrade"), ("upgrade", "chat")]),
        BodyPlan::empty(),
        Config { retries, ..Config::default() },
    );
    attempt(&mut it, Facts::default(), &leads_to(307, "/chat"));
    let _ = hop(&mut it);
    attempt(
        &mut it,
        Facts::default(),
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhello",
    );
    let said = it.run();
    assert_eq!(said.last(), Some(&Said::Upgraded(b"hello".to_vec())), "{said:?}");
    assert_eq!(it.call.history().len(), 1);
}

/// With an engine, the error that a user hears has it all.
#[test]
fn an_engines_user_hears_the_same() {
    let net = Net::default().answers(|_, n| match n {
        0 => Reply::after(ms(2), &leads_to(302, "http://b.test/")),
        _ => Reply::default().then(ms(2), Piece::Close),
    });
    let mut world = World::new(Options::default(), retrying(2, ms(100)), net);
    let call = world.get_at(engine_world::at(0), "a.test");
    world.run();
    let error = world.failure(call);
    let heard: Vec<_> = world.users[&call].hops.iter().map(|(_, hop)| hop.clone()).collect();
    assert_eq!((error.history(), heard.len()), (heard.as_slice(), 3));
    assert_eq!((error.kind(), error.not_retried()), (&ErrorKind::Closed, Some(NotRetried::Exhausted)));
    assert_eq!(error.first().unwrap().sent(), Sent::All);
}

/// The last response fails its user: in its body, or because it is not what its reader can use.
#[test]
fn errors_of_the_body_tell_it_too() {
    let start = |body: &str| {
        let mut it = get("http://a.test/", retrying(3, SECOND));
        attempt(&mut it, Facts::default(), &leads_to(302, "/2"));
        let _ = hop(&mut it);
        attempt(&mut it, Facts::default(), &format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{body}"));
        assert!(matches!(it.step(), Said::Head(200, _)));
        it
    };
    let mut it = start("abc");
    let rejected = it.call.rejected(Error::new(ErrorKind::Content("not JSON"), Phase::RecvBody), &it.io);
    assert_eq!((rejected.history(), rejected.sent()), (it.call.history(), Sent::All));
    assert_eq!(it.step(), Said::Data(b"abc".to_vec()));
    it.io.rx.set_eof();
    let broken = error(&mut it);
    assert_eq!(
        (broken.history().len(), broken.phase(), broken.not_replayed()),
        (1, Phase::RecvBody, Some(NotReplayed::ResponseBegun))
    );
    let mut it = start("whole one");
    assert!(matches!(it.heard().last(), Some(Said::End(_))));
    let rejected = it.call.rejected(Error::new(ErrorKind::Content("not JSON"), Phase::RecvBody), &it.io);
    assert_eq!((rejected.history().len(), rejected.sent()), (1, Sent::All));
}
