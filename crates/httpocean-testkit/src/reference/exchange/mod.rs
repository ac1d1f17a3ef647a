//! A response read from RFC 9112 alone: all bytes at once, one line after the other, slow and obviously right.
//!
//! Where the RFC leaves a choice, it is the strict one: a bare LF, white space around a field name, anything that two
//! readers could read in two ways is an error. What is tolerated: no reason phrase, HTTP/1.2 and its like as 1.1, a
//! folded line in a field that frames nothing.

mod body;
mod framing;
mod grammar;

use httpocean_core::Limits;

use framing::Delimited;

/// The protocol that a question with an `Upgrade` field offers.
pub const OFFERED: &str = "tea";

/// What was asked, as far as the reading of the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Whether it had an `Upgrade` field, of [`OFFERED`].
    pub upgrade: bool,
}

/// What comes behind the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing: the connection stays open, and silent.
    Open,
    /// The orderly end of the stream.
    Fin,
    /// The connection breaks.
    Reset,
}

/// One head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// From 100 to 999.
    pub status: u16,
    /// HTTP/1.0, or else 1.1.
    pub http10: bool,
    /// Maybe empty.
    pub reason: Vec<u8>,
    /// In their order: the names as they were sent, the values without white space around them.
    pub fields: Vec<Field>,
}

/// Name and value.
pub type Field = (String, Vec<u8>);

/// All that can be read of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Interim responses.
    pub interim: Vec<Head>,
    /// The final one; that of a 101 that was asked for, too.
    pub head: Option<Head>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// The names in lower case.
    pub trailers: Vec<Field>,
    /// How it ends.
    pub end: End,
}

/// How an answer ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It does not: more bytes are needed.
    #[default]
    Open,
    /// It is whole.
    Whole {
        /// Whether another request may be sent on its connection: it is at a clean boundary, and still there.
        reuse: bool,
    },
    /// What follows belongs to another protocol.
    Tunnel(Vec<u8>),
    /// It is no response, or was cut off: the class of the error.
    Wrong(&'static str),
}

/// The class of what is wrong, in the words of [`ProtocolError::class`](httpocean_core::ProtocolError::class).
type Class = &'static str;

const TRUNCATED: Class = "truncated";
const TOO_LARGE: Class = "too-large";

/// Reads what a server sent.
pub fn read(question: Question<'_>, bytes: &[u8], ending: Ending, limits: &Limits) -> Answer {
    let mut answer = Answer::default();
    answer.end = match read_into(&mut answer, question, bytes, ending, limits) {
        Ok(end) => end,
        // An error where the bytes stop is no error yet if more may come.
        Err(TRUNCATED) if ending == Ending::Open => End::Open,
        Err(class) => End::Wrong(class),
    };
    answer
}

fn read_into(
    answer: &mut Answer,
    question: Question<'_>,
    bytes: &[u8],
    ending: Ending,
    limits: &Limits,
) -> Result<End, Class> {
    let mut rest = bytes;
    let head = loop {
        let (head, behind) = read_head(rest, limits)?;
        rest = behind;
        if head.status >= 200 || head.status == 101 {
            break head;
        }
        if answer.interim.len() == limits.interim as usize {
            return Err(TOO_LARGE);
        }
        answer.interim.push(head);
    };
    let delimited = framing::delimited(question, &head)?;
    let persistent = framing::persistent(&head, delimited);
    answer.head = Some(head);
    match delimited {
        Delimited::Tunnel => return Ok(End::Tunnel(rest.to_vec())),
        Delimited::Nothing => {}
        Delimited::Length(length) => {
            let here = rest.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            answer.body = rest[..here].to_vec();
            rest = &rest[here..];
            if (here as u64) < length {
                return Err(TRUNCATED);
            }
        }
        Delimited::Chunked => rest = body::read_chunks(rest, answer, limits)?,
        Delimited::Close => {
            answer.body = rest.to_vec();
            rest = &[];
            if ending != Ending::Fin {
                return Err(TRUNCATED);
            }
        }
    }
    Ok(End::Whole { reuse: persistent && rest.is_empty() && ending == Ending::Open })
}

/// A head and what is behind it.
fn read_head<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Head, &'a [u8]), Class> {
    let (line, mut rest) = grammar::line(bytes, bytes.len(), limits.head_bytes, "bad-status-line")?;
    let mut head = grammar::status_line(line)?;
    let mut section = grammar::Section::default();
    loop {
        let (line, behind) = grammar::line(rest, bytes.len(), limits.head_bytes, "bad-header")?;
        rest = behind;
        if line.is_empty() {
            break;
        }
        section.add(line, limits.headers)?;
    }
    head.fields = section.fields;
    Ok((head, rest))
}
