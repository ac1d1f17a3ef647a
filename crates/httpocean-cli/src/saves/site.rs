//! Pages of a server inside this program, a round trip away, and visits there by a client of ours.

use std::io::Read;
use std::time::{Duration, Instant};

use httpocean_std::{Client, pool};
use httpocean_testkit::link::{Link, LinkOptions, Visit};
use httpocean_testkit::server::{Reply, Server};

use super::secured::Secured;
use super::table::Measured;
use crate::output::note;
use crate::stop::{Done, Stop};

/// Ten segments, as TCP begins nearly everywhere (RFC 6928).
pub(super) const INITIAL_WINDOW: usize = 10 * 1_460;
/// About what stands before a page: its head.
pub(super) const HEAD: usize = 100;

pub(super) struct Site {
    url: String,
    secured: Option<Secured>,
    link: Link,
    /// It ends when it is dropped.
    _server: Server,
}

/// The way to it.
pub(super) fn way(rtt: Duration) -> LinkOptions {
    LinkOptions { rtt, initial_window: Some(INITIAL_WINDOW) }
}

impl Site {
    pub(super) fn start(rtt: Duration, tls: bool) -> Done<Self> {
        let server = Server::builder().record_body(0).start(|request| {
            let length = request.target.trim_start_matches('/').parse().unwrap_or(0);
            Reply::generated(length)
        })?;
        let secured = if tls { Some(Secured::before(server.addr())?) } else { None };
        let target = secured.as_ref().map_or(server.addr(), Secured::addr);
        let link = Link::start(target, way(rtt))?;
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://{}/", link.addr());
        Ok(Self { url, secured, link, _server: server })
    }

    /// Fetches the pages of a visit, one after the other, by a client of its own.
    pub(super) fn measure(&self, visit: Visit) -> Done<Measured> {
        let client = self.client(visit.kept);
        let url = format!("{}{}", self.url, visit.bytes - HEAD);
        let mut buffer = vec![0; 256 * 1024];
        let before = (self.handshakes(), self.link.stats());
        let started = Instant::now();
        for _ in 0..visit.pages {
            fetch(&client, &url, &mut buffer).map_err(|error| {
                note(format_args!("httpocean: {url}: {error}"));
                Stop::Failed
            })?;
        }
        let time = started.elapsed();
        let after = (self.handshakes(), self.link.stats());
        Ok(Measured {
            connections: after.1.connections - before.1.connections,
            tls_handshakes: after.0 - before.0,
            round_trips: after.1.round_trips - before.1.round_trips,
            time,
        })
    }

    fn handshakes(&self) -> u64 {
        self.secured.as_ref().map_or(0, Secured::handshakes)
    }

    fn client(&self, keeps: bool) -> Client {
        let mut pool = pool::Options::default();
        if !keeps {
            pool.max_idle_per_key = 0;
        }
        let builder = Client::builder().pool(pool);
        match &self.secured {
            Some(secured) => builder.tls(secured.tls.clone()).build(),
            None => builder.build(),
        }
    }
}

fn fetch(client: &Client, url: &str, buffer: &mut [u8]) -> Result<(), Box<dyn std::error::Error>> {
    let mut response = client.get(url)?.send()?;
    while response.body_mut().read(buffer)? > 0 {}
    Ok(())
}
