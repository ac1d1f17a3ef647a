//! A connection is ready when its handshake is over, however the bytes come; until then nobody has it, and what goes
//! wrong says what it was.
#![allow(clippy::unwrap_used)]

mod layered;

use std::time::Duration;

use httpocean_core::dial::{self, Dial, DialStep};
use httpocean_core::layer::{LayerFault, Security};
use httpocean_core::{Config, ErrorKind, Fault, Instant, Io, Key, Phase, Sent, TransportError};
use httpocean_testkit::toy::{Toy, ToyPeer};
use layered::{config, connected, flush, step};

#[test]
fn at_every_split_of_the_answer() {
    let mut whole = ToyPeer::new(9);
    let (mut dial, mut io) = (connected(&config(Toy::default())), Io::default());
    assert!(step(&mut dial, &mut io).unwrap().is_none());
    flush(&mut io, &mut whole);
    assert_eq!(whole.host(), Some("site.example"));
    whole.ticket();
    let answer = whole.take_wire();
    for at in 0..=answer.len() {
        let (mut dial, mut io, mut peer) =
            (connected(&config(Toy::default())), Io::default(), ToyPeer::new(9));
        assert!(step(&mut dial, &mut io).unwrap().is_none(), "it is not ready before it said hello");
        flush(&mut io, &mut peer);
        let mut ready = None;
        for part in [&answer[..at], &answer[at..]] {
            io.rx.append(part);
            for _ in 0..2 {
                match &mut ready {
                    None => ready = step(&mut dial, &mut io).unwrap(),
                    // What is left is a ticket, or a part of it.
                    Some(conn) => assert_eq!(conn.idle_input(&mut io), None, "split at {at}"),
                }
                flush(&mut io, &mut peer);
            }
        }
        assert!(ready.is_some() && peer.is_done(), "split at {at}");
    }
}

#[test]
fn what_the_peer_waits_for_is_sent_before_anybody_has_the_connection() {
    let (mut dial, mut io, mut peer) = (connected(&config(Toy::default())), Io::default(), ToyPeer::new(9));
    assert!(step(&mut dial, &mut io).unwrap().is_none());
    flush(&mut io, &mut peer);
    io.rx.append(&peer.take_wire());
    for _ in 0..3 {
        assert!(step(&mut dial, &mut io).unwrap().is_none(), "the last word is not sent");
        assert!(!io.tx.pending().is_empty());
        let byte = io.tx.pending()[..1].to_vec();
        peer.receive(&byte);
        io.tx.sent(1);
    }
    assert!(step(&mut dial, &mut io).unwrap().is_some());
    assert!(peer.is_done());
}

/// The last word is only on its way when a part of a ticket comes, of so many bytes.
#[test]
fn what_comes_behind_the_handshake_is_not_lost() {
    let (mut conn, mut peer) = layered::ready(&config(Toy::default()));
    peer.ticket();
    let ticket = peer.take_wire();
    drop(conn.goodbye());
    for at in 0..=ticket.len() {
        let (mut dial, mut io, mut peer) =
            (connected(&config(Toy::default())), Io::default(), ToyPeer::new(9));
        assert!(step(&mut dial, &mut io).unwrap().is_none());
        flush(&mut io, &mut peer);
        io.rx.append(&peer.take_wire());
        assert!(step(&mut dial, &mut io).unwrap().is_none(), "its last word is not sent");
        flush(&mut io, &mut peer);
        io.rx.append(&ticket[..at]);
        let mut conn = step(&mut dial, &mut io).unwrap().expect("it is ready");
        io.rx.append(&ticket[at..]);
        assert_eq!(conn.idle_input(&mut io), None, "{at}");
        peer.send(b"x");
        io.rx.append(&peer.take_wire());
        assert_eq!(conn.idle_input(&mut io), Some(httpocean_core::CloseReason::Unasked), "{at}");
    }
}

#[test]
fn an_unacceptable_peer_is_an_error_of_the_peers_and_hears_why() {
    let config = config(Toy { distrusts: Some(9), ..Toy::default() });
    let (mut dial, mut io, mut peer) = (connected(&config), Io::default(), ToyPeer::new(9));
    assert!(step(&mut dial, &mut io).unwrap().is_none());
    flush(&mut io, &mut peer);
    io.rx.append(&peer.take_wire());
    let error = step(&mut dial, &mut io).unwrap_err();
    let ErrorKind::Tls(why) = error.kind() else { panic!("{error:?}") };
    assert_eq!((why.fault(), why.what()), (LayerFault::Identity, "its key is not one to be trusted"));
    assert_eq!((error.fault(), error.phase(), error.sent()), (Fault::Peer, Phase::Tls, Sent::Nothing));
    peer.receive(&dial.goodbye());
    assert_eq!(peer.alert(), Some("I do not trust this key"));
    assert!(!peer.is_done(), "nobody was told that all is well");
    assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "not clean");
}

#[test]
fn a_peer_that_refuses_is_quoted_and_one_that_speaks_something_else_is_found_out() {
    for (said, fault, what) in [
        (&b"\x09\0\x07go away"[..], LayerFault::Refused, "go away"),
        (b"HTTP/1.1 400 Bad Request\r\n", LayerFault::Protocol, "the peer does not speak the toy protocol"),
        (b"\x04\0\x01x", LayerFault::Protocol, "a record that has no place here"),
    ] {
        let (mut dial, mut io) = (connected(&config(Toy::default())), Io::default());
        assert!(step(&mut dial, &mut io).unwrap().is_none());
        io.rx.append(said);
        let error = step(&mut dial, &mut io).unwrap_err();
        let ErrorKind::Tls(why) = error.kind() else { panic!("{error:?}") };
        assert_eq!((why.fault(), why.what()), (fault, what));
        assert_eq!(error.fault(), Fault::Peer);
    }
}

#[test]
fn a_layer_that_cannot_be_made_is_our_fault() {
    let config = config(Toy { refuses: Some("no such thing"), ..Toy::default() });
    let error = step(&mut connected(&config), &mut Io::default()).unwrap_err();
    assert_eq!((error.fault(), error.phase()), (Fault::Local, Phase::Tls));
    assert_eq!(
        error.to_string(),
        "the connection is not secure: no such thing (our fault, in the TLS handshake, nothing sent)"
    );
}

#[test]
fn a_connection_that_is_lost_in_the_handshake_is_no_layers_fault() {
    type Lose = fn(&mut Io);
    let ways: [(Lose, ErrorKind); 3] = [
        (|io| io.rx.set_eof(), ErrorKind::Closed),
        (|io| io.rx.fail(TransportError::Reset), ErrorKind::Reset(TransportError::Reset)),
        (
            |io| {
                io.rx.append(b"\x02\0");
                io.rx.set_eof()
            },
            ErrorKind::Closed,
        ),
    ];
    for (lose, kind) in ways {
        let (mut dial, mut io) = (connected(&config(Toy::default())), Io::default());
        assert!(step(&mut dial, &mut io).unwrap().is_none());
        lose(&mut io);
        let error = step(&mut dial, &mut io).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (&kind, Phase::Tls));
    }
}

#[test]
fn a_goodbye_in_the_handshake_leaves_nothing_to_hand_out() {
    let (mut dial, mut io, mut peer) = (connected(&config(Toy::default())), Io::default(), ToyPeer::new(9));
    assert!(step(&mut dial, &mut io).unwrap().is_none());
    flush(&mut io, &mut peer);
    peer.close();
    io.rx.append(&peer.take_wire());
    let error = step(&mut dial, &mut io).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Closed, Phase::Tls));
}

#[test]
fn data_before_any_request_is_no_connection() {
    let (mut dial, mut io, mut peer) = (connected(&config(Toy::default())), Io::default(), ToyPeer::new(9));
    assert!(step(&mut dial, &mut io).unwrap().is_none());
    flush(&mut io, &mut peer);
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n");
    io.rx.append(&peer.take_wire());
    let error = step(&mut dial, &mut io).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
}

#[test]
fn it_has_a_clock_of_its_own_and_bytes_come_before_the_clock() {
    let limit = Duration::from_secs(2);
    let options =
        dial::Options { tls: Some(limit), connect: None, connect_each: None, ..dial::Options::default() };
    let security = Security::new(Toy::default());
    let config = std::sync::Arc::new(Config { dial: options, tls: Some(security), ..Config::default() });
    let late = Instant::ZERO + limit;
    let (mut dial, mut io) = (connected(&config), Io::default());
    let DialStep::Wait(want) = dial.step(&mut io, Instant::ZERO) else { panic!("it does not wait") };
    assert_eq!((want.phase, want.until), (Phase::Tls, Some(late)));
    let DialStep::Failed(error) = dial.step(&mut io, late) else { panic!("it has all the time") };
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Tls));

    let (mut dial, mut io, mut peer) = (connected(&config), Io::default(), ToyPeer::new(9));
    let DialStep::Wait(_) = dial.step(&mut io, Instant::ZERO) else { panic!("it does not wait") };
    flush(&mut io, &mut peer);
    io.rx.append(&peer.take_wire());
    io.tx.sent(0);
    let DialStep::Failed(_) = dial.step(&mut io, late) else { panic!("its last word was never sent") };
}

#[test]
fn https_without_tls_is_an_error_that_says_so() {
    let key = Key::of(&"https://site.example/".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Config::default().into(), Instant::ZERO);
    let DialStep::Failed(error) = dial.step(&mut Io::default(), Instant::ZERO) else { panic!("it dials") };
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)));
    assert_eq!(error.phase(), Phase::Start);
}
