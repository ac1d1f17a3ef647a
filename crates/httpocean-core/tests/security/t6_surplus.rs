//! T6: bytes that belong to no response end their connection, and reach no request.

use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, CloseReason, Config, HopReason};

use crate::common::{Said, Scenario, request, stale};
use crate::reading::{KEPT, Read, SURPLUS, idle, read, read_by, whole};

const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

#[test]
fn t6_a_body_where_none_can_be_is_surplus() {
    for (method, status) in [("HEAD", 200), ("HEAD", 404), ("GET", 204), ("GET", 304), ("POST", 204)] {
        for fields in ["Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n", ""] {
            let head = format!("HTTP/1.1 {status} x\r\n{fields}\r\n");
            assert_eq!(read_by(method, &head), Read::Whole(status, Vec::new(), KEPT), "{method} {head}");
            for more in ["body", "4\r\nbody\r\n0\r\n\r\n", "\r\n", EVIL] {
                let told = read_by(method, format!("{head}{more}"));
                assert_eq!(told, Read::Whole(status, Vec::new(), SURPLUS), "{method} {head}{more}");
            }
        }
    }
}

#[test]
fn t6_what_follows_a_whole_body_is_surplus() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\nA: b\r\n\r\n",
    ] {
        assert_eq!(read(response), whole("good", KEPT));
        for more in ["\r", "\r\n", "x", "\0", "0\r\n\r\n", EVIL, "HTTP/1.1 100 Continue\r\n\r\n"] {
            assert_eq!(read(format!("{response}{more}")), whole("good", SURPLUS), "{response} {more:?}");
        }
    }
}

#[test]
fn t6_bytes_on_an_idle_connection_close_it_whatever_they_are() {
    for byte in 0..=255 {
        for ends in [false, true] {
            assert_eq!(idle(&[byte], ends), Some(CloseReason::Unasked), "{byte}");
        }
    }
    assert_eq!((idle(b"", true), idle(b"", false)), (Some(CloseReason::PeerClosed), None));
}

/// The last moment at which it is known that nothing was asked for: handed out, and not a byte written.
#[test]
fn t6_bytes_between_checkout_and_write_are_no_answer() {
    for cut in 1..EVIL.len() {
        let get = request("GET", "http://example.com/", &[]);
        let mut it = Scenario::start(get, BodyPlan::empty(), Config::default());
        it.acquire(stale());
        let _ = it.wait();
        it.feed(&EVIL[..cut]);
        let said = it.run();
        assert_eq!(said[0], Said::Release(SURPLUS), "{cut}");
        assert!(matches!(&said[1], Said::Hop(hop) if hop.why == HopReason::StaleConnection), "{said:?}");
        assert_eq!(said[2], Said::Acquire { fresh: true });
        it.attach(Facts::default());
        let _ = it.wait();
        it.flush();
        it.feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        assert!(it.run().contains(&Said::Data(b"good".to_vec())));
    }
}
