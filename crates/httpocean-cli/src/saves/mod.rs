//! `httpocean saves`: what a connection pool saves, for pages of all sizes, near and far.

mod secured;
mod site;
mod table;

use std::time::Duration;

use httpocean_testkit::link::Visit;
use lexopt::{Arg, Parser, ValueExt};

use crate::options::flags::number;
use crate::output::{Out, note};
use crate::stop::{Done, Stop};
use site::{HEAD, INITIAL_WINDOW, Site, way};
use table::{Measured, Pair, Row, Style};

const HELP: &str = "\
Says what a pool saves: the same pages over kept connections, and over a new connection each. In each column the first
number is that with the pool, the second that without.

Usage: httpocean saves [OPTIONS]

      --rtt-ms MS     only for this round-trip time (0.1, 20 and 100)
      --pages N       only for so many pages (1, 10 and 100)
      --bytes N       only for pages of this length (1024, 65536 and 1048576)
      --measure S     make the visits that should take no longer than S seconds, too (1.5); 0: none
      --markdown      as a table in Markdown
      --help          this text

Everything is reckoned, in virtual time: a TCP that begins with a window of 14600 bytes and doubles it with each round
trip that fills it, without loss, without a limit of the line, and servers that take no time. TLS is 1.3, one round trip.
What does not take too long is measured as well: real requests to a server inside this program, by real TCP and TLS,
through a link that holds back all bytes for as long. With `--measure 1000` that is everything, and takes minutes.

Example: httpocean saves --rtt-ms 20 --pages 10
";

/// One line of the table.
#[derive(Clone, Copy)]
struct Case {
    rtt: Duration,
    tls: bool,
    pages: u64,
    bytes: usize,
}

impl Case {
    fn visit(self, kept: bool) -> Visit {
        Visit { pages: self.pages, bytes: HEAD + self.bytes, tls: self.tls, kept }
    }
}

struct Wish {
    rtts: Vec<Duration>,
    pages: Vec<u64>,
    bytes: Vec<usize>,
    measured: Duration,
    style: Style,
}

pub(crate) fn main(args: Parser) -> Done {
    match Wish::parse(args)? {
        Some(wish) => run(&wish),
        None => Out::help(HELP),
    }
}

fn run(wish: &Wish) -> Done {
    let mut out = Out::lock();
    wish.style.head(&mut out)?;
    let mut agreed = Agreed::default();
    for rtt in &wish.rtts {
        for tls in [false, true] {
            let site = Site::start(*rtt, tls)?;
            for (pages, bytes) in
                wish.pages.iter().flat_map(|pages| wish.bytes.iter().map(move |b| (pages, b)))
            {
                let row = row(Case { rtt: *rtt, tls, pages: *pages, bytes: *bytes }, &site, wish.measured)?;
                wish.style.row(&row, &mut out)?;
                agreed.note(&row)?;
            }
        }
    }
    if wish.style == Style::Text {
        out.line(format_args!(
            "\nWith the pool / with a new connection for each page. A window of {INITIAL_WINDOW} bytes at first."
        ))?;
    }
    agreed.say();
    Ok(())
}

fn row(case: Case, site: &Site, longest: Duration) -> Done<Row> {
    let reckon = |visit: Visit| visit.over(way(case.rtt));
    let measure = |visit: Visit| {
        if longest.is_zero() || reckon(visit).time > longest {
            Ok(None)
        } else {
            site.measure(visit).map(Some)
        }
    };
    Ok(Row { case, reckoned: Pair::of(case, |visit| Ok(reckon(visit)))?, measured: Pair::of(case, measure)? })
}

/// How far what was counted is what was reckoned.
#[derive(Default)]
struct Agreed {
    measured: usize,
    round_trips: usize,
}

impl Agreed {
    /// Handshakes are the same on any machine: if they differ, the table is wrong.
    fn note(&mut self, row: &Row) -> Done {
        let Row { reckoned, measured, .. } = row;
        let pairs = [(&reckoned.pooled, &measured.pooled), (&reckoned.alone, &measured.alone)];
        for (reckoned, measured) in pairs {
            let Some(Measured { connections, tls_handshakes, round_trips, .. }) = *measured else { continue };
            if (connections, tls_handshakes) != (reckoned.connections, reckoned.tls_handshakes) {
                note(format_args!(
                    "httpocean: {connections} connections and {tls_handshakes} TLS handshakes were counted, not {} and {}",
                    reckoned.connections, reckoned.tls_handshakes
                ));
                return Err(Stop::Failed);
            }
            self.measured += 1;
            self.round_trips += usize::from(round_trips == reckoned.round_trips);
        }
        Ok(())
    }

    fn say(&self) {
        if self.measured > 0 {
            note(format_args!(
                "Of {} visits that were made, all took the handshakes that were reckoned, and {} the round trips: where the \
                 server is slower than the way, it fills fewer windows.",
                self.measured, self.round_trips
            ));
        }
    }
}

impl Wish {
    fn parse(mut args: Parser) -> Done<Option<Self>> {
        let mut wish = Self {
            rtts: [100, 20_000, 100_000].map(Duration::from_micros).into(),
            pages: vec![1, 10, 100],
            bytes: vec![1 << 10, 64 << 10, 1 << 20],
            measured: Duration::from_millis(1_500),
            style: Style::Text,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("rtt-ms") => {
                    wish.rtts = vec![time("--rtt-ms", &args.value()?.string()?, 10_000.0)? / 1_000];
                }
                Arg::Long("pages") => wish.pages = vec![up_to("pages", &args.value()?.string()?, 100_000)?],
                Arg::Long("bytes") => {
                    let bytes = up_to("bytes", &args.value()?.string()?, 1 << 30)?;
                    wish.bytes = vec![usize::try_from(bytes).unwrap_or(usize::MAX)];
                }
                Arg::Long("measure") => wish.measured = time("--measure", &args.value()?.string()?, 1e6)?,
                Arg::Long("markdown") => wish.style = Style::Markdown,
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                unknown @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => {
                    return Err(unknown.unexpected().into());
                }
            }
        }
        Ok(Some(wish))
    }
}

fn up_to(what: &str, value: &str, most: u64) -> Done<u64> {
    match number(what, value)? {
        count if (1..=most).contains(&count) => Ok(count),
        _ => Err(Stop::usage(format!("--{what} is between 1 and {most}"))),
    }
}

/// Seconds, as fine as one likes.
fn time(flag: &str, value: &str, most: f64) -> Done<Duration> {
    match value.parse() {
        Ok(time) if (0.0..=most).contains(&time) => Ok(Duration::from_secs_f64(time)),
        _ => Err(Stop::usage(format!("{flag} is a number between 0 and {most}"))),
    }
}
