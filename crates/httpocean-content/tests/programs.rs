//! What the gzip, brotli and zstd of this machine make is read, byte for byte.
#![cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]

mod common;

use common::{decode, program, text};
use httpocean_content::Coding::{self, Brotli, Gzip, Zstd};

/// Of several kinds: words, noise, nothing but one byte, and very little.
fn contents() -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let noise = (0..40_000).map(|_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    });
    let words: Vec<_> = std::iter::repeat_with(text).take(6).flatten().collect();
    vec![words, noise.collect(), vec![0; 100_000], b"x".to_vec(), Vec::new()]
}

#[test]
fn what_they_make_is_read() {
    let commands: [(Coding, &[&str]); 7] = [
        (Gzip, &["gzip", "-1"]),
        (Gzip, &["gzip", "-9"]),
        (Brotli, &["brotli", "-c", "-q", "1"]),
        (Brotli, &["brotli", "-c", "-q", "9", "-w", "24"]),
        (Zstd, &["zstd", "-c", "-1"]),
        (Zstd, &["zstd", "-c", "-19", "--no-check"]),
        (Zstd, &["zstd", "-c", "--format=zstd", "-5"]),
    ];
    for (coding, command) in commands {
        for content in contents() {
            let Some(wire) = program(command, &content) else { break };
            read_in_cuts(&[coding], &wire, &content, command);
            // Two behind each other are one content, in all that have members or frames.
            if coding != Brotli {
                let (twice, content) =
                    ([&wire[..], &wire[..]].concat(), [&content[..], &content[..]].concat());
                read_in_cuts(&[coding], &twice, &content, command);
            }
        }
    }
}

#[test]
fn chains_of_them_are_read() {
    let content = text();
    let Some(br) = program(&["brotli", "-c"], &content) else { return };
    let Some(zst_br) = program(&["zstd", "-c"], &br) else { return };
    let Some(gz_zst_br) = program(&["gzip"], &zst_br) else { return };
    let Some(all) = program(&["brotli", "-c"], &gz_zst_br).and_then(|wire| program(&["gzip"], &wire)) else {
        return;
    };
    read_in_cuts(&[Brotli, Zstd, Gzip], &gz_zst_br, &content, &["three"]);
    read_in_cuts(&[Brotli, Zstd, Gzip, Brotli, Gzip], &all, &content, &["five"]);
}

fn read_in_cuts(codings: &[Coding], wire: &[u8], content: &[u8], command: &[&str]) {
    for cut in [1, 7, 4096, usize::MAX] {
        let decoded = decode(codings, wire, cut, 8192);
        let len = content.len();
        assert!(
            decoded.as_deref() == Ok(content),
            "{command:?} of {len} bytes, cut {cut}: {:?}",
            decoded.err()
        );
    }
}
