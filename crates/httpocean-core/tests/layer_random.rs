//! A layer changes nothing of what a user hears: any response, right or wrong, comes to the same with one and without,
//! whatever the layer has to say in between, and however the bytes of the wire are cut.
#![allow(clippy::unwrap_used)]

mod common;
mod layered;

use common::{Scenario, conn};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Config, ErrorKind, TransportError};
use layered::{Heard, Talk};
use proptest::prelude::*;

const RESPONSES: [&str; 8] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\na: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi and more",
    "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ntoo little",
    "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Open,
    Orderly,
    Reset,
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::Open), Just(Ending::Orderly), Just(Ending::Reset)]
}

/// What is said, and in which pieces.
#[derive(Clone, Debug)]
struct Script {
    said: Vec<u8>,
    pieces: Vec<usize>,
    /// What the layer has to say before each piece.
    beside: Vec<u8>,
    cuts: Vec<usize>,
    ending: Ending,
}

prop_compose! {
    fn scripts()(
        which in 0..RESPONSES.len(),
        change in proptest::option::of((0..80_usize, any::<u8>())),
        pieces in proptest::collection::vec(1..40_usize, 1..8),
        beside in proptest::collection::vec(0..4_u8, 8),
        cuts in proptest::collection::vec(1..30_usize, 1..8),
        ending in endings(),
    ) -> Script {
        let mut said = RESPONSES[which].as_bytes().to_vec();
        if let Some((at, byte)) = change {
            let at = at % said.len();
            said[at] = byte;
        }
        Script { said, pieces, beside, cuts, ending }
    }
}

fn parts<'a>(bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    sizes.iter().cycle().map_while(move |size| {
        let (part, behind) = rest.split_at((*size).min(rest.len()));
        rest = behind;
        (!part.is_empty()).then_some(part)
    })
}

/// Without a layer, all at once.
fn plain(script: &Script) -> Heard {
    let mut it = Scenario::start(
        common::request("GET", "http://site.example/", &[]),
        BodyPlan::empty(),
        Config::default(),
    );
    let _ = it.step();
    it.call.attach(conn(), Facts::default(), it.now);
    let _ = it.wait();
    it.flush();
    it.feed(&script.said);
    match script.ending {
        Ending::Open => {}
        Ending::Orderly => it.io.rx.set_eof(),
        Ending::Reset => it.io.rx.fail(TransportError::Reset),
    }
    let mut talk = Talk { call: it.call, io: it.io, peer: httpocean_testkit::toy::ToyPeer::new(0) };
    let mut heard = Heard::default();
    talk.hear(&mut heard);
    heard
}

/// With one; `cuts`: how the wire is cut, or not at all.
fn through(script: &Script, cuts: &[usize]) -> Heard {
    let mut it = Talk::get();
    for (n, piece) in parts(&script.said, &script.pieces).enumerate() {
        match script.beside[n % script.beside.len()] {
            0 => it.peer.ticket(),
            1 => it.peer.ask(b"?"),
            _ => {}
        }
        it.peer.send(piece);
    }
    if script.ending == Ending::Orderly {
        it.peer.close();
    }
    let wire = it.peer.take_wire();
    let mut heard = Heard::default();
    let is_over = |heard: &Heard| heard.ended || heard.error.is_some();
    for part in parts(&wire, cuts) {
        if is_over(&heard) {
            return heard;
        }
        it.io.rx.append(part);
        if cuts.len() > 1 {
            it.hear(&mut heard);
            it.flush();
        }
    }
    match script.ending {
        Ending::Open => {}
        Ending::Orderly => it.io.rx.set_eof(),
        Ending::Reset => it.io.rx.fail(TransportError::Reset),
    }
    if !is_over(&heard) {
        it.hear(&mut heard);
    }
    heard
}

fn told(heard: &Heard) -> (Option<u16>, &[u8], bool, Option<&ErrorKind>) {
    (heard.status, &heard.body, heard.ended, heard.error.as_ref().map(|error| error.kind()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: httpocean_testkit::times(2_000) as u32, ..ProptestConfig::default() })]

    #[test]
    fn a_layer_is_not_heard(script in scripts()) {
        let expected = plain(&script);
        let at_once = through(&script, &[usize::MAX]);
        prop_assert_eq!(told(&at_once), told(&expected));
        prop_assert_eq!(at_once.fate, expected.fate);
        let cut = through(&script, &script.cuts);
        prop_assert_eq!(told(&cut), told(&expected));
    }
}
