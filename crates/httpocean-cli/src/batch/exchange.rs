//! One request, carried out and answered.

use std::io::Cursor;
use std::time::Instant;

use httpocean_std::http::Method;

use super::answer::{Answer, Exchange, Partial};
use super::line::{Ask, Field, Kind};
use crate::client::{self, Client, Failure, Response, Source};

/// Carries `ask` out, with all of the response's body.
pub(super) fn exchange(client: &Client, ask: Ask) -> Answer {
    let started = Instant::now();
    let (id, url) = (ask.id.clone(), ask.url.clone());
    let Ok(method) = ask.method.parse::<Method>() else {
        return Answer::bad_method(id, &url, &ask.method);
    };
    let response = match send(client, method, ask) {
        Ok(response) => response,
        Err(failure) => return Answer::failure(id, &failure, None),
    };
    let mut exchange = Exchange::of(id, url, &response);
    let status = response.status;
    match response.read_all(&mut exchange.body) {
        Ok(ending) => exchange.answer(&ending, started.elapsed()),
        Err(failure) => {
            let partial = Partial { status, body: exchange.body };
            Answer::failure(exchange.id, &failure, Some(partial))
        }
    }
}

fn send(client: &Client, method: Method, ask: Ask) -> Result<Response, Failure> {
    let named = |(name, _): &Field| name.eq_ignore_ascii_case(b"upgrade");
    let given = ask.headers.iter().any(named);
    let upgrade = ask.upgrade.as_deref().filter(|_| !given);
    let upgrade = upgrade.map(|protocol| (&b"upgrade"[..], protocol.as_bytes()));
    let fields = ask.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).chain(upgrade);
    let body = match ask.kind {
        Kind::Bytes => Source::Bytes(ask.body.into()),
        Kind::Stream => Source::Seekable(Box::new(Cursor::new(ask.body))),
        Kind::StreamOnce => Source::Reader(Box::new(Cursor::new(ask.body))),
    };
    let config = ask.options.map(|own| own.config);
    client.send(client::Ask { method, url: &ask.url, config, body }, fields)
}
