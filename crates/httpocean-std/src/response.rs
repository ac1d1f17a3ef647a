//! Responses, taken apart in a line.

use std::fs::File;
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::response::Parts;
use httpocean_core::{ErrorKind, Phase};
use httpocean_driver::Error;

use crate::body::Body;

/// How many bytes a body may have that is collected, unless somebody says otherwise: 10 MiB.
/// [`ClientBuilder::collect_limit`](crate::ClientBuilder::collect_limit) does for a client, [`Response::limit`] for a
/// response.
pub const COLLECT_LIMIT: u64 = 10 << 20;

/// A response: an [`http::Response`] whose body is read from its connection, and what is often wanted of one.
///
/// ```
/// # let server = httpocean_testkit::server::Server::start(|request: &httpocean_testkit::server::Request| {
/// #     match request.target.as_str() {
/// #         "/" => httpocean_testkit::server::Reply::ok("hello"),
/// #         _ => httpocean_testkit::server::Reply::status(404, "Not Found"),
/// #     }
/// # });
/// # let (url, missing) = (server.url("/"), server.url("/missing"));
/// let client = httpocean_std::Client::new();
/// let response = client.get(&url)?.send()?.error_for_status()?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text()?, "hello");
///
/// let error = client.get(&missing)?.send()?.error_for_status().unwrap_err();
/// assert_eq!(error.status().unwrap(), 404);
/// # Ok::<(), httpocean_std::Error>(())
/// ```
#[derive(Debug)]
pub struct Response {
    inner: http::Response<Body>,
}

/// Another limit than [`COLLECT_LIMIT`], among the extensions of a response: most have none, and it is moved for nothing.
#[derive(Clone, Copy)]
struct Limit(u64);

impl Response {
    #[inline]
    pub(crate) fn new(inner: http::Response<Body>, limit: u64) -> Self {
        let response = Self { inner };
        if limit == COLLECT_LIMIT { response } else { response.limit(limit) }
    }

    /// So many bytes of its body are collected at most, once decoded, in place of the client's limit.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.inner.extensions_mut().insert(Limit(bytes));
        self
    }

    /// The response itself, unless its status is one of an error, 400 and above.
    ///
    /// # Errors
    /// [`ErrorKind::Status`] then.
    pub fn error_for_status(mut self) -> Result<Self, Error> {
        let status = self.inner.status();
        if !(status.is_client_error() || status.is_server_error()) {
            return Ok(self);
        }
        let error = httpocean_core::Error::new(ErrorKind::Status(status), Phase::RecvHead);
        Err(self.inner.body_mut().fault(error))
    }

    /// All of its body.
    ///
    /// # Errors
    /// When it breaks off, is larger than the limit, or can't be decoded.
    pub fn bytes(mut self) -> Result<Bytes, Error> {
        let limit = self.collected_at_most();
        Ok(self.inner.body_mut().read_to_vec(limit)?.into())
    }

    /// All of its body as text. With the feature `charset` it is read as browsers do: in the charset that a mark at its
    /// beginning names, or its `Content-Type`, or else as UTF-8; without, always as UTF-8. What is no text in that
    /// becomes U+FFFD.
    ///
    /// # Errors
    /// When it breaks off, is larger than the limit, or is in a coding that was not undone.
    pub fn text(mut self) -> Result<String, Error> {
        let all = self.decoded()?;
        #[cfg(feature = "charset")]
        {
            let content_type = self.inner.headers().get(http::header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            Ok(httpocean_content::charset::decode(&all, content_type).0.into_owned())
        }
        #[cfg(not(feature = "charset"))]
        {
            let text = all.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&all);
            Ok(String::from_utf8_lossy(text).into_owned())
        }
    }

    /// What its body says, which is JSON.
    ///
    /// # Errors
    /// When it breaks off, is larger than the limit, is in a coding that was not undone, or is no JSON of that shape;
    /// where it is wrong the error's source says.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(mut self) -> Result<T, Error> {
        let all = self.decoded()?;
        httpocean_content::json::decode(&all).map_err(|wrong| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, wrong);
            self.rejected("its body is not JSON, or not of the shape that was asked for")
                .with_source(Some(source))
        })
    }

    /// Writes its body to `writer` as it comes; how many bytes that were.
    ///
    /// # Errors
    /// When it breaks off or can't be decoded, or `writer` fails, whose error is the source.
    pub fn copy_to(mut self, mut writer: impl Write) -> Result<u64, Error> {
        let (mut piece, mut all) = (vec![0; 64 * 1024], 0);
        loop {
            let n = self.inner.body_mut().read_some(&mut piece)?;
            let written = if n == 0 { writer.flush() } else { writer.write_all(&piece[..n]) };
            written.map_err(|error| {
                self.rejected("it can't be written where it was to go").with_source(Some(error))
            })?;
            if n == 0 {
                return Ok(all);
            }
            all += n as u64;
        }
    }

    /// Writes its body to a file, which is made anew; how many bytes that were. What has come stays there, should the
    /// rest not come.
    ///
    /// # Errors
    /// Those of [`copy_to`](Self::copy_to), and when the file can't be made.
    pub fn save_to(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        match File::create(path) {
            Ok(file) => self.copy_to(file),
            Err(error) => {
                Err(self.rejected("the file that it was to go to can't be made").with_source(Some(error)))
            }
        }
    }

    /// Its body.
    pub fn into_body(self) -> Body {
        self.inner.into_body()
    }

    /// Its head and its body.
    pub fn into_parts(self) -> (Parts, Body) {
        self.inner.into_parts()
    }

    /// Without what is added here.
    pub fn into_http(self) -> http::Response<Body> {
        self.inner
    }

    /// All of its body, which has to mean something.
    fn decoded(&mut self) -> Result<Vec<u8>, Error> {
        let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !self.inner.headers().get_all(CONTENT_ENCODING).iter().all(plain) {
            let kind = ErrorKind::Content("its content is in a coding that was not undone");
            return Err(self.inner.body_mut().fault(httpocean_core::Error::new(kind, Phase::RecvBody)));
        }
        let limit = self.collected_at_most();
        self.inner.body_mut().read_to_vec(limit)
    }

    fn collected_at_most(&self) -> u64 {
        self.inner.extensions().get().map_or(COLLECT_LIMIT, |Limit(bytes)| *bytes)
    }

    fn rejected(&mut self, what: &'static str) -> Error {
        let error = httpocean_core::Error::new(ErrorKind::Content(what), Phase::RecvBody);
        self.inner.body_mut().fault(error)
    }
}

impl Deref for Response {
    type Target = http::Response<Body>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl DerefMut for Response {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

impl From<Response> for http::Response<Body> {
    fn from(response: Response) -> Self {
        response.inner
    }
}

impl From<http::Response<Body>> for Response {
    fn from(inner: http::Response<Body>) -> Self {
        Self::new(inner, COLLECT_LIMIT)
    }
}
