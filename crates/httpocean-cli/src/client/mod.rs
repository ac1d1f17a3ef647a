//! A client, by whichever adapter: what is asked and what is told is the same.

mod compressed;
mod response;

use std::io;
use std::sync::Arc;

use httpocean_cli::reactor::unreadable;
use httpocean_std::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use httpocean_std::policy::redirect::Fragment;
use httpocean_std::{Body, Config, Stats};

pub(crate) use httpocean_cli::reactor::{Pace, Reactor, Source};
/// The two tell of failures in the same words.
pub(crate) use httpocean_std::Error as Failure;
pub(crate) use response::{Ending, Response};

/// Carries out requests of any thread.
pub(crate) enum Client {
    Std(httpocean_std::Client),
    Mio(Reactor),
}

/// A request before it is found to be one.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) config: Option<Config>,
    pub(crate) body: Source,
}

/// A URL as it may be printed: what stands before an `@` of its authority is left out.
pub(crate) fn shown(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let host = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    format!("{}{}", &url[..start], &url[host..])
}

impl Client {
    /// Sends a request with these fields, and waits for the head of its response.
    pub(crate) fn send<N, V>(
        &self,
        ask: Ask<'_>,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Response, Failure>
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let uri: Uri = ask.url.parse().map_err(|_| Failure::url(ask.url))?;
        let mut request = Request::new(());
        *request.headers_mut() = collected(fields).map_err(|what| Failure::request(what, uri.clone()))?;
        *request.method_mut() = ask.method;
        *request.uri_mut() = uri;
        if let Some(fragment) = Fragment::of(ask.url) {
            request.extensions_mut().insert(fragment);
        }
        if let Some(config) = ask.config {
            request.extensions_mut().insert(Arc::new(config));
        }
        match self {
            Self::Std(client) => {
                let uri = request.uri().clone();
                let body = body_of(ask.body).map_err(|error| unreadable(error, uri))?;
                Ok(client.send(request.map(|()| body))?.into())
            }
            Self::Mio(reactor) => Ok(reactor.send(request, ask.body, None)?.into()),
        }
    }

    /// What it did so far.
    pub(crate) fn stats(&self) -> io::Result<Stats> {
        match self {
            Self::Std(client) => Ok(client.stats()),
            Self::Mio(reactor) => reactor.stats(),
        }
    }
}

fn collected<N, V>(fields: impl IntoIterator<Item = (N, V)>) -> Result<HeaderMap, &'static str>
where
    N: TryInto<HeaderName>,
    V: TryInto<HeaderValue>,
{
    let mut all = HeaderMap::new();
    for (name, value) in fields {
        let name = name.try_into().map_err(|_| "a header name has a byte that no name may have")?;
        let value = value.try_into().map_err(|_| "a header value has a byte that no value may have")?;
        all.append(name, value);
    }
    Ok(all)
}

fn body_of(source: Source) -> io::Result<Body> {
    Ok(match source {
        Source::Bytes(bytes) => bytes.into(),
        Source::Seekable(source) => Body::from_seekable(source)?,
        Source::Reader(source) => Body::from_reader(source),
        Source::Sized(source, size) => Body::from_sized_reader(source, size),
    })
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_url_is_shown_without_a_password() {
        for (url, wanted) in [
            ("http://ann:s3cret@h:81/p@q?r@s", "http://h:81/p@q?r@s"),
            ("http://s3cret@s3cret@h", "http://h"),
            ("s3cret@h/p", "h/p"),
            ("http://h/@", "http://h/@"),
            ("http://h?@", "http://h?@"),
            ("", ""),
        ] {
            assert_eq!(shown(url), wanted, "{url}");
        }
    }
}
