//! Content codings: asked for with a request, undone as a response is read.

use http::{Request, Response};

use crate::incoming::Incoming;
use crate::response::COLLECT_LIMIT;

#[cfg(feature = "_codings")]
pub use by_content::Decoding;
#[cfg(feature = "_codings")]
pub(crate) use by_content::Undoing;

/// What a client does with what is inside of responses.
pub(crate) struct Content {
    pub(crate) collect_limit: u64,
    #[cfg(feature = "_codings")]
    pub(crate) decoding: Decoding,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            collect_limit: COLLECT_LIMIT,
            #[cfg(feature = "_codings")]
            decoding: Decoding::default(),
        }
    }
}

/// No coding is built in.
#[cfg(not(feature = "_codings"))]
pub(crate) struct NoDecoding;

#[cfg(not(feature = "_codings"))]
impl Content {
    pub(crate) fn ask(&self, _request: &mut Request<()>) -> NoDecoding {
        NoDecoding
    }

    pub(crate) fn take_in(&self, _head: &mut Response<()>, _body: &mut Incoming, _decoding: NoDecoding) {}
}

#[cfg(feature = "_codings")]
mod by_content {
    use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue, RANGE};
    use http::{Method, StatusCode};
    use httpocean_content::{Codings, Limits, Pulled, accept_encoding};
    use httpocean_core::{ErrorKind, Fault, Phase};
    use httpocean_driver::Error;

    use super::{Content, Incoming, Request, Response};

    /// What becomes of responses in a content coding such as gzip. As an extension of a request it holds for that
    /// request, as with [`RequestBuilder::decoding`](crate::RequestBuilder::decoding).
    ///
    /// ```
    /// use httpocean_std::content::Limits;
    /// use httpocean_std::{Client, Decoding};
    ///
    /// let strict = Decoding::Within(Limits { bytes: 1 << 20, ..Limits::default() });
    /// let client = Client::builder().decoding(strict).build();
    /// let request = http::Request::get("http://example.com/a.gz").extension(Decoding::Raw).body(()).unwrap();
    /// # let _ = (client, request);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Decoding {
        /// None is asked for, and what comes is handed over as it is.
        Raw,
        /// Those that are built in are asked for, unless the request has an `Accept-Encoding` or a `Range`. What comes
        /// in such, asked for or not, is decoded as it is read, within these limits, and loses the fields
        /// `Content-Encoding` and `Content-Length`, which speak of what came. What comes in another coding, or is a part
        /// (status 206), is handed over as it is, and keeps them.
        Within(Limits),
    }

    impl Default for Decoding {
        fn default() -> Self {
            Self::Within(Limits::default())
        }
    }

    impl Content {
        /// What is to become of the response, after it was said in the request's fields.
        #[inline]
        pub(crate) fn ask(&self, request: &mut Request<()>) -> Option<Limits> {
            match request.extensions().get().unwrap_or(&self.decoding) {
                Decoding::Raw => None,
                Decoding::Within(limits) => {
                    let limits = *limits;
                    accept(request);
                    Some(limits)
                }
            }
        }

        #[inline]
        pub(crate) fn take_in(&self, head: &mut Response<()>, body: &mut Incoming, decoding: Option<Limits>) {
            if let Some(limits) = decoding {
                if head.headers().contains_key(CONTENT_ENCODING) {
                    decode(head, body, &limits);
                }
            }
        }
    }

    /// Asks for what is built in.
    fn accept(request: &mut Request<()>) {
        let Some(names) = accept_encoding() else { return };
        let fields = request.headers();
        let says = fields.contains_key(ACCEPT_ENCODING) || fields.contains_key(RANGE);
        if !says && request.method() != Method::CONNECT {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(names));
        }
    }

    /// Of a response without a body the fields tell what a body would have been.
    fn decode(head: &mut Response<()>, body: &mut Incoming, limits: &Limits) {
        let part = head.status() == StatusCode::PARTIAL_CONTENT;
        let codings = Codings::of(head.headers());
        let leave = part || codings.as_ref().is_ok_and(|codings| codings.is_plain() || codings.is_opaque());
        if leave || !body.has_body() {
            return;
        }
        body.decode_by(Undoing(Pulled::new(codings, limits)));
        head.headers_mut().remove(CONTENT_ENCODING);
        head.headers_mut().remove(CONTENT_LENGTH);
    }

    /// A body that is being decoded.
    pub(crate) struct Undoing(Pulled);

    impl Undoing {
        /// The next bytes of what `incoming` means; 0 at its end. With an error of its content the connection is let
        /// go, and does not wait for whoever holds the response.
        pub(crate) fn read(&mut self, incoming: &mut Incoming, out: &mut [u8]) -> Result<usize, Error> {
            let read = self.0.read(out, |input| incoming.read_wire(input))?;
            read.map_err(|error| {
                let kind = ErrorKind::Content(error.what());
                let verdict = httpocean_core::Error::new(kind, Phase::RecvBody).with_fault(Fault::Peer);
                let told = incoming.rejected(verdict);
                incoming.give_up();
                told
            })
        }
    }
}
