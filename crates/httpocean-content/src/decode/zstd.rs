//! zstd, by ruzstd, which wants whole blocks: they are gathered here, and no more than one is decoded before what came
//! of those before was taken.

use std::io::Read as _;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Codec, DecodeError, Step};
use crate::coding::Coding;

const CORRUPT: DecodeError = DecodeError::Corrupt(Coding::Zstd);

/// Bytes in which it can be seen how long a frame's header is: the magic number and a descriptor.
const DESCRIBED: usize = 5;
const BLOCK_HEADER: usize = 3;
/// Of a block, and of what it means.
const LARGEST_BLOCK: usize = 128 * 1024;
const MAGIC: u32 = 0xFD2F_B528;
/// The magic numbers of frames that mean nothing.
const SKIPPABLE: core::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;

pub(super) struct Zstd {
    frames: FrameDecoder,
    state: State,
    /// The unit of the format that is being gathered.
    unit: Vec<u8>,
    /// What came of this frame.
    made: u64,
    /// Whether this frame has a checksum at its end.
    checksum: bool,
    /// There was a frame already.
    begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between frames.
    Between,
    FrameHeader {
        len: usize,
    },
    /// So much of a frame that means nothing is left.
    Skip(u32),
    BlockHeader,
    Block {
        len: usize,
        last: bool,
    },
    /// All of a frame was decoded, and some may have to be handed out.
    Closing,
}

impl Zstd {
    pub(super) fn new(window: u64) -> Self {
        let mut frames = FrameDecoder::new();
        frames.set_max_window_size(window);
        Self { frames, state: State::Between, unit: Vec::new(), made: 0, checksum: false, begun: false }
    }

    /// How long the unit is that is being gathered.
    fn wanted(&self) -> usize {
        match self.state {
            State::Between => DESCRIBED,
            State::FrameHeader { len } | State::Block { len, .. } => len,
            State::BlockHeader => BLOCK_HEADER,
            State::Skip(_) | State::Closing => 0,
        }
    }

    /// How much of `input` it takes.
    fn gather(&mut self, input: &[u8]) -> usize {
        if let State::Skip(left) = &mut self.state {
            let n = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            // Not more than was left.
            *left -= n as u32;
            return n;
        }
        let n = input.len().min(self.wanted().saturating_sub(self.unit.len()));
        self.unit.extend_from_slice(&input[..n]);
        n
    }

    fn is_gathered(&self) -> bool {
        match self.state {
            State::Skip(left) => left == 0,
            State::Between
            | State::FrameHeader { .. }
            | State::BlockHeader
            | State::Block { .. }
            | State::Closing => self.unit.len() >= self.wanted(),
        }
    }

    /// Nothing comes any more.
    fn may_end(&self) -> Result<(), DecodeError> {
        match self.state {
            State::Between if self.unit.is_empty() => Ok(()),
            State::Between if !is_frame(&self.unit) => Err(self.no_frame()),
            State::Between
            | State::FrameHeader { .. }
            | State::Skip(_)
            | State::BlockHeader
            | State::Block { .. }
            | State::Closing => Err(DecodeError::Truncated(Coding::Zstd)),
        }
    }

    fn no_frame(&self) -> DecodeError {
        if self.begun { DecodeError::Trailing(Coding::Zstd) } else { CORRUPT }
    }

    /// The unit is there.
    fn act(&mut self) -> Result<(), DecodeError> {
        match self.state {
            State::Between if !is_frame(&self.unit) => return Err(self.no_frame()),
            State::Between => self.state = self.opened(),
            State::FrameHeader { len } if is_skippable(&self.unit) => {
                let size = self.unit[len - 4..].try_into().map_err(|_| CORRUPT)?;
                self.state = State::Skip(u32::from_le_bytes(size));
                self.begun = true;
                self.unit.clear();
            }
            State::FrameHeader { .. } => {
                self.checksum = self.unit[DESCRIBED - 1] & 4 != 0;
                self.frames.reset(&self.unit[..]).map_err(|error| refused(&error))?;
                self.made = 0;
                self.begun = true;
                self.begin_block();
            }
            State::BlockHeader => self.state = self.block()?,
            State::Block { last, .. } => {
                let done = self.frames.decode_blocks(&self.unit[..], BlockDecodingStrategy::UptoBlocks(1));
                if done.map_err(|_| CORRUPT)? != last {
                    return Err(CORRUPT);
                }
                self.begin_block();
                if last {
                    self.state = State::Closing;
                }
            }
            State::Skip(_) | State::Closing => self.state = State::Between,
        }
        Ok(())
    }

    fn begin_block(&mut self) {
        self.state = State::BlockHeader;
        self.unit.clear();
    }

    /// By its descriptor: flags say which fields the header has.
    fn opened(&self) -> State {
        if is_skippable(&self.unit) {
            return State::FrameHeader { len: 8 };
        }
        let flags = self.unit[DESCRIBED - 1];
        let single_segment = flags & 0x20 != 0;
        let window = usize::from(!single_segment);
        let dictionary = [0, 1, 2, 4][usize::from(flags & 3)];
        let content_size = match flags >> 6 {
            0 => usize::from(single_segment),
            size => 1 << size,
        };
        State::FrameHeader { len: DESCRIBED + window + dictionary + content_size }
    }

    fn block(&self) -> Result<State, DecodeError> {
        let header = u32::from_le_bytes([self.unit[0], self.unit[1], self.unit[2], 0]);
        let (last, kind, size) = (header & 1 == 1, (header >> 1) & 3, (header >> 3) as usize);
        if size > LARGEST_BLOCK {
            return Err(CORRUPT);
        }
        let content = match kind {
            0 | 2 => size,
            1 => 1,
            _ => return Err(CORRUPT),
        };
        let checksum = if last && self.checksum { 4 } else { 0 };
        Ok(State::Block { len: BLOCK_HEADER + content + checksum, last })
    }

    /// All of a frame was handed out.
    fn close_frame(&mut self) -> Result<(), DecodeError> {
        let announced = self.frames.content_size();
        if announced != 0 && announced != self.made {
            return Err(CORRUPT);
        }
        let told = self.frames.get_checksum_from_data();
        if told.is_some() && told != self.frames.get_calculated_checksum() {
            return Err(CORRUPT);
        }
        self.state = State::Between;
        Ok(())
    }
}

impl Codec for Zstd {
    fn step(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Step, DecodeError> {
        let mut step = Step::default();
        loop {
            if self.frames.can_collect() > 0 {
                if step.wrote == out.len() {
                    return Ok(step);
                }
                let n = self.frames.read(&mut out[step.wrote..]).map_err(|_| CORRUPT)?;
                (step.wrote, self.made) = (step.wrote + n, self.made + n as u64);
                continue;
            }
            if self.state == State::Closing {
                self.close_frame()?;
            }
            step.read += self.gather(&input[step.read..]);
            if self.is_gathered() {
                self.act()?;
            } else if last && step.wrote == 0 {
                step.over = true;
                return self.may_end().map(|()| step);
            } else {
                return Ok(step);
            }
        }
    }
}

fn refused(error: &FrameDecoderError) -> DecodeError {
    if matches!(error, FrameDecoderError::WindowSizeTooBig { .. }) { DecodeError::Window } else { CORRUPT }
}

fn is_skippable(unit: &[u8]) -> bool {
    unit.first_chunk().is_some_and(|magic| SKIPPABLE.contains(&u32::from_le_bytes(*magic)))
}

/// Whether this begins as a frame does, of either kind, as far as it goes.
fn is_frame(unit: &[u8]) -> bool {
    let begins = |magic: u32| unit.iter().zip(magic.to_le_bytes()).all(|(a, b)| *a == b);
    begins(MAGIC) || SKIPPABLE.into_iter().any(begins)
}
