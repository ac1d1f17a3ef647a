//! A decoder that fetches its input itself.

use std::fmt;

use super::{DecodeError, Decoder, Limits, Status};
use crate::coding::Codings;

/// Bytes that are asked for at a time.
const PIECE: usize = 16 * 1024;

/// A [`Decoder`] with a buffer before it, for whoever reads content from somewhere and is read from.
///
/// ```
/// # #[cfg(feature = "deflate")] {
/// use std::io::Read;
/// use httpocean_content::{Coding, Codings, Limits, Pulled};
///
/// // What comes from somewhere, in pieces.
/// let mut source = &b"\xcb\x48\xcd\xc9\xc9\x07\0"[..];
/// let mut content = Pulled::new(Codings::new(&[Coding::Deflate]), &Limits::default());
/// let mut room = [0; 100];
/// let n = content.read(&mut room, |input| source.read(input))??;
/// assert_eq!(&room[..n], b"hello");
/// assert_eq!(content.read(&mut room, |input| source.read(input))??, 0);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pulled {
    decoder: Result<Decoder, DecodeError>,
    /// What came, and how far it was taken.
    input: Box<[u8]>,
    at: usize,
    len: usize,
    source_is_over: bool,
    ended: bool,
}

impl Pulled {
    /// For content that these codings were applied to. Should they be too many, every read says so.
    pub fn new(codings: Result<Codings, DecodeError>, limits: &Limits) -> Self {
        Self {
            decoder: codings.map(|codings| Decoder::new(&codings, limits)),
            input: vec![0; PIECE].into(),
            at: 0,
            len: 0,
            source_is_over: false,
            ended: false,
        }
    }

    /// Writes to the front of `out`, which should have room, what comes next; 0 at the end. What that is made of is
    /// asked of `fill`, which says how many bytes it wrote, 0 at its end.
    ///
    /// # Errors
    /// That of `fill` outside, after which it may be asked again; that of the content inside, always the same then.
    pub fn read<E>(
        &mut self,
        out: &mut [u8],
        mut fill: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Result<usize, DecodeError>, E> {
        if out.is_empty() || self.ended {
            return Ok(Ok(0));
        }
        loop {
            let input = &self.input[self.at..self.len];
            let done = match &mut self.decoder {
                Ok(decoder) => decoder.decode(input, self.source_is_over, out),
                Err(error) => Err(*error),
            };
            let progress = match done {
                Ok(progress) => progress,
                Err(error) => return Ok(Err(error)),
            };
            self.at += progress.read;
            self.ended = progress.status == Status::End;
            if progress.written > 0 || self.ended {
                return Ok(Ok(progress.written));
            }
            if progress.status == Status::NeedsInput {
                (self.at, self.len) = (0, 0);
                self.len = fill(&mut self.input)?;
                self.source_is_over = self.len == 0;
            }
        }
    }
}

impl fmt::Debug for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulled")
            .field("decoder", &self.decoder)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
