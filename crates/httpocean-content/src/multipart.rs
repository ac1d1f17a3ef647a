//! `multipart/form-data`, as browsers send it: names and files between boundaries.
//!
//! What a part's content is made of is the business of whoever sends it: `S` is a file that is opened, or bytes, or
//! anything else whose length may be known. A form is turned into [`Segment`]s, which are sent one after the other.
//!
//! ```
//! use httpocean_content::multipart::{Form, Part, Segment};
//!
//! let file = Part::new("a file of mine", Some(14)).file_name("cv.pdf");
//! let form = Form::with_boundary("BOUNDARY")?.text("name", "Ann").part("file", file);
//! assert_eq!(form.content_type(), "multipart/form-data; boundary=BOUNDARY");
//!
//! let mut sent = Vec::new();
//! let length = form.len();
//! for segment in form.into_segments() {
//!     match segment {
//!         Segment::Bytes(bytes) => sent.extend_from_slice(&bytes),
//!         Segment::Content(content) => sent.extend_from_slice(content.as_bytes()),
//!     }
//! }
//! assert_eq!(length, Some(sent.len() as u64));
//! assert_eq!(
//!     String::from_utf8_lossy(&sent).replace("\r\n", "\n"),
//!     r#"--BOUNDARY
//! Content-Disposition: form-data; name="name"
//!
//! Ann
//! --BOUNDARY
//! Content-Disposition: form-data; name="file"; filename="cv.pdf"
//! Content-Type: application/pdf
//!
//! a file of mine
//! --BOUNDARY--
//! "#,
//! );
//! # Ok::<(), httpocean_content::multipart::Unfit>(())
//! ```

use core::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A form with parts.
#[derive(Debug)]
pub struct Form<S> {
    boundary: String,
    parts: Vec<(String, Part<S>)>,
}

/// A part of a form: its content, and what is said about it.
#[derive(Debug)]
pub struct Part<S> {
    content: Content<S>,
    file_name: Option<String>,
    /// None: what the name of the file says.
    content_type: Option<HeaderValue>,
    headers: HeaderMap,
}

#[derive(Debug)]
enum Content<S> {
    Bytes(Bytes),
    Other { source: S, len: Option<u64> },
}

/// A piece of a form on its way.
#[derive(Debug, PartialEq, Eq)]
pub enum Segment<S> {
    /// These bytes.
    Bytes(Bytes),
    /// The content of a part.
    Content(S),
}

/// Something that can't stand in a form; the sentence says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(&'static str);

impl<S> Form<S> {
    /// A form whose boundary is made from `seed`. Whoever can choose what is in a part must not guess it: it has to be
    /// random, and another one for each form.
    pub fn new(seed: u128) -> Self {
        Self { boundary: format!("httpocean-{seed:032x}"), parts: Vec::new() }
    }

    /// A form with this boundary, which must not come up in a part.
    ///
    /// # Errors
    /// When it is empty, longer than 70 bytes, or has other bytes than letters, digits and `'+-_.`, which need no
    /// quotes.
    pub fn with_boundary(boundary: impl Into<String>) -> Result<Self, Unfit> {
        let boundary = boundary.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'+-_.".contains(&byte);
        if boundary.is_empty() || boundary.len() > 70 || !boundary.bytes().all(plain) {
            return Err(Unfit("a boundary has 1 to 70 letters, digits and '+-_."));
        }
        Ok(Self { boundary, parts: Vec::new() })
    }

    /// One more part, of text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.part(name, Part::bytes(text.into()))
    }

    /// One more part.
    #[must_use]
    pub fn part(mut self, name: impl Into<String>, part: Part<S>) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// The value for `Content-Type`.
    pub fn content_type(&self) -> HeaderValue {
        let text = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::try_from(text).expect("a boundary was looked at, or made here")
    }

    /// How many bytes it has in all, if that is known of each part.
    pub fn len(&self) -> Option<u64> {
        let parts = self.parts.iter().map(|(name, part)| {
            let around = self.head(name, part).len() + CRLF.len();
            Some(around as u64 + part.len()?)
        });
        let end = self.boundary.len() + 2 * DASHES.len() + CRLF.len();
        parts.sum::<Option<u64>>().map(|parts| parts + end as u64)
    }

    /// Whether it has no parts.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What is sent, piece by piece.
    pub fn into_segments(mut self) -> impl Iterator<Item = Segment<S>> {
        let mut segments = Vec::new();
        let mut before = Vec::new();
        for (name, part) in core::mem::take(&mut self.parts) {
            before.extend_from_slice(&self.head(&name, &part));
            match part.content {
                // Small ones cost less in one piece with what is around them.
                Content::Bytes(bytes) if bytes.len() < 1024 => before.extend_from_slice(&bytes),
                content @ (Content::Bytes(_) | Content::Other { .. }) => {
                    segments.push(Segment::Bytes(core::mem::take(&mut before).into()));
                    segments.push(match content {
                        Content::Bytes(bytes) => Segment::Bytes(bytes),
                        Content::Other { source, .. } => Segment::Content(source),
                    });
                }
            }
            before.extend_from_slice(CRLF);
        }
        before.extend_from_slice(&[DASHES, self.boundary.as_bytes(), DASHES, CRLF].concat());
        segments.push(Segment::Bytes(before.into()));
        segments.into_iter()
    }

    /// What stands before the content of a part.
    fn head(&self, name: &str, part: &Part<S>) -> Vec<u8> {
        let mut head = [DASHES, self.boundary.as_bytes(), CRLF].concat();
        head.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        head.extend_from_slice(escape(&with_whole_line_ends(name)).as_bytes());
        head.push(b'"');
        if let Some(file_name) = &part.file_name {
            head.extend_from_slice(b"; filename=\"");
            head.extend_from_slice(escape(file_name).as_bytes());
            head.push(b'"');
        }
        head.extend_from_slice(CRLF);
        let guessed = part.file_name.as_deref().map(|name| HeaderValue::from_static(type_of(name)));
        if let Some(content_type) = part.content_type.as_ref().or(guessed.as_ref()) {
            push_field(&mut head, b"Content-Type", content_type);
        }
        for (name, value) in &part.headers {
            push_field(&mut head, name.as_str().as_bytes(), value);
        }
        head.extend_from_slice(CRLF);
        head
    }
}

impl<S> Part<S> {
    /// Of content that is so long, or whose length is not known.
    pub fn new(source: S, len: Option<u64>) -> Self {
        Self::of(Content::Other { source, len })
    }

    /// Of bytes. They are sent as they are; ends of lines, too.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of(Content::Bytes(bytes.into()))
    }

    /// A file is told from a field by its having a name. By the name the type of the content is guessed, unless
    /// [`content_type`](Self::content_type) says it.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Its `Content-Type`.
    ///
    /// # Errors
    /// When it holds what no field's value may hold, such as the end of a line.
    pub fn content_type(mut self, value: &str) -> Result<Self, Unfit> {
        let value = HeaderValue::try_from(value)
            .map_err(|_| Unfit("a part's type has a byte that no value may have"))?;
        self.content_type = Some(value);
        Ok(self)
    }

    /// One more field of the part.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    fn of(content: Content<S>) -> Self {
        Self { content, file_name: None, content_type: None, headers: HeaderMap::new() }
    }

    fn len(&self) -> Option<u64> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Other { len, .. } => *len,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Unfit {
    /// The sentence.
    pub const fn what(&self) -> &'static str {
        self.0
    }
}

impl std::error::Error for Unfit {}

const DASHES: &[u8] = b"--";
const CRLF: &[u8] = b"\r\n";

fn push_field(head: &mut Vec<u8>, name: &[u8], value: &HeaderValue) {
    head.extend_from_slice(&[name, b": ", value.as_bytes(), CRLF].concat());
}

/// What would end a quoted name or a line, as the WHATWG has it; all else is UTF-8 as it is.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// Of names, not of those of files: a CR or an LF alone becomes a CRLF.
fn with_whole_line_ends(name: &str) -> String {
    name.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

/// By the end of a file's name. What is not here is a sequence of bytes.
fn type_of(file_name: &str) -> &'static str {
    const TYPES: [(&str, &str); 30] = [
        ("avif", "image/avif"),
        ("bmp", "image/bmp"),
        ("css", "text/css"),
        ("csv", "text/csv"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("gif", "image/gif"),
        ("gz", "application/gzip"),
        ("htm", "text/html"),
        ("html", "text/html"),
        ("ico", "image/vnd.microsoft.icon"),
        ("jpeg", "image/jpeg"),
        ("jpg", "image/jpeg"),
        ("js", "text/javascript"),
        ("json", "application/json"),
        ("mjs", "text/javascript"),
        ("mp3", "audio/mpeg"),
        ("mp4", "video/mp4"),
        ("pdf", "application/pdf"),
        ("png", "image/png"),
        ("svg", "image/svg+xml"),
        ("tar", "application/x-tar"),
        ("tif", "image/tiff"),
        ("tiff", "image/tiff"),
        ("txt", "text/plain"),
        ("wasm", "application/wasm"),
        ("wav", "audio/wav"),
        ("webp", "image/webp"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("xml", "text/xml"),
        ("zip", "application/zip"),
    ];
    let known = file_name
        .rsplit_once('.')
        .and_then(|(_, end)| TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(end)));
    known.map_or("application/octet-stream", |(_, of)| of)
}
