//! One URL, fetched: its body streamed to where it belongs, never held.

use std::error::Error as _;
use std::io::{self, Read, Write};

use bytes::Bytes;
use httpocean_content::accept_encoding;
use httpocean_std::http::{HeaderName, HeaderValue, Method, Version, header};

use super::data::{Data, of_json};
use super::hints::hint;
use super::order::Order;
use super::progress::Progress;
use super::sink::{Place, Sink};
use crate::client::{Ask, Client, Failure, Response, Source, shown};
use crate::output::{Paint, note};
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
        let sink = Sink::open(&order.target)?;
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
        let status = response.status;
        let url = &shown(url);
        self.deliver(url, response)?;
        if self.order.fail && status.as_u16() >= 400 {
            note(format_args!("httpocean: {url}: {status}"));
            return Err(Stop::Failed);
        }
        Ok(())
    }

    fn send(&self, url: &str) -> Done<Response> {
        let order = self.order;
        let (body, mut fields) = self.body()?;
        if order.compressed {
            fields.extend(
                accept_encoding().map(|all| (header::ACCEPT_ENCODING, HeaderValue::from_static(all))),
            );
        }
        // What the user says goes.
        fields.retain(|(name, _)| order.headers.iter().all(|(given, _)| given != name));
        let ask = Ask { method: order.method.clone(), url, config: None, body };
        let sent = self.client.send(ask, order.headers.iter().cloned().chain(fields));
        let response = sent.map_err(|failure| failed(&failure))?;
        Ok(if order.compressed { response.decoded(&order.method) } else { response })
    }

    /// With the fields that go with it.
    fn body(&self) -> Done<(Source, Vec<(HeaderName, HeaderValue)>)> {
        let (body, mut fields) = match (&self.order.data, &self.stdin) {
            (None, _) => (Source::empty(), Vec::new()),
            (Some(Data::Stdin), Some(bytes)) => (Source::Bytes(bytes.clone()), Vec::new()),
            (Some(data), _) => data.open()?,
        };
        if self.order.json {
            fields.extend(of_json());
        }
        Ok((body, fields))
    }

    fn deliver(&self, url: &str, mut response: Response) -> Done {
        let mut place = self.sink.place(url).map_err(|error| cannot_write(url, &error))?;
        if self.order.include {
            write_head(&mut place, &response).map_err(|error| cannot_write(url, &error))?;
        }
        let length = response.headers.iter().find(|(name, _)| name == header::CONTENT_LENGTH);
        let length = length.and_then(|(_, length)| length.to_str().ok()?.parse().ok());
        let alone = self.order.concurrency == 1 && !self.order.verbose && !self.sink.on_terminal();
        let length = length.filter(|_| self.order.method != Method::HEAD && !response.is_decoded());
        let progress = Progress::new(length, alone);
        copy(url, &mut response, &mut place, progress)?;
        place.flush().map_err(|error| cannot_write(url, &error))
    }
}

fn copy(url: &str, response: &mut Response, place: &mut Place<'_>, mut progress: Progress) -> Done {
    let mut piece = vec![0; PIECE];
    loop {
        match response.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                place.write_all(&piece[..n]).map_err(|error| cannot_write(url, &error))?;
                progress.add(n);
            }
            Err(failure) => {
                drop(progress);
                return Err(failed(&failure));
            }
        }
    }
}

fn failed(failure: &Failure) -> Stop {
    let paint = Paint::on(&io::stderr());
    note(format_args!("httpocean: {}", paint.red(failure)));
    if let Some(source) = failure.source() {
        note(format_args!("  because: {source}"));
    }
    if let Some(hint) = hint(failure) {
        note(format_args!("  hint: {hint}"));
    }
    Stop::Failed
}

fn cannot_write(url: &str, error: &io::Error) -> Stop {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Stop::Unread;
    }
    Stop::Trouble(format!("the body of {url} can't be written: {error}"))
}

fn write_head(place: &mut Place<'_>, response: &Response) -> io::Result<()> {
    let version = if response.version == Version::HTTP_10 { "1.0" } else { "1.1" };
    let mut head = format!("HTTP/{version} {} ", response.status.as_str()).into_bytes();
    head.extend_from_slice(&response.reason);
    head.push(b'\n');
    for (name, value) in &response.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.push(b'\n');
    }
    head.push(b'\n');
    place.write_all(&head)
}
