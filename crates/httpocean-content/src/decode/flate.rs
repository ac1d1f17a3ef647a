//! gzip and deflate, by flate2.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Codec, DecodeError, Step};
use crate::coding::Coding;

/// The first byte of each member of gzip.
#[cfg(feature = "gzip")]
const MAGIC: u8 = 0x1f;

pub(super) struct Flate {
    coding: Coding,
    state: State,
}

enum State {
    /// Before the first byte.
    Start,
    /// Of deflate: one byte does not tell whether zlib's format is around it.
    #[cfg(feature = "deflate")]
    Second(u8),
    Within(Decompress),
    /// Behind an end.
    Between,
}

impl Flate {
    #[cfg(feature = "gzip")]
    pub(super) fn gzip() -> Self {
        Self { coding: Coding::Gzip, state: State::Start }
    }

    #[cfg(feature = "deflate")]
    pub(super) fn deflate() -> Self {
        Self { coding: Coding::Deflate, state: State::Start }
    }

    /// `input`, which is not empty, begins a member, or has no place there. How many bytes of it were taken.
    fn begin(&mut self, input: &[u8]) -> Result<usize, DecodeError> {
        #[cfg(feature = "gzip")]
        if self.coding == Coding::Gzip {
            if input[0] != MAGIC {
                let behind = matches!(self.state, State::Between);
                return Err(if behind { DecodeError::Trailing } else { DecodeError::Corrupt }(self.coding));
            }
            self.state = State::Within(Decompress::new_gzip(15));
            return Ok(0);
        }
        #[cfg(feature = "deflate")]
        {
            let (first, second) = match (&self.state, input) {
                (State::Between, _) => return Err(DecodeError::Trailing(self.coding)),
                (State::Second(first), [second, ..]) => (*first, *second),
                (_, [first, second, ..]) => (*first, *second),
                (_, _) => {
                    self.state = State::Second(input[0]);
                    return Ok(1);
                }
            };
            let mut inflate = Decompress::new(is_zlib(first, second));
            if matches!(self.state, State::Second(_)) {
                // Nothing can come of one byte.
                let done = inflate.decompress(&[first], &mut [0], FlushDecompress::None);
                if done.is_err() || inflate.total_in() != 1 {
                    return Err(DecodeError::Corrupt(self.coding));
                }
            }
            self.state = State::Within(inflate);
        }
        Ok(0)
    }

    /// Whether there is more to do with the same input and room.
    fn inflate(
        &mut self,
        input: &[u8],
        last: bool,
        out: &mut [u8],
        step: &mut Step,
    ) -> Result<bool, DecodeError> {
        let State::Within(inflate) = &mut self.state else { return Ok(true) };
        let before = (inflate.total_in(), inflate.total_out());
        let done = inflate.decompress(input, out, FlushDecompress::None);
        let (read, wrote) = (inflate.total_in() - before.0, inflate.total_out() - before.1);
        // Neither is more than the slice that it is a part of.
        (step.read, step.wrote) = (step.read + read as usize, step.wrote + wrote as usize);
        match done {
            Err(_) => Err(DecodeError::Corrupt(self.coding)),
            Ok(Status::StreamEnd) => {
                self.state = State::Between;
                Ok(true)
            }
            Ok(Status::Ok | Status::BufError) if read == 0 && wrote == 0 => {
                if last && input.is_empty() {
                    return Err(DecodeError::Truncated(self.coding));
                }
                Ok(false)
            }
            Ok(Status::Ok | Status::BufError) => Ok((wrote as usize) < out.len()),
        }
    }
}

impl Codec for Flate {
    fn step(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Step, DecodeError> {
        let mut step = Step::default();
        loop {
            let rest = &input[step.read..];
            match self.state {
                State::Within(_) => {
                    let wrote = step.wrote;
                    if wrote == out.len() || !self.inflate(rest, last, &mut out[wrote..], &mut step)? {
                        return Ok(step);
                    }
                }
                #[cfg(feature = "deflate")]
                State::Second(_) if rest.is_empty() && last => {
                    return Err(DecodeError::Truncated(self.coding));
                }
                #[cfg(feature = "deflate")]
                State::Second(_) if rest.is_empty() => return Ok(step),
                State::Start | State::Between if rest.is_empty() => {
                    step.over = last;
                    return Ok(step);
                }
                _ => step.read += self.begin(rest)?,
            }
        }
    }
}

/// Whether these two bytes begin zlib's format. Raw deflate that begins so begins with a stored block whose padding is
/// not zero, and nobody makes such.
#[cfg(feature = "deflate")]
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]) % 31 == 0
}
