//! Whatever was coded comes out again, in whichever pieces it goes in and comes out, and whatever is damaged never makes
//! a decoder panic or stand still.
#![cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]

mod common;

use common::{decode_pieces, stored_brotli};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use httpocean_content::Coding::{self, Brotli, Deflate, Gzip, Zstd};
use httpocean_content::Limits;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

type Code = fn(&[u8]) -> Vec<u8>;

/// How to code: the coding, and by which of its formats.
const WAYS: [(Coding, Code); 7] = [
    (Gzip, |content| written(GzEncoder::new(Vec::new(), Compression::fast()), content, GzEncoder::finish)),
    (Gzip, |content| {
        let (left, right) = content.split_at(content.len() / 3);
        [left, right].into_iter().flat_map(WAYS[0].1).collect()
    }),
    (Deflate, |content| {
        written(ZlibEncoder::new(Vec::new(), Compression::best()), content, ZlibEncoder::finish)
    }),
    (Deflate, |content| {
        written(DeflateEncoder::new(Vec::new(), Compression::none()), content, DeflateEncoder::finish)
    }),
    (Brotli, stored_brotli),
    (Zstd, |content| compress_to_vec(content, CompressionLevel::Fastest)),
    (Zstd, |content| compress_to_vec(content, CompressionLevel::Uncompressed)),
];

fn written<E: std::io::Write>(
    mut encoder: E,
    content: &[u8],
    finish: fn(E) -> std::io::Result<Vec<u8>>,
) -> Vec<u8> {
    encoder.write_all(content).and_then(|()| finish(encoder)).expect("a vector takes all")
}

/// Of a few symbols, so that it has repetitions.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = (prop::collection::vec(0_u8..4, 0..40), 1_usize..50);
    prop::collection::vec(piece, 0..20)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, times)| piece.repeat(times)).collect())
}

fn coded(content: &[u8], ways: &[usize]) -> (Vec<Coding>, Vec<u8>) {
    let mut wire = content.to_vec();
    for way in ways {
        wire = WAYS[*way].1(&wire);
    }
    (ways.iter().map(|way| WAYS[*way].0).collect(), wire)
}

fn pieces<'w>(mut wire: &'w [u8], cuts: &[usize]) -> Vec<&'w [u8]> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, rest) = wire.split_at(wire.len().min(*cut));
        pieces.push(piece);
        wire = rest;
    }
    pieces.push(wire);
    pieces
}

/// `HTTPOCEAN_CASES` in place of 200.
fn cases() -> u32 {
    std::env::var("HTTPOCEAN_CASES").map_or(200, |cases| cases.parse().expect("a number of cases"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_coded_comes_out(
        content in content(),
        ways in prop::collection::vec(0..WAYS.len(), 0..=5),
        cuts in prop::collection::vec(0_usize..300, 0..40),
        room in 1_usize..5000,
    ) {
        let (codings, wire) = coded(&content, &ways);
        let limits = Limits { ratio: u32::MAX, ..Limits::default() };
        prop_assert_eq!(decode_pieces(&codings, &pieces(&wire, &cuts), &limits, room), Ok(content));
    }

    #[test]
    fn what_was_damaged_says_the_same_however_it_is_cut(
        content in content(),
        ways in prop::collection::vec(0..WAYS.len(), 1..=3),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in prop::collection::vec(0_usize..300, 0..40),
        room in 1_usize..5000,
    ) {
        let (codings, mut wire) = coded(&content, &ways);
        for (at, byte) in damage {
            if !wire.is_empty() {
                let at = at.index(wire.len());
                wire[at] = byte;
            }
        }
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        let whole = decode_pieces(&codings, &[&wire], &limits, 1 << 16);
        let cut = decode_pieces(&codings, &pieces(&wire, &cuts), &limits, room);
        // Which of several errors of a chain comes first may depend on where it is cut.
        prop_assert_eq!(whole.as_ref().ok(), cut.as_ref().ok());
    }
}
