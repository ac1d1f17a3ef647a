//! After an upgrade over a layer, another protocol is spoken through it: how the wire was cut makes no difference, and an
//! end without a goodbye is no orderly one.
#![allow(clippy::unwrap_used)]

mod layered;

use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, CallStep, Channel, ErrorKind, ProtocolError, TransportError};
use httpocean_testkit::toy::ToyPeer;
use layered::Talk;

/// A tunnel that the peer made; `wire` is what it sent behind its answer, and `at` where that was cut from what came
/// along with it.
fn tunnel(behind: impl Fn(&mut ToyPeer), at: usize) -> (Channel, ToyPeer, Vec<u8>) {
    let mut it = Talk::begin("CONNECT", BodyPlan::empty(), Facts::default());
    it.wait();
    it.flush();
    it.peer.take_plain();
    it.peer.send(b"HTTP/1.1 200 OK\r\n\r\n");
    let head = it.peer.take_wire();
    behind(&mut it.peer);
    let mut wire = it.peer.take_wire();
    let rest = wire.split_off(at.min(wire.len()));
    it.io.rx.append(&head);
    it.io.rx.append(&wire);
    assert!(matches!(it.step(), CallStep::Head(_)));
    assert!(matches!(it.step(), CallStep::Upgraded(_)));
    (Channel::new(it.call.detach().unwrap(), it.io), it.peer, rest)
}

fn all_of(channel: &mut Channel) -> Vec<u8> {
    let (mut all, mut out) = (Vec::new(), [0; 3]);
    while let Some(n @ 1..) = channel.read(&mut out).unwrap() {
        all.extend_from_slice(&out[..n]);
    }
    all
}

#[test]
fn what_comes_is_read_through_the_layer_at_every_split() {
    let behind = |peer: &mut ToyPeer| {
        peer.send(b"one ");
        peer.ticket();
        peer.send(b"and two");
    };
    let len = tunnel(behind, usize::MAX).0.take().len();
    assert_eq!(len, b"one and two".len());
    for at in 0..60 {
        let (mut channel, _, rest) = tunnel(behind, at);
        assert!(channel.is_layered() && !channel.is_bare());
        let mut all = all_of(&mut channel);
        channel.io().rx.append(&rest);
        all.extend(all_of(&mut channel));
        assert_eq!(all, b"one and two", "cut at {at}");
        assert_eq!(channel.read(&mut [0]), Ok(None));
    }
}

#[test]
fn the_call_counts_what_came_along_without_its_records() {
    let mut it = Talk::begin("CONNECT", BodyPlan::empty(), Facts::default());
    it.wait();
    it.flush();
    it.peer.send(b"HTTP/1.1 200 OK\r\n\r\nearly");
    it.deliver();
    assert!(matches!(it.step(), CallStep::Head(_)));
    for _ in 0..2 {
        let CallStep::Upgraded(len) = it.step() else { panic!("no tunnel") };
        assert_eq!(it.io.data(len), b"early");
    }
}

#[test]
fn what_is_written_goes_through_the_layer_and_so_does_what_it_has_to_answer() {
    let (mut channel, mut peer, _) = tunnel(|_| {}, 0);
    channel.write(b"hello");
    peer.ask(b"?");
    channel.io().rx.append(&peer.take_wire());
    assert_eq!(channel.read(&mut [0]), Ok(None));
    layered::flush(channel.io(), &mut peer);
    assert_eq!((peer.take_plain(), peer.answers().len()), (b"hello".to_vec(), 1));
    assert!(!peer.is_closed());
    channel.close();
    layered::flush(channel.io(), &mut peer);
    assert!(peer.is_closed(), "it was not said goodbye to");
}

#[test]
fn only_an_end_with_a_goodbye_is_one() {
    let (mut orderly, mut peer, _) = tunnel(|_| {}, 0);
    peer.send(b"bye");
    peer.close();
    orderly.io().rx.append(&peer.take_wire());
    assert_eq!((all_of(&mut orderly), orderly.read(&mut [0])), (b"bye".to_vec(), Ok(Some(0))));

    let (mut cut, mut peer, _) = tunnel(|_| {}, 0);
    peer.send(b"by");
    cut.io().rx.append(&peer.take_wire());
    cut.io().rx.set_eof();
    let mut out = [0; 8];
    assert_eq!(cut.read(&mut out), Ok(Some(2)));
    assert!(matches!(cut.read(&mut out), Err(ErrorKind::Protocol(ProtocolError::Truncated(_)))));

    let (mut broken, _, _) = tunnel(|_| {}, 0);
    broken.io().rx.fail(TransportError::Reset);
    assert_eq!(broken.read(&mut out), Err(ErrorKind::Reset(TransportError::Reset)));

    let (mut refused, mut peer, _) = tunnel(|_| {}, 0);
    peer.refuse("no more of this");
    refused.io().rx.append(&peer.take_wire());
    let Err(ErrorKind::Tls(why)) = refused.read(&mut out) else { panic!("it goes on") };
    assert!(why.what().contains("no more of this"), "{why}");
}
