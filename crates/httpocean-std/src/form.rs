//! multipart/form-data, of parts that are bodies.

use std::fs::File;
use std::io;
use std::path::Path;

use http::HeaderValue;
use httpocean_content::multipart::{self, Segment, Unfit};
use httpocean_driver::random_seed;

use crate::body::Body;

/// A form of several parts, with files. [`RequestBuilder::multipart`](crate::RequestBuilder::multipart) sends it.
///
/// ```
/// use httpocean_std::{Body, Form, Part};
///
/// let form = Form::new()
///     .text("title", "A report")
///     .part("log", Part::new(Body::from("line by line")).file_name("today.txt"));
/// # assert!(form.len() > Some(300));
/// ```
#[derive(Debug)]
pub struct Form(multipart::Form<Body>);

/// A part of a [`Form`]: a body, and what is said about it.
#[derive(Debug)]
pub struct Part(multipart::Part<Body>);

impl Form {
    /// A form whose boundary nobody can guess.
    pub fn new() -> Self {
        let seed = u128::from(random_seed()) << 64 | u128::from(random_seed());
        Self(multipart::Form::new(seed))
    }

    /// One more part, of text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(self.0.text(name, text))
    }

    /// One more part.
    #[must_use]
    pub fn part(self, name: impl Into<String>, part: Part) -> Self {
        Self(self.0.part(name, part.0))
    }

    /// One more part: the file at `path`, with its name, and the type that its name says.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn file(self, name: impl Into<String>, path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(self.part(name, Part::file(path)?))
    }

    /// The value for `Content-Type`.
    pub fn content_type(&self) -> HeaderValue {
        self.0.content_type()
    }

    /// How many bytes it has in all, if that is known of each part.
    pub fn len(&self) -> Option<u64> {
        self.0.len()
    }

    /// Whether it has no parts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is sent: with a length if that of each part is known, or else chunked; again, if each part can be.
    pub fn into_body(self) -> Body {
        let bodies = self.0.into_segments().map(|segment| match segment {
            Segment::Bytes(bytes) => bytes.into(),
            Segment::Content(body) => body,
        });
        Body::joined(bodies.collect())
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

impl Part {
    /// Of any body.
    pub fn new(body: impl Into<Body>) -> Self {
        let mut body = body.into();
        body.start_here();
        let len = body.plan().size;
        Self(multipart::Part::new(body, len))
    }

    /// The file at `path`, with its name.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let part = Self::new(Body::from_file(File::open(path)?)?);
        Ok(match path.file_name() {
            Some(name) => part.file_name(name.to_string_lossy()),
            None => part,
        })
    }

    /// A file is told from a field by its having a name. By the name the type of the content is guessed, unless
    /// [`content_type`](Self::content_type) says it.
    #[must_use]
    pub fn file_name(self, name: impl Into<String>) -> Self {
        Self(self.0.file_name(name))
    }

    /// Its `Content-Type`.
    ///
    /// # Errors
    /// When it holds what no field's value may hold, such as the end of a line.
    pub fn content_type(self, value: &str) -> Result<Self, Unfit> {
        Ok(Self(self.0.content_type(value)?))
    }
}
