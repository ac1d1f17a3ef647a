//! One request, carried out and answered.

use std::io::Cursor;
use std::time::Instant;

use httpocean_std::http::{Method, Response};
use httpocean_std::{Body, Client};

use super::answer::{Answer, Exchange, Partial};
use super::line::{Ask, Field, Kind};
use crate::reading::{self, Failure};

const PIECE: usize = 64 * 1024;

/// Carries `ask` out, with all of the response's body.
pub(super) fn exchange(client: &Client, ask: Ask) -> Answer {
    let started = Instant::now();
    let (id, url) = (ask.id.clone(), ask.url.clone());
    let Ok(method) = ask.method.parse::<Method>() else {
        return Answer::bad_method(id, &url, &ask.method);
    };
    let response = match send(client, method, ask) {
        Ok(response) => response,
        Err(failure) => return Answer::failure(id, &url, &failure, None),
    };
    let (parts, mut body) = response.into_parts();
    let mut exchange = Exchange::of(id, url, parts, &body);
    match body.upgrade() {
        Ok(stream) => {
            // What comes later is another protocol's: the connection closes here.
            exchange.body = stream.into_parts().1;
        }
        Err(received) => {
            body = received;
            if let Err(failure) = read_all(&mut body, &mut exchange.body) {
                let partial = Partial { status: exchange.parts.status, body: exchange.body };
                return Answer::failure(exchange.id, &exchange.url, &failure, Some(partial));
            }
            exchange.trailers = body.take_trailers();
            exchange.parked = body.parked() == Some(true);
        }
    }
    exchange.elapsed = started.elapsed();
    exchange.answer()
}

fn send(client: &Client, method: Method, ask: Ask) -> Result<Response<Body>, Failure> {
    let mut builder = client.request(method, &ask.url)?;
    for (name, value) in &ask.headers {
        builder = builder.header(name.as_slice(), value.as_slice());
    }
    let named = |(name, _): &Field| name.eq_ignore_ascii_case(b"upgrade");
    if let Some(protocol) = ask.upgrade.as_deref().filter(|_| !ask.headers.iter().any(named)) {
        builder = builder.header("upgrade", protocol);
    }
    if let Some(own) = ask.options {
        builder = builder.config(own.config);
    }
    let body = match ask.kind {
        Kind::Bytes => ask.body.into(),
        Kind::Stream => Body::from_seekable(Cursor::new(ask.body)).map_err(Failure::Other)?,
        Kind::StreamOnce => Body::from_reader(Cursor::new(ask.body)),
    };
    Ok(builder.body(body).send()?)
}

/// Also after a failure `all` holds what had come.
fn read_all(body: &mut Body, all: &mut Vec<u8>) -> Result<(), Failure> {
    loop {
        let old = all.len();
        all.resize(old + PIECE, 0);
        let read = reading::read(body, &mut all[old..]);
        all.truncate(old + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Ok(());
        }
    }
}
