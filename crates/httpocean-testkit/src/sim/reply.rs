//! What a server says to a request, with the truth about it: what a client may make of it.

use core::time::Duration;
use std::rc::Rc;

/// What comes over the wire from a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The end of the stream.
    Close,
    /// The connection breaks.
    Reset,
}

/// A response, and how it gets to the client. The default is an empty `200 OK`, at once, and the connection stays.
///
/// ```
/// use core::time::Duration;
/// use httpocean_testkit::sim::Reply;
///
/// let busy = Reply::status(503).field("retry-after", "3600");
/// let slow = Reply::ok("late").after(Duration::from_secs(9));
/// let rude = Reply::ok("half of it is missing").cut(60).close();
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) http10: bool,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Rc<[u8]>,
    pub(super) framing: Framing,
    pub(super) interims: u32,
    pub(super) raw: Option<(Vec<u8>, bool)>,
    pub(super) bad_chunk: bool,
    pub(super) delay: Duration,
    pub(super) early: bool,
    pub(super) cut: Option<usize>,
    pub(super) end: Option<Piece>,
    pub(super) surplus: Vec<u8>,
    pub(super) dribble: Option<(usize, Duration)>,
    pub(super) mute: bool,
    pub(super) write_error: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length,
    /// Chunks of so many bytes.
    Chunked(usize),
    UntilClose,
    /// No framing field at all: 204 and 304.
    None,
}

/// What is true of a reply: what a right client tells its user.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    /// Whether anything is known.
    pub(super) known: bool,
    /// Whether its head may reach a user.
    pub(super) valid: bool,
    pub(super) status: u16,
    pub(super) body: Rc<[u8]>,
    /// Bytes to its end.
    pub(super) end: u64,
    /// Whether all of it is sent.
    pub(super) whole: bool,
    pub(super) until_close: bool,
    /// Whether its fields let the connection be used again.
    pub(super) keep: bool,
    /// What its `Keep-Alive` says.
    pub(super) hint: Option<Duration>,
}

impl Reply {
    /// `200 OK` with this body, framed by its length.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200).body(body)
    }

    /// An empty response with this status.
    pub fn status(status: u16) -> Self {
        let framing = if matches!(status, 204 | 304) { Framing::None } else { Framing::Length };
        Self {
            status,
            http10: false,
            fields: Vec::new(),
            body: Rc::from([]),
            framing,
            interims: 0,
            raw: None,
            bad_chunk: false,
            delay: Duration::ZERO,
            early: false,
            cut: None,
            end: None,
            surplus: Vec::new(),
            dribble: None,
            mute: false,
            write_error: false,
        }
    }

    /// These bytes, whatever they are: nothing is known of them, so less is checked.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some((bytes.into(), false)), ..Self::status(200) }
    }

    /// These bytes, which are no response: no client may take them for one.
    pub fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some((bytes.into(), true)), ..Self::status(200) }
    }

    /// No answer, ever.
    pub fn never() -> Self {
        Self { mute: true, ..Self::status(200) }
    }

    /// With a field more. `Connection` and `Keep-Alive` are understood, framing fields are not to be given.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: Rc::from(body.as_ref()), ..self }
    }

    /// The body in chunks of so many bytes.
    #[must_use]
    pub fn chunked(self, size: usize) -> Self {
        Self { framing: Framing::Chunked(size.max(1)), ..self }
    }

    /// The body ends with the connection.
    #[must_use]
    pub fn until_close(self) -> Self {
        Self { framing: Framing::UntilClose, end: Some(Piece::Close), ..self }
    }

    /// As HTTP/1.0 says it.
    #[must_use]
    pub fn http10(self) -> Self {
        Self { http10: true, ..self }
    }

    /// With so many `103 Early Hints` before it.
    #[must_use]
    pub fn interims(self, count: u32) -> Self {
        Self { interims: count, ..self }
    }

    /// So long after the request; the default is at once.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// When the request's head is there, rather than all of it.
    #[must_use]
    pub fn early(self) -> Self {
        Self { early: true, ..self }
    }

    /// In pieces of `size` bytes, each `gap` after the one before.
    #[must_use]
    pub fn dribble(self, size: usize, gap: Duration) -> Self {
        Self { dribble: Some((size.max(1), gap)), ..self }
    }

    /// Only its first `bytes`.
    #[must_use]
    pub fn cut(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }

    /// Then the server closes.
    #[must_use]
    pub fn close(self) -> Self {
        Self { end: Some(Piece::Close), ..self }
    }

    /// Then the connection breaks.
    #[must_use]
    pub fn reset(self) -> Self {
        Self { end: Some(Piece::Reset), ..self }
    }

    /// Bytes follow it that belong to nothing.
    #[must_use]
    pub fn surplus(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { surplus: bytes.into(), ..self }
    }

    pub(super) fn has(&self, name: &str, word: &str) -> bool {
        self.fields.iter().any(|(n, value)| *n == name && value.to_ascii_lowercase().contains(word))
    }
}
