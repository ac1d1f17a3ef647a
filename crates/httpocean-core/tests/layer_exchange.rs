//! An exchange over a layer says the same as one without, however the bytes of the wire are cut; what is sent passes
//! the layer, and nothing goes around it.
#![allow(clippy::unwrap_used)]

mod layered;

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::layer::Security;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{
    BodyPlan, CallStep, CloseReason, Config, ErrorKind, Instant, Phase, ProtocolError, Sent, TransportError,
    call,
};
use httpocean_testkit::toy::Toy;
use layered::{Heard, Talk};

const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
const UNTIL_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello";

#[test]
fn a_response_at_every_split_of_its_records() {
    let whole = {
        let mut it = Talk::get();
        it.peer.ticket();
        it.peer.send(CHUNKED);
        it.peer.take_wire()
    };
    for at in 0..=whole.len() {
        let (mut it, mut heard) = (Talk::get(), Heard::default());
        for part in [&whole[..at], &whole[at..]] {
            it.io.rx.append(part);
            if !heard.ended {
                it.hear(&mut heard);
            }
        }
        assert_eq!(
            (heard.status, &heard.body[..], heard.ended),
            (Some(200), &b"hello world"[..], true),
            "{at}"
        );
        assert!(matches!(heard.fate, Some(Fate::Reusable { .. })), "{:?} at {at}", heard.fate);
    }
}

#[test]
fn one_record_may_hold_many_things_and_one_thing_many_records() {
    let (mut it, mut heard) = (Talk::get(), Heard::default());
    for byte in CHUNKED {
        it.peer.send(&[*byte]);
    }
    it.deliver();
    it.hear(&mut heard);
    assert_eq!((&heard.body[..], heard.ended), (&b"hello world"[..], true));
}

#[test]
fn a_body_is_copied_out_of_its_records_and_never_read_around_them() {
    let mut it = Talk::get();
    it.peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
    it.deliver();
    assert!(matches!(it.step(), CallStep::Head(_)));
    assert_eq!(it.call.direct(&mut it.io), 0, "what is on the wire is no body");
    it.peer.send(b"0123456789");
    it.deliver();
    let mut out = [0; 4];
    assert_eq!((it.call.read_body(&mut it.io, &mut out), &out), (4, b"0123"));
    assert_eq!((it.call.read_body(&mut it.io, &mut out), &out), (4, b"4567"));
    assert_eq!(it.call.read_body(&mut it.io, &mut out), 2);
    let mut heard = Heard::default();
    it.hear(&mut heard);
    assert!(heard.ended && matches!(heard.fate, Some(Fate::Reusable { .. })));
}

#[test]
fn bodies_are_sent_through_the_layer() {
    for (plan, expected) in [
        (BodyPlan { size: Some(5), ..BodyPlan::empty() }, &b"content-length: 5\r\n\r\nhello"[..]),
        (
            BodyPlan { size: None, ..BodyPlan::empty() },
            b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
    ] {
        let mut it = Talk::begin("POST", plan, Facts::default());
        assert!(matches!(it.step(), CallStep::NeedBody { from: 0 }));
        it.call.send_body(b"hello", &mut it.io);
        if plan.size.is_none() {
            assert!(matches!(it.step(), CallStep::NeedBody { from: 5 }));
            it.call.finish_body(None, &mut it.io);
        }
        it.flush();
        let sent = it.peer.take_plain();
        assert!(sent.ends_with(expected), "{}", String::from_utf8_lossy(&sent));
        it.peer.send(b"HTTP/1.1 204 No Content\r\n\r\n");
        it.deliver();
        let mut heard = Heard::default();
        it.hear(&mut heard);
        assert!(matches!(heard.fate, Some(Fate::Reusable { .. })), "{:?}", heard.fate);
    }
}

#[test]
fn what_the_peer_may_have_seen_is_counted_in_bytes_of_the_wire_and_from_the_request_on() {
    for (bytes, sent) in [(0, Sent::Nothing), (1, Sent::Part), (usize::MAX, Sent::All)] {
        let mut it = Talk::begin("GET", BodyPlan::empty(), Facts::default());
        it.wait();
        it.io.tx.sent(bytes);
        it.io.rx.set_eof();
        let mut heard = Heard::default();
        it.hear(&mut heard);
        assert_eq!(heard.error.unwrap().sent(), sent, "{bytes}");
    }
}

#[test]
fn a_body_until_the_end_needs_a_goodbye() {
    type End = fn(&mut Talk);
    let ends: [(End, Option<&str>); 3] = [
        (|it| it.peer.close(), None),
        (|it| it.io.rx.set_eof(), Some("truncated")),
        (|it| it.io.rx.fail(TransportError::Reset), Some("reset")),
    ];
    for (end, wrong) in ends {
        let (mut it, mut heard) = (Talk::get(), Heard::default());
        it.peer.send(UNTIL_CLOSE);
        it.deliver();
        end(&mut it);
        it.deliver();
        it.hear(&mut heard);
        assert_eq!((&heard.body[..], heard.ended), (&b"hello"[..], wrong.is_none()));
        match (wrong, heard.error.as_ref().map(|error| error.kind())) {
            (None, None) => assert_eq!(heard.fate, Some(Fate::Spent(CloseReason::UntilClose))),
            (Some("truncated"), Some(ErrorKind::Protocol(ProtocolError::Truncated(why)))) => {
                assert!(why.contains("without a goodbye"), "{why}");
            }
            (Some("reset"), Some(ErrorKind::Reset(TransportError::Reset))) => {}
            (wrong, kind) => panic!("{wrong:?}: {kind:?}"),
        }
    }
}

#[test]
fn a_body_that_is_framed_needs_none() {
    for goodbye in [true, false] {
        let (mut it, mut heard) = (Talk::get(), Heard::default());
        it.peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
        if goodbye {
            it.peer.close();
        }
        it.deliver();
        it.io.rx.set_eof();
        it.hear(&mut heard);
        assert!(heard.ended);
        assert_eq!(heard.fate, Some(Fate::Spent(CloseReason::PeerClosed)));
    }
}

#[test]
fn nothing_counts_after_the_goodbye() {
    let (mut it, mut heard) = (Talk::get(), Heard::default());
    it.peer.send(UNTIL_CLOSE);
    it.peer.close();
    it.peer.send(b" and more");
    it.deliver();
    it.hear(&mut heard);
    assert_eq!((&heard.body[..], heard.ended), (&b"hello"[..], true));
}

#[test]
fn a_layer_that_fails_says_why_after_what_came_before() {
    let (mut it, mut heard) = (Talk::get(), Heard::default());
    it.peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
    it.peer.refuse("I changed my mind");
    it.deliver();
    it.hear(&mut heard);
    assert_eq!((heard.status, &heard.body[..]), (Some(200), &b"hello"[..]));
    let error = heard.error.unwrap();
    assert!(matches!(error.kind(), ErrorKind::Tls(why) if why.what() == "I changed my mind"), "{error:?}");
    assert_eq!(heard.fate, Some(Fate::Spent(CloseReason::Broken)));
}

#[test]
fn what_a_layer_wants_to_say_meanwhile_is_said() {
    let (mut it, mut heard) = (Talk::get(), Heard::default());
    it.peer.ask(b"still there?");
    it.deliver();
    it.hear(&mut heard);
    assert!(it.wait().write, "the answer is to be written");
    it.flush();
    assert_eq!(it.peer.answers(), [b"still there?"]);
    it.peer.ask(b"and now?");
    it.peer.send(b"HTTP/1.1 204 No Content\r\n\r\n");
    it.deliver();
    it.hear(&mut heard);
    // Said when there is somebody to write it again.
    assert!(matches!(heard.fate, Some(Fate::Reusable { .. })), "{:?}", heard.fate);
    let config = layered::config(Default::default());
    let call = layered::call("GET", BodyPlan::empty(), &config);
    let mut next = Talk::on(heard.conn.unwrap(), it.peer, call, Facts::default());
    next.wait();
    next.io.tx.sent(0);
    let mut lost = Heard::default();
    next.flush();
    assert_eq!(next.peer.answers().len(), 2);
    assert!(next.peer.take_plain().starts_with(b"GET / "));
    next.io.rx.set_eof();
    next.hear(&mut lost);
    assert_eq!(lost.error.unwrap().sent(), Sent::All);
}

#[test]
fn what_was_owed_to_the_peer_is_not_part_of_the_request() {
    let (mut it, mut heard) = (Talk::get(), Heard::default());
    it.peer.send(b"HTTP/1.1 204 No Content\r\n\r\n");
    it.peer.ask(b"?");
    it.deliver();
    it.hear(&mut heard);
    let config = layered::config(Default::default());
    let call = layered::call("GET", BodyPlan::empty(), &config);
    let mut next = Talk::on(heard.conn.unwrap(), it.peer, call, Facts::default());
    next.wait();
    next.io.tx.sent(4);
    next.io.rx.set_eof();
    let mut lost = Heard::default();
    next.hear(&mut lost);
    assert_eq!(lost.error.unwrap().sent(), Sent::Nothing, "only the layer's answer was sent");
}

/// Each question is answered, so bytes go both ways; none of them is a response.
#[test]
fn a_peer_that_keeps_a_layer_talking_holds_nobody_up() {
    let config = Config {
        call: call::Options { first_byte: Some(Duration::from_secs(10)), ..call::Options::default() },
        tls: Some(Security::new(Toy::default())),
        ..Config::default()
    };
    let config = Arc::new(config);
    let (conn, peer) = layered::ready(&config);
    let call = layered::call("GET", BodyPlan::empty(), &config);
    let mut it = Talk::on(conn, peer, call, Facts::default());
    it.wait();
    it.flush();
    for second in 0..=10 {
        let now = Instant::ZERO + Duration::from_secs(second);
        let step = it.call.step(&mut it.io, now);
        if second == 10 {
            assert!(matches!(step, CallStep::Release(_)), "{step:?}");
            let CallStep::Failed(error) = it.call.step(&mut it.io, now) else { panic!("it waits on") };
            assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::RecvHead));
            return;
        }
        it.peer.ask(b"?");
        it.deliver();
        let CallStep::Wait(want) = it.call.step(&mut it.io, now) else { panic!("no wait at {second}") };
        assert!(want.write, "the layer has an answer");
        assert_eq!(
            (want.until, want.phase),
            (Some(Instant::ZERO + Duration::from_secs(10)), Phase::RecvHead)
        );
        it.flush();
    }
}

#[test]
fn an_early_answer_leaves_no_half_of_a_record_behind() {
    let plan = BodyPlan { size: Some(5_000), ..BodyPlan::empty() };
    let (mut it, mut heard) = (Talk::begin("POST", plan, Facts::default()), Heard::default());
    assert!(matches!(it.step(), CallStep::NeedBody { .. }));
    it.call.send_body(&[b'x'; 4_000], &mut it.io);
    let some = it.io.tx.pending()[..1_500].to_vec();
    it.peer.receive(&some);
    it.io.tx.sent(some.len());
    assert!(it.peer.is_in_record());
    it.peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\n");
    it.deliver();
    it.hear(&mut heard);
    assert_eq!(heard.status, Some(413));
    // Whatever it still says to that peer has to come after the rest of the record.
    it.peer.ask(b"?");
    it.deliver();
    it.hear(&mut heard);
    it.flush();
    assert_eq!(it.peer.answers().len(), 1);
    it.peer.send(b"big");
    it.deliver();
    it.hear(&mut heard);
    assert_eq!((&heard.body[..], heard.fate), (&b"big"[..], Some(Fate::Spent(CloseReason::HalfSent))));
}
