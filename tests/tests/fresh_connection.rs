//! A fresh connection that dies without an answer did not die of old age: the request is not made once more.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::Method;
use httpocean_std::{ErrorKind, NotReplayed};
use httpocean_testkit::server::{End, Greeting, Reply};
use httpocean_tests::{On, at_rest, exchange, on_both_adapters, seen};

on_both_adapters!(no_answer_on_a_fresh_connection_is_an_error);
on_both_adapters!(
    "dials":
    a_connection_closed_in_place_of_a_greeting_is_an_error,
    a_connection_reset_in_place_of_a_greeting_is_an_error,
);

fn no_answer_on_a_fresh_connection_is_an_error(on: On) {
    for end in [End::CloseNow, End::Reset] {
        let server = on.serve(move |_| Reply::script([]).then(end.clone()));
        let client = on.client();
        for round in 0..on.times(300) {
            for method in [Method::GET, Method::PUT, Method::POST] {
                let id = format!("{method}-{round}");
                let error = exchange(&client, &method, &server.url("/"), &id, ()).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_)), "{error}");
                assert_eq!(error.not_replayed(), Some(NotReplayed::FreshConnection));
                assert_eq!(error.connection().unwrap().reused, 0);
            }
        }
        assert!(seen(&server).values().all(|times| *times == 1));
        assert_eq!(client.stats().stale_replays, 0);
        at_rest(&client);
    }
}

fn a_connection_closed_in_place_of_a_greeting_is_an_error(on: On) {
    let server = on.server().on_connect(|_| Greeting::Close).start(|_| Reply::ok("")).unwrap();
    let client = on.client();
    for _ in 0..on.times(100) {
        let error = exchange(&client, &Method::GET, &server.url("/"), "", ()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_)), "{error}");
        assert_eq!(error.not_replayed(), Some(NotReplayed::FreshConnection), "{error}");
    }
    assert_eq!(client.stats().connections_opened, on.times(100) as u64);
    at_rest(&client);
}

fn a_connection_reset_in_place_of_a_greeting_is_an_error(on: On) {
    let server = on.server().on_connect(|_| Greeting::Reset).start(|_| Reply::ok("")).unwrap();
    let client = on.client();
    for _ in 0..on.times(20) {
        let error = exchange(&client, &Method::GET, &server.url("/"), "", ()).unwrap_err();
        // The reset may come so early that the connecting itself sees it.
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::Closed | ErrorKind::Reset(_) | ErrorKind::Connect(_)), "{error}");
        assert!(error.hops().is_empty());
    }
    at_rest(&client);
}
