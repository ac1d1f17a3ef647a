//! Pages, fetched one after the other through one client.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use httpocean_std::Connection;
use httpocean_std::http::{HeaderName, HeaderValue, Method, StatusCode};

use super::site::{Counted, Site};
use crate::client::{Ask, Client, Failure, Source};
use crate::output::{Out, Paint, milliseconds, note};
use crate::stop::{Done, Stop};

/// What a number of pages cost.
#[derive(Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) pages: usize,
    pub(super) handshakes: u64,
    pub(super) round_trips: Option<u64>,
    pub(super) time: Duration,
}

/// All pages of one client.
pub(super) struct Visit {
    pub(super) requests: u64,
    pub(super) connections: u64,
    pub(super) ports: BTreeSet<u16>,
    pub(super) numbers: BTreeSet<u64>,
    /// What the first pages cost, as many as were fetched in both ways.
    pub(super) first: Cost,
    /// The same, as the server counted.
    pub(super) server: Option<Counted>,
}

struct Page {
    number: usize,
    status: StatusCode,
    bytes: u64,
    connection: Option<Connection>,
    took: Duration,
}

/// Fetches `count` pages and prints a line for each.
pub(super) fn visit(
    site: &Site,
    client: &Client,
    count: usize,
    compared: usize,
    out: &mut Out,
) -> Done<Visit> {
    let paint = out.paint();
    visit_and(site, client, count, compared, |page| Ok(out.line(Line(page, paint))?))
}

/// Fetches `count` pages.
pub(super) fn visit_silently(site: &Site, client: &Client, count: usize) -> Done<Visit> {
    visit_and(site, client, count, count, |_| Ok(()))
}

fn visit_and(
    site: &Site,
    client: &Client,
    count: usize,
    compared: usize,
    mut seen: impl FnMut(&Page) -> Done,
) -> Done<Visit> {
    let before = (site.counted(), site.round_trips());
    let (mut ports, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let mut first = Cost::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut time = Duration::ZERO;
    for number in 1..=count {
        let page = fetch(client, number, &site.url(number), &mut buffer).map_err(|error| {
            note(format_args!("httpocean: page {number}: {error}"));
            Stop::Failed
        })?;
        time += page.took;
        ports.extend(page.connection.and_then(|connection| connection.local).map(|local| local.port()));
        numbers.extend(page.connection.map(|connection| connection.number));
        seen(&page)?;
        if number == compared {
            first = Cost {
                pages: number,
                handshakes: client.stats()?.connections_opened,
                round_trips: site.round_trips().zip(before.1).map(|(now, then)| now - then),
                time,
            };
        }
    }
    let stats = client.stats()?;
    let server = site.counted().zip(before.0).map(|(now, then)| Counted {
        connections: now.connections - then.connections,
        requests: now.requests - then.requests,
    });
    Ok(Visit {
        requests: stats.requests_sent,
        connections: stats.connections_opened,
        ports,
        numbers,
        first,
        server,
    })
}

fn fetch(client: &Client, number: usize, url: &str, buffer: &mut [u8]) -> Result<Page, Failure> {
    let started = Instant::now();
    let fields: [(HeaderName, HeaderValue); 0] = [];
    let ask = Ask { method: Method::GET, url, config: None, body: Source::empty() };
    let mut response = client.send(ask, fields)?;
    let (status, connection) = (response.status, response.connection);
    let bytes = response.count(buffer)?;
    Ok(Page { number, status, bytes, connection, took: started.elapsed() })
}

/// A page on a line.
struct Line<'a>(&'a Page, Paint);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(page, paint) = self;
        let (number, port, reused) = match page.connection {
            Some(connection) => {
                let port = connection.local.map_or("-".to_owned(), |local| local.port().to_string());
                (connection.number.to_string(), port, connection.reused > 0)
            }
            None => ("-".to_owned(), "-".to_owned(), false),
        };
        let age = if reused { paint.green("reused") } else { paint.bold("new   ") };
        write!(f, "{:>4}  {}", page.number, page.status.as_u16())?;
        write!(f, "  {:>7} bytes  port {port:<5}  connection {number:<3}", page.bytes)?;
        write!(f, "  {age}  {:>8}", milliseconds(page.took))
    }
}
