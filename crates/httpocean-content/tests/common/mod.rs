//! What several tests of codings need.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use httpocean_content::{Coding, Codings, DecodeError, Decoder, Limits, Status};

/// What the samples mean.
pub(crate) fn text() -> Vec<u8> {
    let line = |n: u32| format!("{n} {} {}\n", n * n % 977, if n % 2 == 0 { "even" } else { "odd" });
    (0..1000).flat_map(|n| line(n).into_bytes()).collect()
}

pub(crate) fn codings(codings: &[Coding]) -> Codings {
    Codings::new(codings).expect("few enough")
}

/// Decodes `wire` in pieces of `cut` bytes into room for `room`.
pub(crate) fn decode(
    applied: &[Coding],
    wire: &[u8],
    cut: usize,
    room: usize,
) -> Result<Vec<u8>, DecodeError> {
    let pieces: Vec<_> = wire.chunks(cut).collect();
    decode_pieces(applied, &pieces, &Limits::default(), room)
}

pub(crate) fn decode_pieces(
    applied: &[Coding],
    pieces: &[&[u8]],
    limits: &Limits,
    room: usize,
) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::new(&codings(applied), limits);
    let (mut all, mut room) = (Vec::new(), vec![0; room]);
    for (at, piece) in pieces.iter().enumerate() {
        if feed(&mut decoder, piece, at + 1 == pieces.len(), &mut room, &mut all)? {
            return Ok(all);
        }
    }
    // No piece at all, or the end comes as news of its own.
    assert!(feed(&mut decoder, &[], true, &mut room, &mut all)?, "no end after all was given");
    Ok(all)
}

/// All of a piece. Whether this was the end.
pub(crate) fn feed(
    decoder: &mut Decoder,
    mut piece: &[u8],
    last: bool,
    room: &mut [u8],
    all: &mut Vec<u8>,
) -> Result<bool, DecodeError> {
    loop {
        let progress = decoder.decode(piece, last, room)?;
        assert!(progress.written <= room.len() && progress.read <= piece.len());
        all.extend_from_slice(&room[..progress.written]);
        piece = &piece[progress.read..];
        match progress.status {
            Status::More => {}
            Status::NeedsInput => {
                assert!(piece.is_empty() && !last, "it wants input, and has {}", piece.len());
                return Ok(false);
            }
            Status::End => {
                assert!(piece.is_empty() && last);
                return Ok(true);
            }
        }
    }
}

/// What a program makes of `input`; none, and a line that says so, where it is not installed.
pub(crate) fn program(command: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child =
        Command::new(command[0]).args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(_) => {
            // Past the test harness, which hides what a passing test prints.
            let _ = writeln!(std::io::stderr(), "skipped: {} is not installed", command[0]);
            return None;
        }
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    let made = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("the program reads all"));
        child.wait_with_output().expect("the program ends")
    });
    assert!(made.status.success(), "{command:?}: {}", made.status);
    Some(made.stdout)
}

/// `br` without compression: all that is needed to make it of any bytes without a compressor.
pub(crate) fn stored_brotli(content: &[u8]) -> Vec<u8> {
    // A window of 64 KiB is the bit 0; then each block: not the last, four nibbles of length, its length less one, not
    // compressed; then bits of padding.
    let mut wire = Vec::new();
    let mut first = true;
    for block in content.chunks(1 << 16) {
        let header = (block.len() as u32 - 1) << 3 | 1 << 19;
        let bits = if first { header << 1 } else { header };
        first = false;
        wire.extend_from_slice(&bits.to_le_bytes()[..3]);
        wire.extend_from_slice(block);
    }
    // The last one, and empty.
    wire.push(if first { 0b110 } else { 0b11 });
    wire
}
