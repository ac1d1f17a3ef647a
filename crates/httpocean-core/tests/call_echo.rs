//! A server may answer while it still reads the request: a success does not stop the body, a refusal does.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, CloseReason, Config};

fn half_way() -> Scenario {
    let plan = BodyPlan { size: None, replayable: false, trailers: false };
    let mut it = Scenario::upload("POST", &[], plan, Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.send_body(b"one", &mut it.io);
    assert_eq!(it.step(), Said::NeedBody { from: 3 });
    it.flush();
    it
}

#[test]
fn an_echo_gets_the_rest_of_the_body_and_the_connection_lives_on() {
    let mut it = half_way();
    it.feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
    assert!(matches!(it.step(), Said::Head { .. }));
    assert!(matches!(it.step(), Said::Data(data) if data == b"one"));
    it.wait();
    it.call.send_body(b"two", &mut it.io);
    assert_eq!(it.step(), Said::NeedBody { from: 6 });
    assert_eq!(it.flush(), "3\r\ntwo\r\n");
    it.call.finish_body(None, &mut it.io);
    it.wait();
    assert_eq!(it.flush(), "0\r\n\r\n");
    it.feed("3\r\ntwo\r\n0\r\n\r\n");
    assert!(matches!(it.step(), Said::Data(data) if data == b"two"));
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn a_success_that_ends_first_ends_the_exchange() {
    let mut it = half_way();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(matches!(it.step(), Said::Head { .. }));
    assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent));
}

#[test]
fn a_refusal_or_a_close_stops_the_body() {
    for head in [
        "HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 302 Found\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n",
    ] {
        let mut it = half_way();
        it.call.send_body(b"two", &mut it.io);
        it.feed(head);
        assert!(matches!(it.step(), Said::Head { .. }), "{head}");
        assert!(!it.wait().write, "{head}");
        it.feed("no");
        assert!(matches!(it.step(), Said::Data(data) if data == b"no"));
        assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent), "{head}");
    }
}
