//! Little that means very much ends with an error, and takes no memory to speak of: 10 MB that would become 10 GB, in
//! each coding and in chains (T12).
#![allow(clippy::wildcard_enum_match_arm)]
#![cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]

mod common;

use std::sync::Mutex;

use common::codings;
use flate2::{Compress, Compression, FlushCompress};
use httpocean_content::Coding::{self, Brotli, Deflate, Gzip, Zstd};
use httpocean_content::{DecodeError, Decoder, Limits, Status};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;

/// Of what a decoder holds for each coding: its tables, a window, and what is about to be handed out.
fn holds(coding: Coding) -> usize {
    match coding {
        Brotli => 17 * MIB,
        Zstd => 10 * MIB,
        _ => 128 * 1024,
    }
}

/// A bomb: the same again and again, for as long as somebody reads it.
struct Bomb {
    start: Vec<u8>,
    again: Vec<u8>,
}

impl Bomb {
    /// So many bytes of zeros in each round, in which nothing refers to what was before.
    fn deflate(zlib: bool, zeros: usize) -> Self {
        let mut compress = Compress::new(Compression::best(), zlib);
        let mut round = || {
            let mut made = Vec::with_capacity(zeros / 100 + 1000);
            let flush = FlushCompress::Full;
            compress.compress_vec(&vec![0; zeros], &mut made, flush).expect("there is room");
            made
        };
        Self { start: round(), again: round() }
    }

    fn gzip() -> Self {
        let raw = Self::deflate(false, MIB);
        Self { start: [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &raw.start].concat(), again: raw.again }
    }

    /// 128 KiB of zeros in four bytes, in a frame with a window of 1 MiB.
    fn zstd() -> Self {
        let mut block = (131_072_u32 << 3 | 1 << 1).to_le_bytes();
        block[3] = 0;
        Self { start: b"\x28\xb5\x2f\xfd\x00\x50".to_vec(), again: block.to_vec() }
    }

    /// Its first so many bytes, or a few more.
    fn wire(&self, len: usize) -> Vec<u8> {
        let mut wire = self.start.clone();
        while wire.len() < len {
            wire.extend_from_slice(&self.again);
        }
        wire
    }
}

struct Outcome {
    error: Option<DecodeError>,
    decoded: u64,
    peak: usize,
}

/// Reads at most `most` bytes of what `wire` means.
fn explode(applied: &[Coding], wire: &[u8], limits: &Limits, most: u64) -> Outcome {
    let (mut room, mut decoded, mut at) = (vec![0; 16 * 1024], 0, 0);
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let mut decoder = Decoder::new(&codings(applied), limits);
    let mut error = None;
    while decoded < most {
        let piece = &wire[at..wire.len().min(at + 16 * 1024)];
        match decoder.decode(piece, false, &mut room) {
            Ok(progress) => {
                at += progress.read;
                decoded += progress.written as u64;
                if progress.status == Status::NeedsInput && at == wire.len() {
                    break;
                }
            }
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    Outcome { error, decoded, peak: ALLOCATED.peak_usage().saturating_sub(before) }
}

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn bombs() -> Vec<(&'static [Coding], Vec<u8>)> {
    let ten_mb = 10_000_000;
    let gzip = Bomb::gzip().wire(ten_mb);
    let zstd = Bomb::zstd().wire(80_000 * 4);
    let brotli = include_bytes!("samples/zeros-10GiB.br");
    vec![
        (&[Deflate], Bomb::deflate(true, MIB).wire(ten_mb)),
        (&[Deflate], Bomb::deflate(false, MIB).wire(ten_mb)),
        (&[Gzip, Gzip], gzip_of(&gzip)),
        (&[Gzip, Deflate, Gzip], gzip_of(&deflate_of(&gzip))),
        (&[Gzip], gzip),
        (&[Zstd, Gzip], gzip_of(&zstd)),
        (&[Zstd, Brotli], common::stored_brotli(&zstd)),
        (&[Zstd], zstd),
        (&[Brotli, Gzip], gzip_of(brotli)),
        (&[Brotli, Zstd, Deflate, Gzip, Gzip], {
            let zstd =
                ruzstd::encoding::compress_to_vec(&brotli[..], ruzstd::encoding::CompressionLevel::Fastest);
            gzip_of(&gzip_of(&deflate_of(&zstd)))
        }),
        (&[Brotli], brotli.to_vec()),
    ]
}

fn gzip_of(content: &[u8]) -> Vec<u8> {
    compress(Compress::new_gzip(Compression::best(), 15), content)
}

fn deflate_of(content: &[u8]) -> Vec<u8> {
    compress(Compress::new(Compression::best(), true), content)
}

fn compress(mut compress: Compress, content: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    while compress.total_in() < content.len() as u64 {
        made.reserve(64 * 1024);
        let rest = &content[compress.total_in() as usize..];
        compress.compress_vec(rest, &mut made, FlushCompress::None).expect("there is room");
    }
    loop {
        made.reserve(64 * 1024);
        let done = compress.compress_vec(&[], &mut made, FlushCompress::Finish);
        if done.expect("there is room") == flate2::Status::StreamEnd {
            return made;
        }
    }
}

#[test]
fn each_ends_with_an_error_as_soon_as_it_is_one() {
    let _alone = alone();
    let limits = Limits::default();
    for (applied, wire) in bombs() {
        assert!(wire.len() <= 11_000_000, "{applied:?}: {}", wire.len());
        let outcome = explode(applied, &wire, &limits, u64::MAX);
        assert_eq!(outcome.error, Some(DecodeError::TooDense), "{applied:?}: {}", outcome.decoded);
        assert!(outcome.decoded <= limits.ratio_after, "{applied:?}: {}", outcome.decoded);
        let allowed = applied.iter().map(|coding| holds(*coding)).sum::<usize>();
        assert!(outcome.peak <= allowed, "{applied:?}: {} of {allowed}", outcome.peak);
    }
}

#[test]
fn a_limit_of_bytes_ends_them_at_that() {
    let _alone = alone();
    let limits = Limits { bytes: 1_000_000, ..Limits::default() };
    for (applied, wire) in bombs() {
        let outcome = explode(applied, &wire, &limits, u64::MAX);
        assert_eq!(outcome.error, Some(DecodeError::TooLong), "{applied:?}: {}", outcome.decoded);
        assert!(outcome.decoded <= 1_000_000, "{applied:?}: {}", outcome.decoded);
    }
}

/// `HTTPOCEAN_BOMB_BYTES=10737418240` reads each of them to its end.
#[test]
fn who_lifts_the_limits_streams_them_in_the_same_memory() {
    let _alone = alone();
    let asked = std::env::var("HTTPOCEAN_BOMB_BYTES").ok();
    let most = asked.map_or(100 << 20, |bytes| bytes.parse().expect("a number of bytes"));
    let limits = Limits { ratio: u32::MAX, ..Limits::default() };
    for (applied, wire) in bombs() {
        let outcome = explode(applied, &wire, &limits, most);
        assert_eq!(outcome.error, None, "{applied:?}");
        assert!(outcome.decoded >= most.min(9_500_000_000), "{applied:?}: {}", outcome.decoded);
        let allowed = applied.iter().map(|coding| holds(*coding)).sum::<usize>();
        println!("{applied:?}: {} became {}, with {} held", wire.len(), outcome.decoded, outcome.peak);
        assert!(outcome.peak <= allowed, "{applied:?}: {} of {allowed}", outcome.peak);
    }
}

/// What is blown up within a chain and shrinks again is work all the same.
#[test]
fn what_shrinks_again_is_no_way_around() {
    let _alone = alone();
    let head = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    let empty_blocks = Bomb { start: head, again: b"\0\0\0\xff\xff".repeat(1000) }.wire(20_000_000);
    let mut skipped = (0..2_500_000).flat_map(|_| *b"\x50\x2a\x4d\x18\0\0\0\0").collect::<Vec<_>>();
    skipped.truncate(20_000_000);
    for (inner, nothing) in [(Gzip, empty_blocks), (Zstd, skipped)] {
        let wire = gzip_of(&nothing);
        let outcome = explode(&[inner, Gzip], &wire, &Limits::default(), u64::MAX);
        assert_eq!((outcome.error, outcome.decoded), (Some(DecodeError::TooDense), 0), "{inner:?}");
    }
}

/// One block of 120 KB whose sequences repeat 64 KiB each, 60,000 times: 3.9 GB, before anybody could ask for them.
#[test]
fn a_block_of_zstd_means_no_more_than_a_block_may() {
    let _alone = alone();
    let mut wire = b"\x28\xb5\x2f\xfd\x00\x68".to_vec();
    let header = |size: u32, kind: u32, last: u32| (size << 3 | kind << 1 | last).to_le_bytes()[..3].to_vec();
    wire.extend([header(131_072, 1, 0), vec![b'x']].concat());
    let count = 60_000_u16;
    let mut block = vec![0, 255];
    block.extend((count - 0x7f00).to_le_bytes());
    // Each table is one symbol: no literals, the offset before the last, 65,539 bytes with 16 bits of more.
    block.extend([0x54, 0, 0, 52]);
    block.extend(vec![0; usize::from(count) * 2]);
    block.push(1);
    wire.extend([header(block.len() as u32, 2, 1), block].concat());
    let limits = Limits { ratio: u32::MAX, ..Limits::default() };
    let outcome = explode(&[Zstd], &wire, &limits, u64::MAX);
    assert_eq!(outcome.error, Some(DecodeError::Corrupt(Zstd)));
    assert!(outcome.peak < 10 * MIB, "{}", outcome.peak);
}

#[test]
fn a_window_is_not_made_before_it_was_looked_at() {
    let _alone = alone();
    // 9 MiB, and 64 GiB; and all of a frame as one segment, of 2^40 bytes.
    for header in [
        &b"\x28\xb5\x2f\xfd\x00\x69"[..],
        b"\x28\xb5\x2f\xfd\x00\xd0",
        b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0",
    ] {
        let outcome = explode(&[Zstd], header, &Limits::default(), u64::MAX);
        assert_eq!(outcome.error, Some(DecodeError::Window), "{header:x?}");
        assert!(outcome.peak < 100_000, "{}", outcome.peak);
    }
    // Of brotli, larger ones than 16 MiB are no brotli.
    let outcome = explode(&[Brotli], b"\x11\x1e\0\0\0\0\0", &Limits::default(), u64::MAX);
    assert_eq!(outcome.error, Some(DecodeError::Corrupt(Brotli)));
}
