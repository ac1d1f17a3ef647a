//! What gzip, brotli and zstd made once is read, byte for byte, however it is cut.
#![cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]

mod common;

use common::{decode, text};
use httpocean_content::Coding::{self, Brotli, Deflate, Gzip, Zstd};
use httpocean_content::DecodeError::{self, Corrupt, Trailing, Truncated};

const SAMPLES: [(&[Coding], &[u8]); 8] = [
    (&[Gzip], include_bytes!("samples/text.gz")),
    (&[Gzip], include_bytes!("samples/text.members.gz")),
    (&[Deflate], include_bytes!("samples/text.zlib")),
    (&[Deflate], include_bytes!("samples/text.deflate")),
    (&[Brotli], include_bytes!("samples/text.br")),
    (&[Zstd], include_bytes!("samples/text.zst")),
    (&[Zstd], include_bytes!("samples/text.frames.zst")),
    (&[Brotli, Gzip], include_bytes!("samples/text.br.gz")),
];

#[test]
fn cut_anywhere_they_mean_the_same() {
    for (at, (codings, wire)) in SAMPLES.into_iter().enumerate() {
        for (cut, room) in [(1, 1), (1, 4096), (2, 3), (7, 7), (100, 1), (4096, 4096), (usize::MAX, 1 << 20)]
        {
            let decoded = decode(codings, wire, cut, room);
            assert!(
                decoded.as_ref() == Ok(&text()),
                "sample {at}, cut {cut}, room {room}: {:?}",
                decoded.err()
            );
        }
    }
}

#[test]
fn cut_off_anywhere_they_are_errors() {
    for (at, (codings, wire)) in SAMPLES.into_iter().enumerate() {
        // All of the beginning and of the end, and some between.
        let lens = (1..wire.len()).filter(|len| *len < 40 || wire.len() - len < 40 || len % 61 == 0);
        for len in lens {
            // Where a member or a frame ends, so does a content.
            let whole = decode(codings, &wire[..len], usize::MAX, 1 << 16);
            match whole {
                Ok(part) => assert!(
                    [1, 6].contains(&at) && part == text()[..5000],
                    "sample {at} at {len}: {}",
                    part.len()
                ),
                Err(error) => assert!(matches!(error, Truncated(_)), "sample {at} at {len}: {error}"),
            }
        }
    }
}

#[test]
fn what_stands_behind_the_end_is_an_error() {
    for (at, (codings, wire)) in SAMPLES.into_iter().enumerate() {
        for behind in [&b"x"[..], b"\0", b"garbage, and more of it"] {
            for cut in [1, usize::MAX] {
                let error = decode(codings, &[wire, behind].concat(), cut, 4096);
                let outer = codings[codings.len() - 1];
                assert_eq!(error, Err(Trailing(outer)), "sample {at}, {behind:?}, cut {cut}");
            }
        }
    }
}

#[test]
fn what_is_in_no_coding_is_an_error() {
    for coding in [Gzip, Deflate, Brotli, Zstd] {
        for cut in [1, usize::MAX] {
            let error = decode(&[coding], b"hello world, this is plain", cut, 4096);
            assert_eq!(error, Err(Corrupt(coding)), "{coding:?}, cut {cut}");
        }
    }
}

#[test]
fn damage_is_noticed_where_there_is_a_checksum() {
    let (mut flips, mut unnoticed) = (0, 0);
    for (at, (codings, wire)) in SAMPLES.into_iter().enumerate().filter(|(at, _)| [0, 2, 5].contains(at)) {
        for flipped in (0..wire.len()).step_by(3) {
            let mut wire = wire.to_vec();
            flips += 1;
            wire[flipped] ^= 0x10;
            let decoded = decode(codings, &wire, usize::MAX, 4096);
            // Some bits mean nothing, such as the time in gzip's header.
            assert!(decoded.is_err() || decoded == Ok(text()), "sample {at}, byte {flipped}");
            unnoticed += usize::from(decoded.is_ok());
        }
    }
    assert!(unnoticed * 100 < flips, "{unnoticed} of {flips}");
}

#[test]
fn nothing_is_the_coding_of_nothing() {
    for codings in [&[][..], &[Gzip], &[Deflate], &[Brotli], &[Zstd], &[Zstd, Gzip]] {
        assert_eq!(decode(codings, b"", 1, 16), Ok(Vec::new()), "{codings:?}");
    }
}

#[test]
fn an_error_stays() {
    let mut decoder = httpocean_content::Decoder::new(&common::codings(&[Gzip]), &Default::default());
    let mut room = [0; 16];
    for input in [&b"no gzip"[..], include_bytes!("samples/text.gz"), b""] {
        assert_eq!(decoder.decode(input, false, &mut room).map(|_| ()), Err(DecodeError::Corrupt(Gzip)));
    }
}
