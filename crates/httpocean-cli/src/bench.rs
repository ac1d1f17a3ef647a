//! `httpocean bench`: N requests, and nothing but them.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use httpocean_mio::{BodyPlan, Event, Loop};
use httpocean_std::http::header::{ACCEPT, HeaderValue};
use httpocean_std::http::{Request, StatusCode, Uri};
use httpocean_std::{Body, Client, Config, Contention, Stats};
use lexopt::{Arg, Parser, ValueExt};

use crate::options::flags::{number, whole};
use crate::options::{Run, Transport};
use crate::output::{Out, note};
use crate::stop::{Done, Stop};
use crate::threads;

const HELP: &str = "\
Fetches a URL N times over one client, one after the other or M at a time, reads each body in full, and
prints `ok N BYTES SECONDS`. A status other than 2xx ends it, as any failure does.

Usage: httpocean bench URL N [M] [OPTIONS]

      --idle K        before that, one request on each of K other connections, each with a key
                      of its own in the pool, which stay idle (0)
      --ready K       before that, connections are made ahead until K of the URL's own key are idle (0)
      --contention    a second line: what one request took of the locks that the M threads share, and how often
                      one of them slept and woke (with --transport std)
      --transport std|mio, and every pool and time option of `httpocean get`
      --help          this text

Example: httpocean bench http://127.0.0.1:8080/ 10000 4
";

const BUFFER: usize = 256 * 1024;
/// The pool's bounds, unless the user sets them: what is measured is not a wait for a place.
const ROOM: usize = 4096;
/// From one look whether connections are there to the next.
const LOOK: Duration = Duration::from_millis(1);

struct Plan {
    uri: Uri,
    requests: usize,
    threads: usize,
    idle: usize,
    ready: usize,
    contention: bool,
    run: Run,
}

/// What a bench came to.
struct Sum {
    bytes: u64,
    seconds: f64,
    /// While it ran, where there are threads to meet.
    contention: Option<Contention>,
}

pub(crate) fn main(args: Parser) -> Done {
    match Plan::parse(args)? {
        Some(plan) => run(&plan),
        None => Out::help(HELP),
    }
}

fn run(plan: &Plan) -> Done {
    let sum = match plan.run.transport {
        Transport::Std => on_threads(plan)?,
        Transport::Mio => on_a_loop(plan)?,
    };
    let mut out = Out::lock();
    out.line(format_args!("ok {} {} {:.6}", plan.requests, sum.bytes, sum.seconds))?;
    match sum.contention.filter(|_| plan.contention) {
        Some(contention) => Ok(out.line(PerRequest(contention, plan.requests))?),
        None => Ok(()),
    }
}

/// What one request took of what threads share.
struct PerRequest(Contention, usize);

impl fmt::Display for PerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Contention { locks, waits, sleeps, wakes }, requests) = *self;
        let each = |count: u64| count as f64 / requests.max(1) as f64;
        write!(f, "a request: {:.3} locks taken, {:.4} of them waited for, ", each(locks), each(waits))?;
        write!(f, "{:.4} sleeps for a connection, {:.4} wake-ups", each(sleeps), each(wakes))
    }
}

fn since(before: Contention, now: Contention) -> Contention {
    Contention {
        locks: now.locks - before.locks,
        waits: now.waits - before.waits,
        sleeps: now.sleeps - before.sleeps,
        wakes: now.wakes - before.wakes,
    }
}

fn on_threads(plan: &Plan) -> Done<Sum> {
    let client = plan.run.std_client()?;
    for config in others(client.config(), plan.idle) {
        let mut request = get(&plan.uri, Body::empty());
        request.extensions_mut().insert(config);
        let mut response = client.send(request).map_err(failed)?;
        response.body_mut().read_to_vec(u64::MAX).map_err(failed)?;
    }
    client.preconnect(plan.uri.to_string(), plan.ready).map_err(failed)?;
    while !plan.is_ready(&client.stats())? {
        thread::sleep(LOOK);
    }
    let bytes = AtomicU64::new(0);
    let (before, started) = (client.contention(), Instant::now());
    threads::share(plan.threads, plan.threads, |thread| {
        let own = plan.requests / plan.threads + usize::from(thread < plan.requests % plan.threads);
        bytes.fetch_add(fetch(&client, &plan.uri, own)?, Relaxed);
        Ok(())
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let contention = Some(since(before, client.contention()));
    Ok(Sum { bytes: bytes.into_inner(), seconds, contention })
}

/// The loop that is measured; the bytes of all bodies.
fn fetch(client: &Client, uri: &Uri, times: usize) -> Done<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    for _ in 0..times {
        let mut response = client.send(get(uri, Body::empty())).map_err(failed)?;
        check(uri, response.status())?;
        loop {
            match response.body_mut().read(&mut buffer).map_err(failed)? {
                0 => break,
                n => bytes += n as u64,
            }
        }
    }
    Ok(bytes)
}

/// As many at a time, all on this thread.
fn on_a_loop(plan: &Plan) -> Done<Sum> {
    let mut looped = Loop::new(plan.run.mio_options()?)?;
    for config in others(&looped.client().config().clone(), plan.idle) {
        let mut request = get(&plan.uri, ());
        request.extensions_mut().insert(config);
        looped.client().start(request, BodyPlan::empty()).map_err(failed)?;
        while looped.next_event()?.is_some() {}
    }
    looped.client().preconnect(&plan.uri, plan.ready).map_err(failed)?;
    while !plan.is_ready(&looped.client().stats())? {
        looped.turn(Some(LOOK))?;
        while looped.client().next_event().is_some() {}
    }
    let started = Instant::now();
    let start = |looped: &mut Loop| {
        looped.client().start(get(&plan.uri, ()), BodyPlan::empty()).map(drop).map_err(failed)
    };
    let mut left = plan.requests;
    for _ in 0..plan.threads.min(plan.requests) {
        start(&mut looped)?;
        left -= 1;
    }
    let mut bytes = 0;
    while let Some((_, event)) = looped.next_event()? {
        let ended = match event {
            Event::Head(head) => {
                check(&plan.uri, head.status())?;
                false
            }
            Event::Data(data) => {
                bytes += data.len() as u64;
                false
            }
            Event::Failed(error) => return Err(failed(error)),
            Event::End { .. } | Event::Upgraded(_) => true,
            Event::Hop(_) | Event::Interim(_) | Event::Passing(_) | Event::NeedBody { .. } => false,
        };
        if ended && left > 0 {
            left -= 1;
            start(&mut looped)?;
        }
    }
    Ok(Sum { bytes, seconds: started.elapsed().as_secs_f64(), contention: None })
}

/// Made anew each time, as programs do.
fn get<B>(uri: &Uri, body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.uri_mut() = uri.clone();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
    request
}

/// Options of requests that share a connection with none but their own kind.
fn others(config: &Config, count: usize) -> impl Iterator<Item = Arc<Config>> {
    (1..=count as u64).map(|partition| Arc::new(Config { partition, ..config.clone() }))
}

fn check(uri: &Uri, status: StatusCode) -> Done {
    if status.is_success() {
        return Ok(());
    }
    note(format_args!("httpocean: {uri}: {status}"));
    Err(Stop::Failed)
}

fn failed(failure: impl fmt::Display) -> Stop {
    note(format_args!("httpocean: {failure}"));
    Stop::Failed
}

impl Plan {
    /// Whether the connections are there that were to be made ahead.
    fn is_ready(&self, stats: &Stats) -> Done<bool> {
        let there = stats.idle.saturating_sub(self.idle);
        if there < self.ready && stats.dialing == 0 {
            note(format_args!("httpocean: of {} connections {there} could be made ahead", self.ready));
            return Err(Stop::Failed);
        }
        Ok(there >= self.ready)
    }

    fn parse(mut args: Parser) -> Done<Option<Self>> {
        let mut values = Vec::new();
        let mut run = Run::default().wide_enough(ROOM);
        let (mut idle, mut ready, mut contention) = (0, 0, false);
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Value(value) => values.push(value.string()?),
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("contention") => contention = true,
                Arg::Long("idle") => {
                    let value = args.value()?.string()?;
                    idle = usize::try_from(number("idle", &value)?).unwrap_or(usize::MAX);
                    run = run.wide_enough(ROOM.saturating_add(idle));
                }
                Arg::Long("ready") => {
                    let value = args.value()?.string()?;
                    ready = usize::try_from(number("ready", &value)?).unwrap_or(usize::MAX);
                    run = run.wide_enough(ROOM.saturating_add(ready));
                }
                Arg::Long(flag) => {
                    let flag = flag.to_owned();
                    run.take_flag(&flag, &mut args)?;
                }
                unknown @ Arg::Short(_) => return Err(unknown.unexpected().into()),
            }
        }
        let (url, requests, at_a_time) = match values.as_slice() {
            [url, requests] => (url, requests, "1"),
            [url, requests, at_a_time] => (url, requests, at_a_time.as_str()),
            _ => {
                return Err(Stop::usage(
                    "bench takes a URL, a number of requests, and maybe a number at a time",
                ));
            }
        };
        let uri = url.parse().map_err(|_| Stop::usage(format!("`{url}` is no URL")))?;
        let requests = usize::try_from(whole("N, how many requests, is", requests)?).unwrap_or(usize::MAX);
        let at_a_time = usize::try_from(whole("M, how many at a time, is", at_a_time)?).unwrap_or(usize::MAX);
        if !(1..=threads::MOST).contains(&at_a_time) {
            return Err(Stop::usage(format!("M, how many at a time, is between 1 and {}", threads::MOST)));
        }
        let run = run.without_upgrade()?;
        if contention && run.transport == Transport::Mio {
            return Err(Stop::usage("a mio client has one thread: --contention is for --transport std"));
        }
        Ok(Some(Self { uri, requests, threads: at_a_time, idle, ready, contention, run }))
    }
}
