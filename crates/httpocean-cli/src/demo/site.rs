//! What the demo fetches: the pages of a server inside this program, or somebody else's.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use httpocean_std::Key;
use httpocean_std::http::Uri;
use httpocean_testkit::link::{Link, LinkOptions};
use httpocean_testkit::server::{Reply, Server};

use crate::options::Run;
use crate::stop::{Done, Stop};

const HOST: &str = "pages.example";
/// Ten segments, as TCP begins nearly everywhere (RFC 6928).
const INITIAL_WINDOW: usize = 14_600;
/// The lengths that pages have in turn: the shorter ones fit into the first window, the longer ones don't.
const LENGTHS: [u64; 5] = [2_000, 9_000, 14_000, 30_000, 48_000];

/// What the demo fetches, and the way there.
pub(super) struct Site {
    url: String,
    server: Option<Server>,
    link: Option<(Link, Duration)>,
}

/// What was counted on the server's side and on the way.
#[derive(Clone, Copy, Default)]
pub(super) struct Counted {
    pub(super) connections: u64,
    pub(super) requests: u64,
}

impl Site {
    /// A server inside this program, a round trip away.
    pub(super) fn inside(rtt: Duration, run: &mut Run) -> Done<Self> {
        let server =
            Server::builder().record_body(0).start(|request| Reply::generated(length(&request.target)))?;
        let link = link(server.addr(), rtt)?;
        run.pin(&format!("{HOST}:80"), vec![link.addr()]).map_err(Stop::Trouble)?;
        Ok(Self { url: format!("http://{HOST}/"), server: Some(server), link: Some((link, rtt)) })
    }

    /// Somebody else's server, with `rtt` as far away as it is and a round trip more.
    pub(super) fn elsewhere(url: &str, rtt: Option<Duration>, run: &mut Run) -> Done<Self> {
        let Some(rtt) = rtt else {
            return Ok(Self { url: url.to_owned(), server: None, link: None });
        };
        let uri: Uri = url.parse().map_err(|_| Stop::usage(format!("`{url}` is no URL")))?;
        let key = Key::of(&uri).map_err(|what| Stop::usage(format!("`{url}`: {what}")))?;
        let unresolved = |why: String| Stop::Trouble(format!("{} was not resolved: {why}", key.host()));
        let host = key.host().trim_start_matches('[').trim_end_matches(']');
        let mut addresses =
            (host, key.port()).to_socket_addrs().map_err(|error| unresolved(error.to_string()))?;
        let address = addresses.next().ok_or_else(|| unresolved("it has no address".into()))?;
        let link = link(address, rtt)?;
        let host_port = format!("{}:{}", key.host(), key.port());
        run.pin(&host_port, vec![link.addr()]).map_err(Stop::Trouble)?;
        Ok(Self { url: url.to_owned(), server: None, link: Some((link, rtt)) })
    }

    pub(super) fn url(&self, page: usize) -> String {
        if self.server.is_some() { format!("{}{page}", self.url) } else { self.url.clone() }
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.link.as_ref().map(|(_, rtt)| *rtt)
    }

    /// What the server saw, if it is ours to ask.
    pub(super) fn counted(&self) -> Option<Counted> {
        let stats = self.server.as_ref()?.stats();
        Some(Counted { connections: stats.accepted, requests: stats.requests })
    }

    pub(super) fn round_trips(&self) -> Option<u64> {
        self.link.as_ref().map(|(link, _)| link.stats().round_trips)
    }

    pub(super) fn introduction(&self, pages: usize) -> String {
        let what = match &self.server {
            Some(_) => format!("{pages} pages of {}, a server inside this program", self.url),
            None => format!("{} for {pages} times", self.url),
        };
        match self.rtt() {
            Some(rtt) => format!("{what}, through a link with a round trip of {} ms.", rtt.as_millis()),
            None => format!("{what}."),
        }
    }

    /// What the figures depend on.
    pub(super) fn conditions(&self) -> String {
        match self.rtt() {
            Some(rtt) => format!(
                "a round trip of {} ms; a new connection brings {INITIAL_WINDOW} bytes in its first, then twice as many, ...",
                rtt.as_millis()
            ),
            None => "over the network as it is".to_owned(),
        }
    }
}

fn link(target: SocketAddr, rtt: Duration) -> Done<Link> {
    Ok(Link::start(target, LinkOptions { rtt, initial_window: Some(INITIAL_WINDOW) })?)
}

/// The length of the page at a path such as `/7`.
fn length(target: &str) -> u64 {
    let page = target.trim_start_matches('/').parse().unwrap_or(0_usize);
    LENGTHS[page % LENGTHS.len()]
}
