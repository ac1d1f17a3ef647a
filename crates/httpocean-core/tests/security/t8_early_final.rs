//! T8: a final answer before the request's body has gone ends the connection, or the body goes on to its end.

use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, CloseReason, Config};

use crate::common::{Said, Scenario};
use crate::reading::KEPT;

const FINALS: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 417 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 401 Who\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
];

/// An upload of 9 bytes, its head written, of whose body so much went.
fn uploading(fields: &[(&str, &str)], sent: usize) -> Scenario {
    let mut it = Scenario::upload("PUT", fields, BodyPlan::sized(9), Config::default());
    let first = it.step();
    it.flush();
    if sent > 0 {
        assert_eq!(first, Said::NeedBody { from: 0 });
        it.call.send_body(&b"012345678"[..sent], &mut it.io);
        let _ = it.step();
        it.flush();
    }
    it
}

#[test]
fn t8_an_answer_in_place_of_100_continue_sends_no_body_and_keeps_no_connection() {
    for answer in FINALS {
        let mut it = uploading(&[("expect", "100-continue")], 0);
        let _ = it.wait();
        it.feed(answer);
        let said = it.run();
        assert!(matches!(said[0], Said::Head(..)), "{said:?}");
        assert!(!said.iter().any(|said| matches!(said, Said::NeedBody { .. })), "{answer}: {said:?}");
        assert!(said.contains(&Said::Release(Fate::Spent(CloseReason::HalfSent))), "{answer}: {said:?}");
        assert!(matches!(said.last(), Some(Said::End(_))), "{answer}: {said:?}");
        assert!(it.io.tx.pending().is_empty());
    }
}

#[test]
fn t8_an_answer_in_the_middle_of_the_body_keeps_no_connection() {
    for answer in FINALS {
        for sent in 0..9 {
            let mut it = uploading(&[], sent);
            it.feed(answer);
            assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent), "{answer}: after {sent} bytes");
        }
        let mut it = uploading(&[], 9);
        it.feed(answer);
        assert_eq!(it.fate(), KEPT, "{answer}: after all of it");
    }
}
