//! Codings undone, piece by piece, within bounds.

mod bound;
mod error;
mod pull;

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(any(feature = "gzip", feature = "deflate"))]
mod flate;
#[cfg(feature = "zstd")]
mod zstd;

use std::fmt;

pub use bound::Limits;
pub use error::DecodeError;
pub use pull::Pulled;

use crate::coding::{Coding, Codings};

/// Bytes between two codings.
const LINK: usize = 16 * 1024;
/// How often bytes are passed on in one call.
const PASSES: usize = 4;

/// Undoes the codings of one message.
///
/// It is given what came and is asked for what that means, as much as there is room for: [`decode`](Self::decode) takes
/// from the front of its input and writes to the front of its output. One call does bounded work, however little it
/// was given. All codings obey the same [`Limits`], wherever in a chain they stand, and an error stays one.
///
/// Content that ends too early is an error, and so is what stands behind its end, as in curl. No bytes at all are the
/// coding of no bytes at all.
pub struct Decoder {
    /// From the wire to the content.
    stages: Vec<Stage>,
    /// Between each two of them.
    links: Vec<Link>,
    fed: u64,
    limits: Limits,
    failed: Option<DecodeError>,
}

struct Stage {
    codec: Box<dyn Codec>,
    made: u64,
    over: bool,
}

/// What one stage said and the next one has not taken, from `start` to `end`.
struct Link {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
}

/// One coding.
trait Codec: Send {
    /// Undoes as much as there is input and room for. `last`: nothing comes after `input`. A step that neither reads
    /// nor writes wants more of what it has none left of.
    fn step(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Step, DecodeError>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    read: usize,
    wrote: usize,
    /// The end of the content was reached, and that of the input: it says no more.
    over: bool,
}

/// What a call of [`Decoder::decode`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were taken from the front of the input.
    pub read: usize,
    /// Bytes that were written to the front of the output.
    pub written: usize,
    /// What comes next.
    pub status: Status,
}

/// What a [`Decoder`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// To be called again, with what is left of the input and some room.
    More,
    /// All input was taken: some more, or the word that it was the last.
    NeedsInput,
    /// This was all.
    End,
}

impl Decoder {
    /// For content that these codings were applied to. What is plain or opaque comes out as it goes in.
    pub fn new(codings: &Codings, limits: &Limits) -> Self {
        let mut codecs: Vec<_> = codings.to_undo().filter_map(|coding| codec(coding, limits)).collect();
        if codecs.is_empty() {
            codecs.push(Box::new(Plain));
        }
        Self {
            links: (1..codecs.len()).map(|_| Link::default()).collect(),
            stages: codecs.into_iter().map(|codec| Stage { codec, made: 0, over: false }).collect(),
            fed: 0,
            limits: *limits,
            failed: None,
        }
    }

    /// Takes from `input`, whose end is the end of the message if `last`, and writes to `out`, which should have room.
    ///
    /// # Errors
    /// When the content is not in its codings, or goes beyond a limit; then always the same.
    pub fn decode(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Progress, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let done = self.passes(input, last, out);
        self.failed = done.err();
        done
    }

    fn passes(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Progress, DecodeError> {
        let (mut read, mut written) = (0, 0);
        for _ in 0..PASSES {
            let moved = self.pass(&input[read..], last, &mut out[written..])?;
            (read, written) = (read + moved.read, written + moved.wrote);
            if moved.over {
                return Ok(Progress { read, written, status: Status::End });
            }
            if written == out.len() {
                break;
            }
            if moved.still {
                return Ok(Progress { read, written, status: Status::NeedsInput });
            }
        }
        Ok(Progress { read, written, status: Status::More })
    }

    /// Each stage once, from the wire to the content.
    fn pass(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Pass, DecodeError> {
        let count = self.stages.len();
        let mut pass = Pass { read: 0, wrote: 0, over: false, still: true };
        let mut source_over = last;
        for (at, stage) in self.stages.iter_mut().enumerate() {
            let (before, after) = self.links.split_at_mut(at);
            let room = if at + 1 == count { &mut *out } else { after[0].room() };
            if !stage.over && !room.is_empty() {
                let source = before.last().map_or(input, Link::pending);
                let step = stage.codec.step(source, source_over, room)?;
                match before.last_mut() {
                    Some(link) => link.start += step.read,
                    None => {
                        pass.read = step.read;
                        self.fed += step.read as u64;
                    }
                }
                match after.first_mut() {
                    Some(link) => link.end += step.wrote,
                    None => pass.wrote = step.wrote,
                }
                stage.made += step.wrote as u64;
                stage.over = step.over;
                pass.still &= step == Step::default();
                self.limits.allow(self.fed, stage.made)?;
            }
            source_over = stage.over;
        }
        pass.over = source_over;
        Ok(pass)
    }
}

struct Pass {
    read: usize,
    wrote: usize,
    /// The last stage said its last.
    over: bool,
    /// No stage did anything.
    still: bool,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.stages.last().map_or(0, |stage| stage.made);
        f.debug_struct("Decoder")
            .field("codings", &self.stages.len())
            .field("read", &self.fed)
            .field("written", &made)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Link {
    fn pending(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Room behind what is pending; none before all of that was taken, unless it can be moved to the front for little.
    fn room(&mut self) -> &mut [u8] {
        if self.start > 0 && (self.end - self.start) * 2 <= self.buf.len() {
            self.buf.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buf[self.end..]
    }
}

impl Default for Link {
    fn default() -> Self {
        Self { buf: vec![0; LINK].into(), start: 0, end: 0 }
    }
}

/// The coding that is none.
struct Plain;

impl Codec for Plain {
    fn step(&mut self, input: &[u8], last: bool, out: &mut [u8]) -> Result<Step, DecodeError> {
        let n = input.len().min(out.len());
        out[..n].copy_from_slice(&input[..n]);
        Ok(Step { read: n, wrote: n, over: last && n == input.len() })
    }
}

/// None where it is not built in.
#[cfg_attr(
    not(feature = "zstd"),
    expect(unused_variables, reason = "the other codings ask for little memory")
)]
fn codec(coding: Coding, limits: &Limits) -> Option<Box<dyn Codec>> {
    match coding {
        #[cfg(feature = "gzip")]
        Coding::Gzip => Some(Box::new(flate::Flate::gzip())),
        #[cfg(feature = "deflate")]
        Coding::Deflate => Some(Box::new(flate::Flate::deflate())),
        #[cfg(feature = "brotli")]
        Coding::Brotli => Some(Box::new(brotli::Brotli::new())),
        #[cfg(feature = "zstd")]
        Coding::Zstd => Some(Box::new(zstd::Zstd::new(limits.zstd_window))),
        #[cfg(not(feature = "gzip"))]
        Coding::Gzip => None,
        #[cfg(not(feature = "deflate"))]
        Coding::Deflate => None,
        #[cfg(not(feature = "brotli"))]
        Coding::Brotli => None,
        #[cfg(not(feature = "zstd"))]
        Coding::Zstd => None,
    }
}

/// All of a content that is there in full and means at most `most` bytes.
///
/// # Errors
/// As [`Decoder::decode`], and [`DecodeError::TooLong`] when it means more.
pub fn decode_to_vec(
    codings: &Codings,
    content: &[u8],
    limits: &Limits,
    most: usize,
) -> Result<Vec<u8>, DecodeError> {
    let limits = Limits { bytes: limits.bytes.min(most as u64), ..*limits };
    let mut decoder = Decoder::new(codings, &limits);
    let (mut all, mut at, mut len) = (Vec::new(), 0, 0);
    loop {
        all.resize(len + LINK, 0);
        let progress = decoder.decode(&content[at..], true, &mut all[len..])?;
        (at, len) = (at + progress.read, len + progress.written);
        if progress.status == Status::End {
            all.truncate(len);
            return Ok(all);
        }
    }
}
