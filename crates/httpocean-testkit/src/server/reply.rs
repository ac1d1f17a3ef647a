//! What a handler returns: a response, and how it misbehaves.

use std::time::Duration;

use super::message::{Content, Message, Pace, head};
use super::request::Field;
use super::script::{Act, End};

/// A script for the answer to one request.
///
/// It is played in this order: interim responses; the request's body is read, unless the reply is
/// [`early`](Self::early); pauses; the response; further [acts](Self::act); the [`End`].
///
/// ```
/// use std::time::Duration;
/// use httpocean_testkit::server::{End, Reply};
///
/// let slow = Reply::ok("hello").pause(Duration::from_millis(50));
/// let too_large = Reply::status(413, "Content Too Large").early().close();
/// let hints = Reply::ok("page").interim(103, "Early Hints", [("Link", "</a.css>; rel=preload")]);
/// let cut = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Reset);
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) early: bool,
    pub(crate) before_body: Vec<Act>,
    pub(crate) before: Vec<Act>,
    pub(crate) message: Option<Message>,
    pub(crate) acts: Vec<Act>,
    pub(crate) end: End,
}

/// Where a reply comes from.
impl Reply {
    /// 200 with that content and its `Content-Length`.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, "OK").body(body)
    }

    /// A response without content: `Content-Length: 0`, or no length where the status allows none.
    pub fn status(status: u16, reason: &str) -> Self {
        let content = Content::Bytes(Vec::new());
        let message = Message { status, reason: reason.to_owned(), headers: Vec::new(), content, pace: None };
        Self { message: Some(message), ..Self::script([]) }
    }

    /// 200 with `len` bytes of content, made while they are sent; see [`pattern_byte`](crate::pattern_byte).
    pub fn generated(len: u64) -> Self {
        Self::status(200, "OK").with_message(|message| message.content = Content::Generated(len))
    }

    /// Exactly these bytes.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::script([Act::Send(bytes.into())])
    }

    /// These acts, one after the other.
    pub fn script(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            early: false,
            before_body: Vec::new(),
            before: Vec::new(),
            message: None,
            acts: acts.into_iter().collect(),
            end: End::KeepAlive,
        }
    }
}

/// The response. On a raw or scripted reply, which has none, these change nothing.
impl Reply {
    /// Adds a header field. `Content-Length` or `Transfer-Encoding` given here replaces what the content would
    /// have said.
    pub fn header(self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.with_message(|message| message.headers.push((name.to_owned(), value.into())))
    }

    /// The content, sent with its length. A HEAD request gets the length only.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with_message(|message| message.content = Content::Bytes(body.into()))
    }

    /// The content in chunked coding, one chunk for each piece that is not empty, and trailer fields.
    pub fn chunked<P, T, N, V>(self, pieces: P, trailers: T) -> Self
    where
        P: IntoIterator<Item: Into<Vec<u8>>>,
        T: IntoIterator<Item = (N, V)>,
        N: Into<String>,
        V: Into<Vec<u8>>,
    {
        let pieces = pieces.into_iter().map(Into::into).collect();
        let trailers = fields(trailers);
        self.with_message(|message| message.content = Content::Chunked { pieces, trailers })
    }

    /// The content without a length: it ends with the connection.
    pub fn until_close(self, body: impl Into<Vec<u8>>) -> Self {
        self.with_message(|message| message.content = Content::UntilClose(body.into())).then(End::Close)
    }

    /// `Connection: close`, and a lingering close.
    pub fn close(self) -> Self {
        self.header("Connection", "close").then(End::Close)
    }

    /// The response is written `piece` bytes at a time, with a pause between.
    pub fn in_pieces(self, piece: usize, pause: Duration) -> Self {
        self.with_message(|message| message.pace = Some(Pace { piece: piece.max(1), pause }))
    }
}

/// What happens around the response.
impl Reply {
    /// Answers right after the head. The body is read only by [`Act::ReadBody`] or by an [`End`] that reads.
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// Sends an interim (1xx) response before the body is read. `Expect: 100-continue` gets its answer only so.
    pub fn interim<N, V>(
        mut self,
        status: u16,
        reason: &str,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self
    where
        N: Into<String>,
        V: Into<Vec<u8>>,
    {
        let mut bytes = head(status, reason, &fields(headers));
        bytes.extend_from_slice(b"\r\n");
        self.before_body.append(&mut self.before);
        self.before_body.push(Act::Send(bytes));
        self
    }

    /// 100 (Continue) before the body is read.
    pub fn continues(self) -> Self {
        self.interim::<String, String>(100, "Continue", [])
    }

    /// Waits before the response, or before the interim response that is added next.
    pub fn pause(mut self, length: Duration) -> Self {
        self.before.push(Act::Pause(length));
        self
    }

    /// Adds an act after the response.
    pub fn act(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// What becomes of the connection afterwards. Without it: [`End::KeepAlive`].
    pub fn then(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    fn with_message(mut self, change: impl FnOnce(&mut Message)) -> Self {
        if let Some(message) = &mut self.message {
            change(message);
        }
        self
    }
}

fn fields<N: Into<String>, V: Into<Vec<u8>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Vec<Field> {
    pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
