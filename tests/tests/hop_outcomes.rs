//! What a user sees of retries: the last response or an error, the reason why there was no more of them, the attempts
//! before, and the numbers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use httpocean_core::policy::{Backoff, Exhausted, Opinion, Outcome, Retries, When};
use httpocean_std::{ErrorKind, Fault, HopReason, NotRetried, Phase, Sent, TransportError, pool};
use httpocean_testkit::server::{End, Reply, Server};
use httpocean_tests::{BOUND, On, Recorder, at_rest, exchange, get, on_both_adapters, refusing_url};

on_both_adapters!(
    what_is_left_of_the_last_response_is_up_to_the_user,
    what_the_user_thinks_of_a_response,
    what_the_user_thinks_of_a_failure,
    a_predicate_that_panics_leaves_things_as_they_are,
    a_server_says_when_to_come_back_in_seconds,
    a_server_says_when_to_come_back_by_a_date,
    a_date_that_has_passed_is_no_wait,
    all_of_it_is_told_and_counted,
    an_error_has_the_first_cause_and_the_attempts,
);
on_both_adapters!("dials": a_server_that_starts_meanwhile, a_server_that_never_starts);

fn quick(total: u32) -> Retries {
    let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
    Retries { statuses: vec![StatusCode::BAD_GATEWAY], backoff, ..Retries::new(total) }
}

/// Answers the first so many requests so, and all others well.
fn server(on: On, replies: Vec<Reply>) -> Server {
    let count = AtomicUsize::new(0);
    on.serve(move |_| replies.get(count.fetch_add(1, SeqCst)).cloned().unwrap_or_else(|| Reply::ok("fine")))
}

fn down(nth: usize) -> Reply {
    Reply::status(502, "Bad Gateway").body(format!("down {nth}"))
}

fn what_is_left_of_the_last_response_is_up_to_the_user(on: On) {
    for exhausted in [Exhausted::Response, Exhausted::Error] {
        let server = server(on, (0..9).map(down).collect());
        let client = on.builder().retries(Retries { exhausted, ..quick(2) }).build();
        let answer = client.get(server.url("/")).send();
        if exhausted == Exhausted::Response {
            let mut response = answer.unwrap();
            assert_eq!((response.status().as_u16(), response.body().hops().len()), (502, 2));
            assert_eq!(response.body_mut().read_to_string(100).unwrap(), "down 2");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Status(StatusCode::BAD_GATEWAY));
            assert_eq!(error.not_retried(), Some(NotRetried::Exhausted));
            assert_eq!(
                (error.fault(), error.phase(), error.sent()),
                (Fault::Peer, Phase::RecvHead, Sent::All)
            );
            assert_eq!((error.status().unwrap().as_u16(), error.hops().len()), (502, 2));
            assert!(error.connection().is_some());
        }
        assert_eq!((server.stats().requests, server.stats().accepted), (3, 1));
        let stats = at_rest(&client);
        assert_eq!((stats.retries, stats.requests_sent, stats.idle), (2, 3, 1));
    }
}

fn what_the_user_thinks_of_a_response(on: On) {
    let when = When::new(|attempt| match attempt.outcome {
        Outcome::Answer(answer) if answer.field("x-try-again").is_some() => Opinion::Retry,
        Outcome::Answer(answer) if answer.field("x-leave").is_some() => Opinion::Leave,
        Outcome::Answer(_) | Outcome::Failure(_) => Opinion::AsUsual,
    });
    let again = Reply::status(404, "Not Found").header("X-Try-Again", "yes");
    let leave = down(0).header("X-Leave", "yes");
    let server = server(on, vec![again, leave, down(1)]);
    let client = on.builder().retries(Retries { when, ..quick(5) }).build();
    let first = client.get(server.url("/")).send().unwrap();
    // It was not asked for, was retried all the same, and then it was left where it would have been.
    assert_eq!((first.status().as_u16(), first.body().hops().len()), (502, 1));
    assert_eq!(first.body().hops()[0].status, Some(StatusCode::NOT_FOUND));
    drop(first);
    let second = client.get(server.url("/")).send().unwrap();
    assert_eq!((second.status().as_u16(), second.body().hops().len()), (200, 1));
}

fn what_the_user_thinks_of_a_failure(on: On) {
    let when = When::new(|attempt| match attempt.outcome {
        Outcome::Failure(_) => Opinion::Leave,
        Outcome::Answer(_) => Opinion::AsUsual,
    });
    let server = server(on, vec![Reply::script([]).then(End::CloseNow)]);
    let client = on.builder().retries(Retries { when, ..quick(5) }).build();
    let error = client.get(server.url("/")).send().unwrap_err();
    assert_eq!((error.kind(), error.not_retried()), (&ErrorKind::Closed, Some(NotRetried::UserSaidNo)));
    assert!(error.hops().is_empty());
    assert_eq!(get(&client, &server.url("/")), "fine");
}

fn a_predicate_that_panics_leaves_things_as_they_are(on: On) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let when = When::new(move |_| {
        counted.fetch_add(1, SeqCst);
        std::panic::resume_unwind(Box::new("this predicate panics"))
    });
    let server = server(on, vec![down(0).close(), Reply::script([]).then(End::CloseNow)]);
    let one = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = on.builder().pool(one).retries(Retries { when, ..quick(5) }).build();
    let answer = client.get(server.url("/")).send().unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().hops().len()), (502, 0));
    drop(answer);
    let error = client.get(server.url("/")).send().unwrap_err();
    assert_eq!(error.not_retried(), Some(NotRetried::UserSaidNo), "{error}");
    assert_eq!(asked.load(SeqCst), 2);
    // The one slot there is was given back each time.
    at_rest(&client);
    assert_eq!(get(&client.clone(), &server.url("/next")), "fine");
}

fn a_server_that_starts_meanwhile(on: On) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr: SocketAddr = free.local_addr().unwrap();
    drop(free);
    let recorder = Recorder::default();
    let backoff = Backoff { base: Duration::from_millis(20), jitter_percent: 0, ..Backoff::default() };
    let client =
        on.builder().observer(recorder.clone()).retries(Retries { backoff, ..Retries::new(99) }).build();
    let mut response = std::thread::scope(|scope| {
        // A POST: nobody saw anything of it.
        let call = scope.spawn(|| client.post(format!("http://{addr}/")).body("content").send());
        httpocean_tests::wait_until("two refusals", || recorder.starting("dial failed").len() >= 2);
        let server = on.server().bind(addr).start(|_| Reply::ok("up")).unwrap();
        let response = call.join().unwrap().unwrap();
        assert_eq!(server.requests()[0].body, b"content");
        assert_eq!(server.stats().requests, 1);
        response
    });
    let hops = response.body().hops().to_vec();
    assert!(hops.len() >= 2 && hops.iter().all(|hop| hop.why == HopReason::ConnectFailed), "{hops:?}");
    let refused = ErrorKind::Connect(TransportError::Refused);
    assert!(hops.iter().all(|hop| hop.error.as_ref().is_some_and(|error| *error.kind() == refused)));
    assert_eq!(client.stats().retries, hops.len() as u64);
    let _cut_or_whole = response.body_mut().read_to_string(100);
}

fn a_server_that_never_starts(on: On) {
    let recorder = Recorder::default();
    let client = on.builder().observer(recorder.clone()).retries(quick(2)).build();
    let error = client.post(refusing_url("/")).body("content").send().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    assert_eq!((error.not_retried(), error.hops().len()), (Some(NotRetried::Exhausted), 2));
    assert_eq!((error.sent(), error.attempts().len()), (Sent::Nothing, 1));
    let stats = at_rest(&client);
    assert_eq!((stats.retries, stats.dials_failed, stats.requests_sent), (2, 3, 0));
    assert_eq!(recorder.starting("dial failed").len(), 3);
}

/// How long a request takes whose first answer is that one, and what its hop says.
fn wait_after(on: On, reply: Reply) -> (Duration, HopReason, Duration) {
    let server = server(on, vec![reply]);
    let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
    let client = on.builder().retries(Retries { backoff, ..Retries::new(1) }).build();
    let start = Instant::now();
    let mut response = client.get(server.url("/")).send().unwrap();
    let took = start.elapsed();
    assert_eq!(response.body().hops().len(), 1);
    let (why, after) = (response.body().hops()[0].why, response.body().hops()[0].after);
    assert_eq!(response.body_mut().read_to_string(100).unwrap(), "fine");
    assert_eq!(server.stats().accepted, 1, "the connection is kept while the call waits");
    (took, why, after)
}

fn busy(value: impl Into<Vec<u8>>) -> Reply {
    Reply::status(503, "Busy").header("Retry-After", value).body("not now")
}

fn a_server_says_when_to_come_back_in_seconds(on: On) {
    let second = Duration::from_secs(1);
    let (took, why, after) = wait_after(on, busy("1"));
    assert_eq!((why, after), (HopReason::RetryAfter, second));
    assert!(took >= second && took < second + BOUND, "{took:?}");
}

/// `n` seconds from now, as a server says it. Not at the end of a second, where the next one is about to begin.
fn date(n: i64) -> String {
    let mut now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    while now.subsec_millis() > 800 {
        std::thread::sleep(Duration::from_millis(50));
        now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    }
    imf_fixdate(now.as_secs().checked_add_signed(n).unwrap())
}

/// RFC 9110 section 5.6.7, of the years up to 2099.
fn imf_fixdate(seconds: u64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut left) = (1970, days);
    let length = |year: u64| if year % 4 == 0 { 366 } else { 365 };
    while left >= length(year) {
        left -= length(year);
        year += 1;
    }
    let february = if year % 4 == 0 { 29 } else { 28 };
    let mut month = 0;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < days {
            break;
        }
        left -= days;
        month += 1;
    }
    let (day, hour, minute) = (DAYS[(days % 7) as usize], time / 3600, time / 60 % 60);
    format!("{day}, {:02} {} {year} {hour:02}:{minute:02}:{:02} GMT", left + 1, MONTHS[month], time % 60)
}

fn a_server_says_when_to_come_back_by_a_date(on: On) {
    assert_eq!(imf_fixdate(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    let (took, why, after) = wait_after(on, busy(date(2)));
    assert_eq!(why, HopReason::RetryAfter);
    // The clock on the wall knows whole seconds here.
    assert!(after >= Duration::from_secs(1) && after <= Duration::from_secs(2), "{after:?}");
    assert!(took >= after && took < after + BOUND, "{took:?}");
}

fn a_date_that_has_passed_is_no_wait(on: On) {
    let (_, why, after) = wait_after(on, busy(date(-100)));
    assert_eq!(why, HopReason::Status);
    assert!(after <= Duration::from_millis(1), "{after:?}");
}

fn all_of_it_is_told_and_counted(on: On) {
    let server = server(
        on,
        vec![
            down(0),
            Reply::status(302, "Found").header("Location", "/next"),
            busy("0"),
            Reply::script([]).then(End::CloseNow),
        ],
    );
    let recorder = Recorder::default();
    let client = on.builder().observer(recorder.clone()).retries(quick(5)).build();
    let whole = exchange(&client, &http::Method::GET, &server.url("/"), "", ()).unwrap();
    assert_eq!(whole, b"fine");
    let hops = ["hop: Status", "hop: Redirect", "hop: Status", "hop: StaleConnection"];
    assert_eq!(recorder.starting("hop"), hops);
    // Those in between are nobody's responses.
    assert_eq!(recorder.starting("response"), ["response 200 to GET on 2"]);
    assert_eq!((recorder.starting("granted").len(), recorder.starting("failed").len()), (5, 0));
    let stats = at_rest(&client);
    assert_eq!((stats.redirects, stats.retries, stats.stale_replays), (1, 2, 1));
    assert_eq!((stats.requests_sent, stats.connections_opened), (5, 2));
}

fn an_error_has_the_first_cause_and_the_attempts(on: On) {
    let closing = || Reply::script([]).then(End::CloseNow);
    let cut = Reply::raw("HTTP/1.1 20").then(End::CloseNow);
    let server = server(on, vec![closing(), down(0), cut]);
    let recorder = Recorder::default();
    let client = on.builder().observer(recorder.clone()).retries(quick(2)).build();
    let error = client.get(server.url("/")).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error}");
    assert_eq!(error.not_retried(), Some(NotRetried::Exhausted));
    assert_eq!(error.first().unwrap().kind(), &ErrorKind::Closed);
    let why: Vec<_> = error.hops().iter().map(|hop| (hop.why, hop.status.is_some())).collect();
    assert_eq!(why, [(HopReason::ReadFailed, false), (HopReason::Status, true)]);
    assert_eq!(recorder.starting("failed").len(), 1);
    assert!(error.to_string().contains("at first"), "{error}");
}
