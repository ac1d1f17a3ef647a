//! Any bytes as content in any codings.

use httpocean_content::{Coding, Codings, DecodeError, Decoder, Limits, Status};

use crate::bytes::Bytes;

/// Enough to get beyond every buffer, and little enough to be tried often.
const LIMITS: Limits = Limits { bytes: 600_000, ratio: u32::MAX, ratio_after: 0, zstd_window: 1 << 20 };

/// Content means the same however it is cut and into whichever room it is decoded, never more than the limit, and each
/// call does something.
pub fn content(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let count = usize::from(choices.byte() % 4);
    let all = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];
    let codings: Vec<_> = (0..count).map(|_| choices.pick(&all)).collect();
    let (cut, room) = (usize::from(choices.byte()) + 1, usize::from(choices.byte()) * 16 + 1);
    let wire = choices.rest();
    let codings = Codings::new(&codings).expect("three are not too many");
    let whole = decode(&codings, wire, wire.len().max(1), 1 << 16);
    let cut = decode(&codings, wire, cut, room);
    // Which of several faults of a chain is met first may depend on the cuts.
    assert_eq!(whole.as_ref().ok(), cut.as_ref().ok(), "{whole:?}, cut {cut:?}");
    if count == 0 {
        assert_eq!(whole.as_deref(), Ok(wire));
    }
}

fn decode(codings: &Codings, wire: &[u8], cut: usize, room: usize) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::new(codings, &LIMITS);
    let (mut all, mut room) = (Vec::new(), vec![0; room]);
    let mut at = 0;
    loop {
        let piece = &wire[at..wire.len().min(at + cut)];
        let last = at + piece.len() == wire.len();
        let progress = decoder.decode(piece, last, &mut room)?;
        at += progress.read;
        all.extend_from_slice(&room[..progress.written]);
        assert!(all.len() as u64 <= LIMITS.bytes);
        match progress.status {
            Status::End => {
                assert_eq!(at, wire.len(), "its end is that of all");
                return Ok(all);
            }
            Status::NeedsInput => {
                assert!(!last && progress.read == piece.len(), "it has all, and wants more")
            }
            Status::More => {}
        }
    }
}
