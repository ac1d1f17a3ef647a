//! While a layered connection is idle, what its layer cares about is no reason to close it; data, an end or nonsense
//! is. It is closed with a goodbye where the peer can make sense of one.
#![allow(clippy::unwrap_used)]

mod layered;

use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CallStep, CloseReason, Conn, Io, TransportError};
use httpocean_testkit::toy::{Toy, ToyPeer};
use layered::{Heard, Talk, config, ready};

fn idle() -> (Conn, ToyPeer, Io) {
    let (conn, peer) = ready(&config(Toy::default()));
    (conn, peer, Io::default())
}

#[test]
fn a_ticket_at_every_split_closes_nothing() {
    let (_, mut peer, _) = idle();
    peer.ticket();
    let ticket = peer.take_wire();
    for at in 0..=ticket.len() {
        let (mut conn, mut peer, mut io) = idle();
        for part in [&ticket[..at], &ticket[at..]] {
            io.rx.append(part);
            assert_eq!(conn.idle_input(&mut io), None);
            assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "the buffers can't be taken away");
            // They are, and others come.
            io = Io::default();
        }
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n");
        io.rx.append(&peer.take_wire());
        assert_eq!(conn.idle_input(&mut io), Some(CloseReason::Unasked));
    }
}

#[test]
fn what_ends_it_is_found() {
    type End = fn(&mut ToyPeer, &mut Io);
    let ways: [(End, CloseReason); 5] = [
        (|peer, _| peer.send(b"x"), CloseReason::Unasked),
        (|peer, _| peer.close(), CloseReason::PeerClosed),
        (|peer, _| peer.refuse("enough"), CloseReason::PeerClosed),
        (|_, io| io.rx.set_eof(), CloseReason::PeerClosed),
        (|_, io| io.rx.fail(TransportError::Reset), CloseReason::PeerClosed),
    ];
    for (end, why) in ways {
        let (mut conn, mut peer, mut io) = idle();
        end(&mut peer, &mut io);
        io.rx.append(&peer.take_wire());
        assert_eq!(conn.idle_input(&mut io), Some(why));
    }
}

#[test]
fn data_that_nobody_asked_for_is_no_answer_even_if_nobody_looked() {
    let (conn, mut peer) = ready(&config(Toy::default()));
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let facts = Facts { number: 1, reused: 1, idle_for: Some(std::time::Duration::from_secs(1)) };
    let mut it =
        Talk::on(conn, peer, layered::call("GET", BodyPlan::empty(), &config(Toy::default())), facts);
    it.deliver();
    let CallStep::Release(fate) = it.step() else { panic!("it was taken for an answer") };
    assert_eq!(fate, Fate::Spent(CloseReason::Unasked));
}

#[test]
fn who_asks_without_end_is_left() {
    let (mut conn, mut peer, mut io) = idle();
    let mut closed = None;
    for _ in 0..100 {
        peer.ask(&[b'?'; 1_000]);
        io.rx.append(&peer.take_wire());
        closed = conn.idle_input(&mut io);
        if closed.is_some() {
            break;
        }
    }
    assert_eq!(closed, Some(CloseReason::PeerClosed), "what it is owed grows for ever");
}

#[test]
fn an_idle_connection_says_goodbye() {
    let (mut conn, mut peer, mut io) = idle();
    peer.ask(b"?");
    io.rx.append(&peer.take_wire());
    assert_eq!(conn.idle_input(&mut io), None);
    peer.receive(&conn.goodbye());
    assert!(peer.is_closed());
    assert_eq!(peer.answers().len(), 1, "what was owed comes first");
    assert!(conn.goodbye().is_empty(), "once is enough");
}

#[test]
fn who_was_told_half_a_request_hears_no_goodbye_and_nothing_else() {
    let (mut it, mut heard) = (Talk::begin("GET", BodyPlan::empty(), Facts::default()), Heard::default());
    it.wait();
    it.call.cancel(httpocean_core::Instant::ZERO);
    it.hear(&mut heard);
    assert!(heard.error.is_some());
    assert!(heard.conn.unwrap().goodbye().is_empty(), "a request that was not sent is sent with the goodbye");
}
