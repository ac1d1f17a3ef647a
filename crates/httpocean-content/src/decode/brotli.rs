//! br, by brotli-decompressor.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Codec, DecodeError, Step};
use crate::coding::Coding;

pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    begun: bool,
    ended: bool,
}

impl Brotli {
    /// Of windows up to 16 MiB: larger ones are no part of the coding.
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self {
            state: Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())),
            begun: false,
            ended: false,
        }
    }
}

impl Codec for Brotli {
    fn step(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Step, DecodeError> {
        if self.ended || (!self.begun && input.is_empty()) {
            return match input {
                [] => Ok(Step { over: last, ..Step::default() }),
                _ => Err(DecodeError::Trailing(Coding::Brotli)),
            };
        }
        self.begun = true;
        let (mut left, mut room, mut total) = (input.len(), out.len(), 0);
        let mut step = Step::default();
        let result = BrotliDecompressStream(
            &mut left,
            &mut step.read,
            input,
            &mut room,
            &mut step.wrote,
            out,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultSuccess => {
                self.ended = true;
                match left {
                    0 => step.over = last,
                    _ => return Err(DecodeError::Trailing(Coding::Brotli)),
                }
            }
            BrotliResult::NeedsMoreInput if last && left == 0 && step.wrote == 0 => {
                return Err(DecodeError::Truncated(Coding::Brotli));
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(DecodeError::Corrupt(Coding::Brotli)),
        }
        Ok(step)
    }
}
