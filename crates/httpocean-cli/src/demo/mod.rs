//! `httpocean demo`: many pages over one connection, and what that saves.

mod bars;
mod pages;
mod site;
mod summary;

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::options::Run;
use crate::options::flags::number;
use crate::output::{Out, note};
use crate::picture::Picture;
use crate::stop::{Done, Stop};
use site::Site;

const HELP: &str = "\
Fetches many pages of one host through one pool, then again without keep-alive, and says what the pool saved.

Usage: httpocean demo [OPTIONS]

      --requests N    how many pages (100)
      --rtt-ms MS     how far away the server seems: the time of a round trip (20)
      --url URL       fetch this, again and again, in place of the pages of a server inside this program;
                      with --rtt-ms it seems that much farther away
      --timeline FILE draw what both did: a page that shows which connection served what
      --transport std|mio, and every pool and time option of `httpocean get`
      --help          this text

Each page is a line: its number, status, length, the source port and the number of its connection,
whether that was new or reused, and the time that it took.

Example: httpocean demo --requests 20 --rtt-ms 50
";

/// What is fetched without keep-alive, at most: it is slow.
const SLOW_MOST: usize = 100;
/// About what that may take, in round trips of which a page without keep-alive needs some three.
const SLOW_TIME: Duration = Duration::from_secs(12);
const DEFAULT_RTT: Duration = Duration::from_millis(20);

struct Wish {
    requests: usize,
    rtt: Option<Duration>,
    url: Option<String>,
    picture: Option<Picture>,
    run: Run,
}

pub(crate) fn main(args: Parser) -> Done {
    match Wish::parse(args)? {
        Some(wish) => run(wish),
        None => Out::help(HELP),
    }
}

fn run(wish: Wish) -> Done {
    let (mut run, mut picture) = (wish.run, wish.picture);
    let site = match &wish.url {
        Some(url) => Site::elsewhere(url, wish.rtt, &mut run)?,
        None => Site::inside(wish.rtt.unwrap_or(DEFAULT_RTT), &mut run)?,
    };
    let slow = slow_pages(wish.requests, site.rtt());
    let mut out = Out::lock();
    out.line(format_args!("{}\n", site.introduction(wish.requests)))?;

    let timeline = picture.as_mut().map(|picture| picture.part("With a pool"));
    let client = run.observed_client(timeline)?;
    let pooled = pages::visit(&site, &client, wish.requests, slow, &mut out)?;
    drop(client);
    summary::totals(&pooled, &mut out)?;
    summary::cross_check(&pooled)?;

    note(format_args!("Now {slow} pages once more, without keep-alive ..."));
    run.pool.max_idle_per_key = 0;
    let timeline = picture.as_mut().map(|picture| picture.part("Without keep-alive"));
    let client = run.observed_client(timeline)?;
    let unpooled = pages::visit_silently(&site, &client, slow)?;
    picture.map_or(Ok(()), Picture::finish)?;
    summary::cross_check(&unpooled)?;
    summary::comparison(&site, &pooled.first, &unpooled.first, &mut out)
}

/// How many pages are fetched without keep-alive.
fn slow_pages(requests: usize, rtt: Option<Duration>) -> usize {
    let each = rtt.unwrap_or_default().max(Duration::from_millis(1)) * 3;
    let in_time = usize::try_from(SLOW_TIME.as_micros() / each.as_micros()).unwrap_or(SLOW_MOST);
    requests.min(SLOW_MOST).min(in_time.max(5))
}

impl Wish {
    fn parse(mut args: Parser) -> Done<Option<Self>> {
        let mut wish = Self { requests: 100, rtt: None, url: None, picture: None, run: Run::default() };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("requests") | Arg::Short('n') => {
                    wish.requests = match number("requests", &args.value()?.string()?)?.try_into() {
                        Ok(requests @ 1..=1_000_000) => requests,
                        _ => return Err(Stop::usage("--requests is between 1 and 1000000")),
                    };
                }
                Arg::Long("rtt-ms") => {
                    wish.rtt = match number("rtt-ms", &args.value()?.string()?)? {
                        ms @ 0..=10_000 => Some(Duration::from_millis(ms)),
                        _ => return Err(Stop::usage("--rtt-ms is at most 10000")),
                    };
                }
                Arg::Long("url") => wish.url = Some(args.value()?.string()?),
                Arg::Long("timeline") => {
                    wish.picture = Some(Picture::create(&args.value()?, "What a connection pool saves")?);
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long(flag) => {
                    let flag = flag.to_owned();
                    wish.run.take_flag(&flag, &mut args)?;
                }
                unknown @ (Arg::Short(_) | Arg::Value(_)) => return Err(unknown.unexpected().into()),
            }
        }
        wish.run = wish.run.without_upgrade()?;
        Ok(Some(wish))
    }
}
