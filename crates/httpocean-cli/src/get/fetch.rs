//! One URL, fetched: its body streamed to where it belongs, never held.

use std::fs::File;
use std::io::{self, Read, Write};

use bytes::Bytes;
use httpocean_std::http::{HeaderMap, Method, Response, Uri, Version, header};
use httpocean_std::{Body, Client, Error};

use super::hints::hint;
use super::narrator::Narrator;
use super::order::{Data, Order};
use super::progress::Progress;
use super::sink::{Place, Sink};
use crate::output::{Paint, note};
use crate::reading::{self, Failure};
use crate::stop::{Done, Stop};

const PIECE: usize = 64 * 1024;

/// Fetches what was ordered.
pub(super) struct Fetcher<'a> {
    order: &'a Order,
    client: &'a Client,
    sink: Sink,
    /// What stdin gave, if more than one request needs it.
    stdin: Option<Bytes>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(order: &'a Order, client: &'a Client) -> Done<Self> {
        let sink = Sink::open(&order.target)
            .map_err(|error| Stop::Trouble(format!("the file for the output can't be made: {error}")))?;
        let many = order.urls.len().saturating_mul(order.times) > 1;
        let stdin = match order.data {
            Some(Data::Stdin) if many => {
                let mut all = Vec::new();
                io::stdin().lock().read_to_end(&mut all)?;
                Some(all.into())
            }
            _ => None,
        };
        Ok(Self { order, client, sink, stdin })
    }

    /// The work of that number: each URL in turn, then all again.
    pub(super) fn fetch(&self, number: usize) -> Done {
        let url = &self.order.urls[number % self.order.urls.len()];
        let response = self.send(url)?;
        let status = response.status();
        self.deliver(url, response)?;
        if self.order.fail && status.as_u16() >= 400 {
            note(format_args!("httpocean: {url}: {status}"));
            return Err(Stop::Failed);
        }
        Ok(())
    }

    fn send(&self, url: &str) -> Done<Response<Body>> {
        let order = self.order;
        let builder = self.client.request(order.method.clone(), url).map_err(|error| self.failed(&error))?;
        if order.verbose {
            let uri: Uri = url.parse().unwrap_or_default();
            let target = uri.path_and_query().map_or("/", |target| target.as_str());
            Narrator::announce(format!("{} {target} HTTP/1.1", order.method));
        }
        let mut fields = HeaderMap::new();
        for (name, value) in &order.headers {
            fields.append(name, value.clone());
        }
        builder.headers(fields).body(self.body()?).send().map_err(|error| self.failed(&error))
    }

    fn body(&self) -> Done<Body> {
        Ok(match (&self.order.data, &self.stdin) {
            (None, _) => Body::empty(),
            (Some(Data::Bytes(bytes)), _) => bytes.clone().into(),
            (Some(Data::File(path)), _) => File::open(path)
                .and_then(Body::from_file)
                .map_err(|error| Stop::Trouble(format!("{} can't be sent: {error}", path.display())))?,
            (Some(Data::Stdin), Some(bytes)) => bytes.clone().into(),
            (Some(Data::Stdin), None) => Body::from_reader(io::stdin()),
        })
    }

    fn deliver(&self, url: &str, mut response: Response<Body>) -> Done {
        let mut place = self.sink.place(url).map_err(|error| cannot_write(url, &error))?;
        if self.order.include {
            write_head(&mut place, &response).map_err(|error| cannot_write(url, &error))?;
        }
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let alone = self.order.concurrency == 1 && !self.order.verbose && !self.sink.on_terminal();
        let length = length.filter(|_| self.order.method != Method::HEAD);
        let progress = Progress::new(length, alone);
        self.copy(url, response.body_mut(), &mut place, progress)?;
        place.flush().map_err(|error| cannot_write(url, &error))
    }

    fn copy(&self, url: &str, body: &mut Body, place: &mut Place<'_>, mut progress: Progress) -> Done {
        let mut piece = vec![0; PIECE];
        loop {
            match reading::read(body, &mut piece) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    place.write_all(&piece[..n]).map_err(|error| cannot_write(url, &error))?;
                    progress.add(n);
                }
                Err(error) => {
                    drop(progress);
                    return Err(match error {
                        Failure::Request(error) => self.failed(&error),
                        Failure::Other(error) => Stop::Trouble(format!("{url}: {error}")),
                    });
                }
            }
        }
    }

    fn failed(&self, error: &Error) -> Stop {
        let paint = Paint::on(&io::stderr());
        note(format_args!("httpocean: {}", paint.red(error)));
        if let Some(source) = std::error::Error::source(error) {
            note(format_args!("  because: {source}"));
        }
        if let Some(hint) = hint(error) {
            note(format_args!("  hint: {hint}"));
        }
        Stop::Failed
    }
}

fn cannot_write(url: &str, error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::Unread;
    }
    Stop::Trouble(format!("the body of {url} can't be written: {error}"))
}

fn write_head(place: &mut Place<'_>, response: &Response<Body>) -> io::Result<()> {
    let version = if response.version() == Version::HTTP_10 { "1.0" } else { "1.1" };
    let mut head = format!("HTTP/{version} {} ", response.status().as_str()).into_bytes();
    head.extend_from_slice(response.body().reason().unwrap_or_default());
    head.push(b'\n');
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.push(b'\n');
    }
    head.push(b'\n');
    place.write_all(&head)
}
