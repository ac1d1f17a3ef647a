//! The buffers: what goes in comes out, nothing grows with what passes through.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::{BodyPlan, Config, RecvBuf, SendBuf, TransportError};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[test]
fn space_is_what_was_asked_for_and_keeps_what_is_there() {
    let mut rx = RecvBuf::default();
    assert!(rx.space(0).is_empty());
    rx.filled(5);
    assert!(rx.bytes().is_empty() && rx.total_received() == 0, "nothing was lent");
    for at_least in [1, 3, 100, 5, 4096] {
        let before = rx.bytes().to_vec();
        let space = rx.space(at_least);
        assert!(space.len() >= at_least);
        space[0] = b'x';
        assert_eq!(rx.bytes(), before);
        rx.filled(1);
        assert_eq!(rx.bytes(), [before.as_slice(), b"x"].concat());
    }
}

#[test]
fn more_than_was_lent_counts_as_all_of_it() {
    let mut rx = RecvBuf::default();
    let lent = rx.space(10).len();
    rx.filled(usize::MAX);
    assert_eq!((rx.bytes().len(), rx.total_received()), (lent, lent as u64));
    rx.filled(1);
    assert_eq!(rx.bytes().len(), lent);
}

#[test]
fn an_end_comes_after_the_bytes_and_the_first_failure_stands() {
    let mut rx = RecvBuf::default();
    rx.append(b"abc");
    rx.set_eof();
    assert!(!rx.is_quiet());
    assert_eq!(rx.take(), b"abc");
    assert!(!rx.is_quiet() && rx.bytes().is_empty());
}

#[test]
fn memory_that_was_lent_once_is_not_zeroed_again() {
    let mut rx = RecvBuf::default();
    rx.space(8).fill(7);
    assert_eq!(rx.space(8)[0], 7);
}

#[test]
fn a_hundred_megabytes_pass_through_a_small_buffer() {
    const SIZE: usize = 100 << 20;
    const PIECE: usize = 64 << 10;
    let mut it = Scenario::get();
    it.feed(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n"));
    assert!(matches!(it.step(), Said::Head(200, _)));
    let mut got = 0;
    while got < SIZE {
        let _ = it.io.rx.space(PIECE);
        it.io.rx.filled(PIECE - 7);
        // Taken in two bites, so that something is always left.
        let mut out = vec![0; PIECE / 2];
        for _ in 0..2 {
            got += it.call.read_body(&mut it.io, &mut out);
        }
        assert!(it.io.rx.space(1).len() + it.io.rx.bytes().len() <= 3 * PIECE);
    }
    assert_eq!(got, SIZE);
}

#[test]
fn a_hundred_megabytes_go_out_through_a_small_buffer() {
    const SIZE: u64 = 100 << 20;
    let piece = vec![0; 16 << 10];
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(SIZE), Config::default());
    let mut sent = 0;
    let mut most = 0;
    while sent < SIZE {
        let said = it.step();
        if let Said::NeedBody { from } = said {
            let n = (SIZE - from).min(piece.len() as u64) as usize;
            it.call.send_body(&piece[..n], &mut it.io);
            sent = from + n as u64;
        } else {
            it.io.tx.sent(50_001);
        }
        most = most.max(it.io.tx.pending().len());
    }
    assert!(most <= (64 << 10) + (16 << 10) + 200, "{most}");
}

#[test]
fn sending_more_than_is_pending_counts_as_all_of_it() {
    let mut tx = SendBuf::default();
    tx.append(b"abc");
    tx.sent(usize::MAX);
    assert_eq!((tx.pending(), tx.total_sent()), (&b""[..], 3));
    tx.sent(1);
    assert_eq!(tx.total_sent(), 3);
}

#[test]
fn a_failed_buffer_takes_nothing_more() {
    let mut tx = SendBuf::default();
    tx.append(b"abc");
    tx.sent(1);
    tx.fail(TransportError::Reset);
    assert!(tx.pending().is_empty());
    tx.append(b"def");
    assert!(tx.pending().is_empty());
    assert_eq!(tx.total_sent(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0), failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// What was sent is what was appended, in order, whatever the sizes.
    #[test]
    fn a_send_buffer_is_a_queue(ops in prop::collection::vec((0..50usize, 0..50usize), 0..100)) {
        let (mut tx, mut model, mut next) = (SendBuf::default(), std::collections::VecDeque::new(), 0u8);
        for (append, sent) in ops {
            let bytes: Vec<u8> = (0..append).map(|_| { next = next.wrapping_add(1); next }).collect();
            tx.append(&bytes);
            model.extend(bytes);
            tx.sent(sent);
            model.drain(..sent.min(model.len()));
            prop_assert_eq!(tx.pending(), model.make_contiguous());
        }
    }
}
