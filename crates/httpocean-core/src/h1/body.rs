//! Bodies taken out of their framing (RFC 9112 sections 6.3, 7.1 and 8).

use http::{HeaderMap, HeaderName, HeaderValue};

use super::chunk::{ChunkLine, Step};
use super::framing::Framing;
use super::line;
use crate::buf::RecvBuf;
use crate::error::ProtocolError;
use crate::limits::Limits;

/// Where in its body a response is.
///
/// ```text
///   Length ------------------------------------------> Done
///   UntilClose --------------- end of file ----------> Done
///   Size -> Chunk -> ChunkEnd -> Size ...
///     `-- size 0 -> Trailers --- empty line ---------> Done
/// ```
#[derive(Debug)]
pub(crate) struct BodyDecoder {
    state: State,
    /// Bytes of chunk extensions so far.
    extensions: usize,
    /// Allocated when the first trailer field comes.
    trailers: Option<Box<Trailers>>,
}

/// Data of one chunk or more, in front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gathered {
    /// So many bytes of data.
    pub(crate) data: usize,
    /// Where in the buffer goes on what was not looked at.
    pub(crate) behind: usize,
    /// How many bytes of the data are of the last chunk: what [`BodyDecoder::took`] is to be told.
    pub(crate) of_last: usize,
}

/// What is in front of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyStep {
    /// So many bytes of the body.
    Data(usize),
    /// Too little to tell: more bytes are needed.
    Blocked,
    /// Nothing that belongs to the body: it is whole.
    End,
}

#[derive(Debug)]
enum State {
    Length(u64),
    UntilClose,
    /// In a chunk-size line.
    Size(ChunkLine),
    /// So many bytes of a chunk to come.
    Chunk(u64),
    /// At the CRLF behind a chunk's data; `true` behind its CR.
    ChunkEnd(bool),
    Trailers {
        /// Bytes of the section that were consumed.
        consumed: usize,
        /// Where to go on looking for the end of the line in front.
        seen: usize,
    },
    Done,
    Failed(ProtocolError),
}

#[derive(Debug, Default)]
struct Trailers {
    map: HeaderMap,
    /// The last field, kept back because a folded line may follow.
    last: Option<(HeaderName, Vec<u8>)>,
    count: usize,
}

impl BodyDecoder {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) | Framing::Tunnel => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size(ChunkLine::default()),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, extensions: 0, trailers: None }
    }

    /// Consumes framing from `rx` as far as possible, then says what is in front. The caller consumes body bytes,
    /// and tells [`took`](Self::took). An error stays.
    pub(crate) fn next(&mut self, rx: &mut RecvBuf, limits: &Limits) -> Result<BodyStep, ProtocolError> {
        loop {
            match &self.state {
                State::Done => return Ok(BodyStep::End),
                State::Failed(error) => return Err(*error),
                State::Length(left) | State::Chunk(left) if !rx.bytes().is_empty() => {
                    return Ok(BodyStep::Data(available(rx, *left)));
                }
                State::UntilClose if !rx.bytes().is_empty() => return Ok(BodyStep::Data(rx.bytes().len())),
                State::Length(_)
                | State::Chunk(_)
                | State::UntilClose
                | State::Size(_)
                | State::ChunkEnd(_)
                | State::Trailers { .. } => {}
            }
            if !self.read_framing(rx, limits) {
                return Ok(BodyStep::Blocked);
            }
        }
    }

    /// Goes on where there is no data in front. Whether that led to another state.
    fn read_framing(&mut self, rx: &mut RecvBuf, limits: &Limits) -> bool {
        let progress = match &mut self.state {
            State::Size(line) => read_size(line, &mut self.extensions, rx, limits),
            State::ChunkEnd(after_cr) => read_chunk_end(*after_cr, rx),
            State::Trailers { consumed, seen } => {
                read_trailer(&mut self.trailers, (*consumed, *seen), rx, limits).map_err(within_the_body)
            }
            State::Length(_) | State::Chunk(_) | State::UntilClose => Ok(None),
            State::Done | State::Failed(_) => Ok(None),
        };
        let whole = rx.is_eof() && !rx.is_cut() && rx.failure().is_none();
        self.state = match progress {
            Ok(Some(state)) => state,
            Ok(None) if whole && matches!(self.state, State::UntilClose) => State::Done,
            Ok(None) if rx.ended() => State::Failed(self.truncated(rx)),
            Ok(None) => return false,
            Err(error) => State::Failed(error),
        };
        true
    }

    /// Moves the data of further chunks that are in `rx` in front, right behind the `n` bytes that [`next`](Self::next)
    /// found there, so that one step speaks of all of them. Chunks that are not plain to see stay where they are.
    pub(crate) fn gather(&mut self, n: usize, rx: &mut RecvBuf, limits: &Limits) -> Gathered {
        let mut gathered = Gathered { data: n, behind: n, of_last: n };
        while let State::Chunk(left) = &mut self.state {
            let bytes = rx.bytes_mut();
            if *left != gathered.of_last as u64 || !bytes[gathered.behind..].starts_with(b"\r\n") {
                break;
            }
            let line = gathered.behind + 2;
            let Some((size @ 1.., len)) = ChunkLine::at_once(&bytes[line..], limits.chunk_line) else {
                break;
            };
            let start = line + len;
            let there = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len() - start);
            if there == 0 {
                break;
            }
            bytes.copy_within(start..start + there, gathered.data);
            gathered = Gathered { data: gathered.data + there, behind: start + there, of_last: there };
            *left = size;
        }
        gathered
    }

    /// `n` bytes of the body were consumed, from the buffer or around it.
    pub(crate) fn took(&mut self, n: u64) {
        match &mut self.state {
            State::Length(left) if *left <= n => self.state = State::Done,
            State::Chunk(left) if *left <= n => self.state = State::ChunkEnd(false),
            State::Length(left) | State::Chunk(left) => *left -= n,
            State::UntilClose | State::Size(_) | State::ChunkEnd(_) | State::Trailers { .. } => {}
            State::Done | State::Failed(_) => {}
        }
    }

    /// Moves body bytes from `rx` to `out`, over as many chunks as fit. 0: nothing is there now, or ever again. An
    /// error behind bytes that were moved comes at the next call.
    pub(crate) fn read(
        &mut self,
        rx: &mut RecvBuf,
        out: &mut [u8],
        limits: &Limits,
    ) -> Result<usize, ProtocolError> {
        let mut filled = 0;
        loop {
            if filled > 0 && self.is_done() {
                return Ok(filled);
            }
            match self.next(rx, limits) {
                Ok(BodyStep::Data(there)) => {
                    let (behind, n) = self.copy(there, rx.bytes(), &mut out[filled..], limits.chunk_line);
                    rx.consume(behind);
                    filled += n;
                    if n == 0 {
                        return Ok(filled);
                    }
                }
                Err(error) if filled == 0 => return Err(error),
                Ok(BodyStep::Blocked | BodyStep::End) | Err(_) => return Ok(filled),
            }
        }
    }

    /// Copies `there` bytes of data in front of `bytes`, then those of the chunks behind, as long as all that is
    /// between them is plain. How many bytes were passed, and how many copied.
    fn copy(&mut self, there: usize, bytes: &[u8], out: &mut [u8], line_max: usize) -> (usize, usize) {
        let (mut at, mut filled, mut there) = (0, 0, there);
        loop {
            let n = there.min(out.len() - filled);
            out[filled..filled + n].copy_from_slice(&bytes[at..at + n]);
            (at, filled) = (at + n, filled + n);
            self.took(n as u64);
            let (State::ChunkEnd(false), [b'\r', b'\n', line @ ..]) = (&self.state, &bytes[at..]) else {
                return (at, filled);
            };
            let Some((size @ 1.., len)) = ChunkLine::at_once(line, line_max) else { return (at, filled) };
            at += 2 + len;
            there = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len() - at);
            self.state = State::Chunk(size);
        }
    }

    /// So many bytes on the wire from here on are body and nothing else.
    pub(crate) fn direct(&self) -> u64 {
        match &self.state {
            State::Length(left) | State::Chunk(left) => *left,
            State::UntilClose => u64::MAX,
            State::Size(_) | State::ChunkEnd(_) | State::Trailers { .. } => 0,
            State::Done | State::Failed(_) => 0,
        }
    }

    /// How much of the body is still to come, where `Content-Length` says it.
    pub(crate) fn left(&self) -> Option<u64> {
        match &self.state {
            State::Length(left) => Some(*left),
            State::Done => Some(0),
            State::UntilClose | State::Size(_) | State::Chunk(_) | State::ChunkEnd(_) => None,
            State::Trailers { .. } | State::Failed(_) => None,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The trailer fields, once the body is whole; kept apart from the header fields (RFC 9112 section 7.1.2), and
    /// without a say in the framing whatever their names are.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        if !self.is_done() {
            return None;
        }
        self.trailers.take().map(|trailers| trailers.map)
    }

    /// Incomplete (RFC 9112 section 8): the end came before what should have come.
    fn truncated(&self, rx: &RecvBuf) -> ProtocolError {
        ProtocolError::Truncated(match &self.state {
            State::Length(_) => "the connection ended before Content-Length bytes of body",
            State::Chunk(_) | State::ChunkEnd(_) => "the connection ended inside a chunk",
            State::Size(_) => "the connection ended before the last chunk",
            State::Trailers { .. } => "the connection ended inside the trailer section",
            State::UntilClose if rx.failure().is_some() => {
                "the connection broke, and only its orderly end would have ended the body"
            }
            State::UntilClose if rx.is_cut() => {
                "the connection ended without a goodbye, and only its orderly end would have ended the body"
            }
            State::UntilClose | State::Done | State::Failed(_) => "the connection ended",
        })
    }
}

/// The trailer section is the end of the chunked coding (RFC 9112 section 7.1): what is wrong there is wrong with the
/// body, not with the head.
fn within_the_body(error: ProtocolError) -> ProtocolError {
    if let ProtocolError::BadHeader(what) = error { ProtocolError::BadChunk(what) } else { error }
}

fn available(rx: &RecvBuf, left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(rx.bytes().len())
}

/// Consumes a chunk-size line, or what is there of it.
fn read_size(
    line: &mut ChunkLine,
    extensions: &mut usize,
    rx: &mut RecvBuf,
    limits: &Limits,
) -> Result<Option<State>, ProtocolError> {
    if let Some((size, len)) =
        line.is_new().then(|| ChunkLine::at_once(rx.bytes(), limits.chunk_line)).flatten()
    {
        rx.consume(len);
        return Ok(Some(after_size(size)));
    }
    let mut read = 0;
    let mut size = None;
    for &byte in rx.bytes() {
        read += 1;
        match line.step(byte, limits.chunk_line)? {
            Step::More => {}
            Step::Extension => {
                *extensions = extensions.saturating_add(1);
                if *extensions > limits.chunk_extensions {
                    return Err(ProtocolError::TooLarge("more chunk extensions than the limit"));
                }
            }
            Step::Size(of_chunk) => {
                size = Some(of_chunk);
                break;
            }
        }
    }
    rx.consume(read);
    Ok(size.map(after_size))
}

fn after_size(size: u64) -> State {
    match size {
        0 => State::Trailers { consumed: 0, seen: 0 },
        size => State::Chunk(size),
    }
}

/// Consumes CR, then LF, behind the data of a chunk.
fn read_chunk_end(after_cr: bool, rx: &mut RecvBuf) -> Result<Option<State>, ProtocolError> {
    let next = match (rx.bytes(), after_cr) {
        ([], _) => return Ok(None),
        ([b'\r', b'\n', ..], false) => {
            rx.consume(2);
            return Ok(Some(State::Size(ChunkLine::default())));
        }
        ([b'\r', ..], false) => State::ChunkEnd(true),
        ([b'\n', ..], true) => State::Size(ChunkLine::default()),
        _ => return Err(ProtocolError::BadChunk("no CRLF behind the data of a chunk")),
    };
    rx.consume(1);
    Ok(Some(next))
}

/// Consumes one line of the trailer section, when it is whole. `at` is how much of the section was consumed, and
/// where to go on looking for the end of the line.
fn read_trailer(
    trailers: &mut Option<Box<Trailers>>,
    at: (usize, usize),
    rx: &mut RecvBuf,
    limits: &Limits,
) -> Result<Option<State>, ProtocolError> {
    let (consumed, seen) = at;
    let bytes = rx.bytes();
    let end = bytes.get(seen..).unwrap_or_default().iter().position(|&byte| byte == b'\n');
    let len = end.map_or(bytes.len(), |end| seen + end + 1);
    // The empty line at the end is not meant by the limit.
    if consumed.saturating_add(len) > limits.trailer_bytes.saturating_add(2) {
        return Err(ProtocolError::TooLarge("a trailer section over the limit of bytes"));
    }
    if end.is_none() {
        return Ok((len > seen).then_some(State::Trailers { consumed, seen: len }));
    }
    let bare_lf = ProtocolError::BadHeader("a bare LF at the end of a trailer line");
    let line = line::content(&bytes[..len]).ok_or(bare_lf)?;
    let is_last = line.is_empty();
    if !is_last {
        trailers.get_or_insert_default().add(line, limits)?;
    } else if let Some(trailers) = trailers {
        trailers.settle()?;
    }
    rx.consume(len);
    let next = State::Trailers { consumed: consumed.saturating_add(len), seen: 0 };
    Ok(Some(if is_last { State::Done } else { next }))
}

impl Trailers {
    /// Takes a line without its CRLF. A folded one goes to the field before it, as in a head.
    fn add(&mut self, line: &[u8], limits: &Limits) -> Result<(), ProtocolError> {
        if line.first().is_some_and(|&byte| line::is_space(byte)) {
            return self.unfold(line);
        }
        self.settle()?;
        if self.count >= limits.headers.min(line::FIELDS_MAX) {
            return Err(ProtocolError::TooLarge("more trailer fields than the limit"));
        }
        self.count += 1;
        let (name, value) = line::field(line)?;
        let name = HeaderName::from_bytes(&line[name])
            .map_err(|_| ProtocolError::BadHeader("a trailer field that is not one"))?;
        self.last = Some((name, line[value].to_vec()));
        Ok(())
    }

    fn unfold(&mut self, line: &[u8]) -> Result<(), ProtocolError> {
        let more = line::value(line, 0)?;
        let Some((name, value)) = &mut self.last else {
            return Err(ProtocolError::BadHeader("white space before the first trailer field"));
        };
        if line::is_framing_field(name.as_str().as_bytes()) {
            return Err(ProtocolError::BadHeader("a folded line in a field that frames the message"));
        }
        if !value.is_empty() && !more.is_empty() {
            value.push(b' ');
        }
        value.extend_from_slice(&line[more]);
        Ok(())
    }

    /// Puts the last field to the others: nothing can be added to it any more.
    fn settle(&mut self) -> Result<(), ProtocolError> {
        let Some((name, value)) = self.last.take() else { return Ok(()) };
        let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(value))
            .map_err(|_| ProtocolError::BadHeader("a control byte in a field value"))?;
        self.map
            .try_append(name, value)
            .map_err(|_| ProtocolError::TooLarge("more trailer fields than the limit"))?;
        Ok(())
    }
}
