//! A large body through redirects, retries and a stale connection: what the server received is exactly right, or the
//! error says why there was no hop; never is an empty or a partial body taken for the whole one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response};
use httpocean_core::policy::redirect::NotFollowed;
use httpocean_core::policy::{Backoff, Exhausted, Methods, Retries};
use httpocean_std::{ErrorKind, HopReason, NotReplayed, NotRetried, Sent};
use httpocean_testkit::server::{End, Reply, Server};
use httpocean_tests::{Body, Client, Error, On, Upload, at_rest, get, on_both_adapters, uploads_to, whole};

on_both_adapters!(
    "load":
    a_redirect_that_keeps_the_body_sends_it_once_more,
    a_redirect_to_a_get_leaves_the_body_behind,
    a_status_with_retry_after_sends_it_once_more,
    a_post_is_not_retried_by_itself,
    a_stale_connection_sends_it_once_more,
    a_post_on_a_stale_connection_is_sent_once_more_if_the_caller_said_so,
    trailers_go_along_each_time,
    a_source_that_changes_meanwhile_is_an_error,
);

const KEPT: [(u16, Method); 6] = [
    (307, Method::POST),
    (308, Method::POST),
    (301, Method::PUT),
    (302, Method::PUT),
    (307, Method::PUT),
    (308, Method::PUT),
];

fn leading_on(status: u16) -> Reply {
    Reply::status(status, "Elsewhere").header("Location", "/end").body("not here")
}

fn busy() -> Reply {
    Reply::status(503, "Busy").header("Retry-After", "0").body("not now")
}

fn stubborn() -> Retries {
    let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
    Retries { methods: Methods::Any, backoff, ..Retries::new(3) }
}

fn send(
    client: &Client,
    server: &Server,
    method: &Method,
    body: impl Into<Body>,
) -> Result<Response<Body>, Error> {
    client.request(method.clone(), server.url("/start")).body(body).send()
}

fn reached_the_end(answer: Result<Response<Body>, Error>, why: HopReason) {
    let mut body = answer.unwrap_or_else(|error| panic!("{error}")).into_body();
    assert_eq!(body.hops().iter().map(|hop| hop.why).collect::<Vec<_>>(), [why]);
    assert_eq!(body.read_to_string(100).unwrap(), "end");
}

fn a_redirect_that_keeps_the_body_sends_it_once_more(on: On) {
    for (status, method) in KEPT {
        for source in Upload::ALL {
            let (server, client) = (uploads_to(on, leading_on(status)), on.client());
            let answer = send(&client, &server, &method, source.body());
            if source.is_replayable() {
                reached_the_end(answer, HopReason::Redirect);
                assert_eq!(whole(&server), [format!("{method} /start"), format!("{method} /end")]);
                assert_eq!(server.stats().accepted, 1, "{status} {source:?}");
            } else {
                let error = answer.unwrap_err();
                assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::BodyNotReplayable));
                assert_eq!((error.status().unwrap().as_u16(), error.sent()), (status, Sent::All));
                assert!(error.hops().is_empty() && error.to_string().contains("only once"), "{error}");
                assert_eq!(whole(&server), [format!("{method} /start")]);
            }
            assert_eq!(server.requests().len(), 1 + usize::from(source.is_replayable()));
            at_rest(&client);
        }
    }
}

fn a_redirect_to_a_get_leaves_the_body_behind(on: On) {
    for (status, method) in
        [(301, Method::POST), (302, Method::POST), (303, Method::POST), (303, Method::PUT)]
    {
        for source in Upload::ALL {
            let (server, client) = (uploads_to(on, leading_on(status)), on.client());
            let request = client.request(method.clone(), server.url("/start"));
            let answer = request.header("content-type", "text/plain").body(source.body()).send();
            reached_the_end(answer, HopReason::Redirect);
            assert_eq!(whole(&server), [format!("{method} /start")]);
            let last = server.requests().remove(1);
            assert_eq!((&*last.request.method, &*last.request.target), ("GET", "/end"));
            assert_eq!(last.body_len, 0, "{status} {source:?}");
            for field in ["content-length", "content-type", "transfer-encoding"] {
                assert_eq!(last.request.header(field), None, "{status} {source:?}: {field}");
            }
        }
    }
}

fn a_status_with_retry_after_sends_it_once_more(on: On) {
    for source in Upload::ALL {
        for exhausted in [Exhausted::Response, Exhausted::Error] {
            let client = on.builder().retries(Retries { exhausted, ..stubborn() }).build();
            let server = uploads_to(on, busy());
            let answer = send(&client, &server, &Method::POST, source.body());
            match (source.is_replayable(), exhausted) {
                (true, _) => {
                    reached_the_end(answer, HopReason::Status);
                    assert_eq!(whole(&server), ["POST /start", "POST /start"]);
                }
                (false, Exhausted::Error) => {
                    let error = answer.unwrap_err();
                    assert_eq!(error.not_retried(), Some(NotRetried::BodyNotReplayable));
                    assert_eq!((error.status().unwrap().as_u16(), error.hops().len()), (503, 0));
                    assert!(error.to_string().contains("only once"), "{error}");
                }
                (false, _) => assert_eq!(answer.unwrap().status(), 503),
            }
            assert_eq!(server.requests().len(), 1 + usize::from(source.is_replayable()));
            assert!(whole(&server).len() == server.requests().len(), "{source:?}: one was cut short");
            at_rest(&client);
        }
    }
}

fn a_post_is_not_retried_by_itself(on: On) {
    for source in Upload::ALL {
        let retries = Retries { methods: Methods::Idempotent, exhausted: Exhausted::Error, ..stubborn() };
        let (server, client) = (uploads_to(on, busy()), on.builder().retries(retries).build());
        let answer = send(&client, &server, &Method::POST, source.body()).unwrap();
        // Nothing was tried that could be exhausted: the response is the answer.
        assert_eq!((answer.status().as_u16(), answer.body().hops().len()), (503, 0));
        assert_eq!(whole(&server), ["POST /start"]);
    }
}

/// One request on a connection that serves another before, and that ends when it sees this one's head.
fn on_a_dying_connection(
    on: On,
    client: &Client,
    method: &Method,
    source: Upload,
    end: End,
) -> (Server, Result<Response<Body>, Error>) {
    let server = uploads_to(on, Reply::ok("warm").then(end));
    assert_eq!(get(client, &server.url("/warm")), "warm");
    let answer = send(client, &server, method, source.body());
    (server, answer)
}

fn a_stale_connection_sends_it_once_more(on: On) {
    for end in [End::CloseOnNextRequest, End::ResetOnNextRequest] {
        for source in Upload::ALL {
            let client = on.client();
            let (server, answer) = on_a_dying_connection(on, &client, &Method::PUT, source, end.clone());
            if source.is_replayable() {
                reached_the_end(answer, HopReason::StaleConnection);
                assert_eq!(whole(&server), ["PUT /start"]);
                assert_eq!((client.stats().stale_replays, client.stats().retries), (1, 0));
            } else {
                let error = answer.unwrap_err();
                assert_eq!(error.not_replayed(), Some(NotReplayed::BodyNotReplayable), "{error}");
                assert!(error.hops().is_empty() && whole(&server).is_empty(), "{source:?}");
            }
            at_rest(&client);
        }
    }
}

fn a_post_on_a_stale_connection_is_sent_once_more_if_the_caller_said_so(on: On) {
    for source in Upload::ALL {
        let (plain, retrying) = (on.client(), on.builder().retries(stubborn()).build());
        let (server, answer) =
            on_a_dying_connection(on, &plain, &Method::POST, source, End::CloseOnNextRequest);
        assert_eq!(answer.unwrap_err().not_replayed(), Some(NotReplayed::NotIdempotent));
        assert!(whole(&server).is_empty(), "{source:?}");

        let (server, answer) =
            on_a_dying_connection(on, &retrying, &Method::POST, source, End::CloseOnNextRequest);
        if source.is_replayable() {
            reached_the_end(answer, HopReason::ReadFailed);
            assert_eq!(whole(&server), ["POST /start"]);
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.not_retried(), Some(NotRetried::BodyNotReplayable), "{error}");
            assert!(whole(&server).is_empty(), "{source:?}");
        }
    }
}

fn trailers_go_along_each_time(on: On) {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("right"));
    let same = [("x-checksum".to_owned(), b"right".to_vec())];
    for (first, method) in
        [(leading_on(307), Method::POST), (busy(), Method::POST), (leading_on(303), Method::PUT)]
    {
        for source in [Upload::File, Upload::Bytes, Upload::Reader] {
            let (server, client) = (uploads_to(on, first.clone()), on.builder().retries(stubborn()).build());
            let _answer = send(&client, &server, &method, source.body().with_trailers(trailers.clone()));
            let uploads = server.requests().into_iter().filter(|received| received.request.method != "GET");
            let uploads: Vec<_> = uploads.collect();
            assert_eq!(whole(&server).len(), uploads.len());
            assert!(uploads.iter().all(|received| received.trailers == same), "{method} {source:?}");
            let again = source.is_replayable() && method == Method::POST;
            assert_eq!(uploads.len(), 1 + usize::from(again), "{method} {source:?}");
        }
    }
}

/// A file that somebody else changes while it is being sent.
struct Changing {
    /// How much of it there is: at first, and when it is read again.
    lengths: [usize; 2],
    at: usize,
    was_read: bool,
    again: bool,
    /// Nobody gets back to its start.
    is_stuck: bool,
}

impl Read for Changing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.was_read = true;
        let read = buf.len().min(self.lengths[usize::from(self.again)].saturating_sub(self.at));
        buf[..read].fill(b'x');
        self.at += read;
        Ok(read)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.was_read && self.is_stuck {
            return Err(io::Error::other("it is gone"));
        }
        self.again |= self.was_read;
        match to {
            SeekFrom::End(_) => self.at = self.lengths[0],
            SeekFrom::Start(at) => self.at = at as usize,
            SeekFrom::Current(_) => {}
        }
        Ok(self.at as u64)
    }
}

fn a_source_that_changes_meanwhile_is_an_error(on: On) {
    for (second, is_stuck) in [(200_000, false), (0, false), (300_000, true)] {
        let (server, client) = (uploads_to(on, leading_on(307)), on.client());
        let lengths = [300_000, second];
        let changing = Changing { lengths, at: 0, was_read: false, again: false, is_stuck };
        let error = send(&client, &server, &Method::POST, Body::from_seekable(changing)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Body(_)), "{error}");
        assert_eq!((error.sent(), error.hops().len()), (Sent::All, 1), "{error}");
        let requests = server.requests();
        assert!(requests[0].body_complete && requests[0].body_len == 300_000);
        assert!(!requests[1..].iter().any(|received| received.body_complete), "cut short and whole");
        at_rest(&client);
    }
}
