//! A response, by whichever adapter: its head, and a body that is read piece by piece.

use std::io::Read;

use httpocean_cli::reactor::{Incoming, unreadable};
use httpocean_content::Pulled;
use httpocean_std::core::Arrival;
use httpocean_std::http::{self, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use httpocean_std::{Body, Connection, Hop};

use super::{Failure, compressed};

const PIECE: usize = 64 * 1024;

pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) reason: Vec<u8>,
    /// In the order of their arrival.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) interim: Vec<u16>,
    pub(crate) hops: Vec<Hop>,
    /// The one that answered, with its fragment.
    pub(crate) url: String,
    pub(crate) connection: Option<Connection>,
    body: Rest,
    /// What the body is decoded by on its way to the user, if it is.
    undoing: Option<Box<Pulled>>,
}

enum Rest {
    Std(Body),
    Mio(Box<Incoming>),
}

/// What is known when all of a body was read.
pub(crate) struct Ending {
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) parked: bool,
}

impl Response {
    /// The same, decoded as it is read, if it is in a coding that can be undone. It was answered to a `method`.
    pub(crate) fn decoded(mut self, method: &Method) -> Self {
        self.undoing = compressed::decoder(method, self.status, &self.headers);
        self
    }

    /// Whether it is decoded: then `Content-Length` is not the length of what is read.
    pub(crate) fn is_decoded(&self) -> bool {
        self.undoing.is_some()
    }

    /// The next bytes of the body; 0 at its end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let Some(mut undoing) = self.undoing.take() else { return self.body.read(buffer) };
        let read = undoing.read(buffer, |input| self.body.read(input));
        self.undoing = Some(undoing);
        read?.map_err(|error| compressed::undecodable(self, error.what()))
    }

    /// Reads all of the body through `buffer`; its length.
    pub(crate) fn count(&mut self, buffer: &mut [u8]) -> Result<u64, Failure> {
        let mut all = 0;
        loop {
            match self.read(buffer)? {
                0 => return Ok(all),
                n => all += n as u64,
            }
        }
    }

    /// Reads the rest into `all`, which also after a failure holds what had come. Of a connection that speaks
    /// another protocol now that is what came along with the head, but for a tunnel: there it is no word of the
    /// server's (RFC 9110 section 9.3.6). What comes later is nobody's, and it closes.
    pub(crate) fn read_all(mut self, all: &mut Vec<u8>) -> Result<Ending, Failure> {
        match self.body.upgrade() {
            Ok(early) => {
                if self.status == StatusCode::SWITCHING_PROTOCOLS {
                    *all = early;
                }
                return Ok(Ending { trailers: None, parked: false });
            }
            Err(rest) => self.body = rest,
        }
        loop {
            let old = all.len();
            all.resize(old + PIECE, 0);
            let read = self.read(&mut all[old..]);
            all.truncate(old + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return Ok(self.body.ending());
            }
        }
    }
}

impl Rest {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self {
            Self::Std(body) => read(body, buffer),
            Self::Mio(incoming) => incoming.read(buffer),
        }
    }

    /// Of a connection that speaks another protocol now: what came along with the head.
    fn upgrade(self) -> Result<Vec<u8>, Self> {
        match self {
            Self::Std(body) => body.upgrade().map(|mut stream| stream.take_early()).map_err(Self::Std),
            Self::Mio(mut incoming) => match incoming.take_upgraded() {
                Some(mut upgraded) => Ok(upgraded.channel.take()),
                None => Err(Self::Mio(incoming)),
            },
        }
    }

    fn ending(&mut self) -> Ending {
        match self {
            Self::Std(body) => Ending { trailers: body.take_trailers(), parked: body.parked() == Some(true) },
            Self::Mio(incoming) => {
                let parked = incoming.parked() == Some(true);
                Ending { trailers: incoming.take_trailers(), parked }
            }
        }
    }
}

fn read(body: &mut Body, buffer: &mut [u8]) -> Result<usize, Failure> {
    // Nothing else is said by a received body.
    body.read(buffer)
        .map_err(|error| error.downcast().unwrap_or_else(|error| unreadable(error, http::Uri::default())))
}

fn in_order<B>(response: &http::Response<B>) -> Vec<(HeaderName, HeaderValue)> {
    Arrival::fields(response).map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl From<httpocean_std::Response> for Response {
    fn from(response: httpocean_std::Response) -> Self {
        let headers = in_order(&response);
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            version: parts.version,
            reason: body.reason().unwrap_or_default().to_vec(),
            headers,
            interim: body.interim().iter().map(|interim| interim.status().as_u16()).collect(),
            hops: body.hops().to_vec(),
            url: body.url().unwrap_or_default(),
            connection: body.connection().copied(),
            body: Rest::Std(body),
            undoing: None,
        }
    }
}

impl From<Incoming> for Response {
    fn from(mut incoming: Incoming) -> Self {
        let head = incoming.take_head();
        let headers = in_order(&head.response);
        let (parts, ()) = head.response.into_parts();
        Self {
            status: parts.status,
            version: parts.version,
            reason: head.reason,
            headers,
            interim: incoming.interim().iter().map(|interim| interim.status().as_u16()).collect(),
            hops: incoming.hops().to_vec(),
            url: head.url,
            connection: head.connection,
            body: Rest::Mio(Box::new(incoming)),
            undoing: None,
        }
    }
}
