//! What a reader can ask of a body: how much is left, and whether it is over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::*;
use httpocean_core::{BodyPlan, Config, Error, ErrorKind, Fault, Phase, Sent};

fn answered(fields: &str) -> Scenario {
    let mut it = Scenario::get();
    assert_eq!(it.call.body_left(), None, "nobody knows before the head");
    it.feed(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
    assert!(matches!(it.step(), Said::Head(200, _)));
    it
}

#[test]
fn of_a_length_what_is_lent_is_taken() {
    let mut it = answered("content-length: 5\r\n");
    assert_eq!((it.call.body_left(), it.call.body_is_over()), (Some(5), false));
    it.feed("abc");
    assert_eq!(it.step(), Said::Data(b"abc".to_vec()));
    assert_eq!((it.call.body_left(), it.call.body_is_over()), (Some(2), false));
    it.feed("de");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 8]), 2);
    assert_eq!((it.call.body_left(), it.call.body_is_over()), (Some(0), true));
    assert!(matches!(it.heard().last(), Some(Said::End(None))));
    assert_eq!((it.call.body_left(), it.call.body_is_over()), (Some(0), true));
}

#[test]
fn of_chunks_and_of_an_open_end_nobody_knows() {
    for fields in ["transfer-encoding: chunked\r\n", ""] {
        let it = answered(fields);
        assert_eq!((it.call.body_left(), it.call.body_is_over()), (None, false));
    }
}

#[test]
fn a_body_cut_short_is_not_one_that_is_over() {
    let mut it = answered("content-length: 5\r\n");
    it.feed("abc");
    assert_eq!(it.step(), Said::Data(b"abc".to_vec()));
    it.io.rx.set_eof();
    let _ = it.failure();
    assert_eq!(it.call.body_left(), None);
}

#[test]
fn who_cannot_use_the_response_says_so_with_what_is_known() {
    let it = answered("content-length: 5\r\n");
    let error = it.call.rejected(Error::new(ErrorKind::Content("it is not JSON"), Phase::RecvBody), &it.io);
    assert_eq!(error.kind(), &ErrorKind::Content("it is not JSON"));
    assert_eq!((error.phase(), error.sent()), (Phase::RecvBody, Sent::All));
    assert!(error.to_string().contains("it is not JSON"), "{error}");
    // What is usually our own fault may be the peer's.
    assert_eq!(error.fault(), Fault::Local);
    let error = it.call.rejected(error.with_fault(Fault::Peer), &it.io);
    assert_eq!((error.fault(), error.sent()), (Fault::Peer, Sent::All));
}

#[test]
fn an_early_answer_ends_the_need_for_the_request_s_body() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(3), Config::default());
    assert!(!it.call.wants_body(), "nothing is begun");
    assert_eq!(it.run(), [Said::NeedBody { from: 0 }]);
    it.flush();
    assert!(it.call.wants_body());
    it.feed("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(413, _)));
    assert!(!it.call.wants_body());
}
