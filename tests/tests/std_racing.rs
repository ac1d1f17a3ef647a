//! The race of a host's addresses as a connector of one's own sees it: what it begins is finished or given up.
//!
//! Alone with httpocean-std: the other adapter takes no connector from its user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use httpocean_std::dial::{Options, Route};
use httpocean_std::{Client, Connect, Connecting, Key, Started, TcpConnector, Transport};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::std_alone::{at_rest, get};
use httpocean_tests::{Hanging, lock, wait_for_open, wait_until};

/// Times and threads are measured: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

const URL: &str = "http://many.example/";
/// What a request may take beyond the delays that it has to wait for.
const MARGIN: Duration = Duration::from_millis(250);

/// A host of many addresses.
struct Host {
    addresses: Vec<SocketAddr>,
    tcp: TcpConnector,
    races: bool,
    started: Arc<AtomicUsize>,
    /// Attempts that are neither finished nor given up.
    open: Arc<AtomicUsize>,
}

impl Host {
    fn of(addresses: &[SocketAddr]) -> Self {
        Self {
            addresses: addresses.to_vec(),
            tcp: TcpConnector::default(),
            races: true,
            started: Arc::default(),
            open: Arc::default(),
        }
    }
}

impl Connect for Host {
    fn resolve(&self, _: &Key, _: Option<Instant>) -> io::Result<Route> {
        Ok(Route::Addresses(self.addresses.iter().copied().collect()))
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        self.tcp.connect(key, addr, until)
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        self.started.fetch_add(1, SeqCst);
        if !self.races {
            return Ok(Started::Blocking);
        }
        Ok(match self.tcp.start(key, addr)? {
            Started::Connecting(inner) => {
                self.open.fetch_add(1, SeqCst);
                Started::Connecting(Box::new(Counted { inner: Some(inner), open: self.open.clone() }))
            }
            other @ (Started::Connected(_) | Started::Blocking) => other,
        })
    }
}

struct Counted {
    inner: Option<Box<dyn Connecting>>,
    open: Arc<AtomicUsize>,
}

impl Connecting for Counted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_ref().unwrap().as_fd()
    }

    fn finish(mut self: Box<Self>) -> io::Result<Box<dyn Transport>> {
        self.inner.take().unwrap().finish()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, SeqCst);
    }
}

fn server() -> Server {
    Server::start(|_| Reply::ok("fine"))
}

fn delay(millis: u64) -> Options {
    Options { attempt_delay: Duration::from_millis(millis), ..Options::default() }
}

#[test]
fn the_losers_are_closed_and_the_winner_is_kept() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let host = Host::of(&[hanging.addr(), hanging.addr(), server.addr()]);
    let (started, open) = (host.started.clone(), host.open.clone());
    let client = Client::builder().connector(host).dial(delay(20)).build();
    for _ in 0..3 {
        assert_eq!(get(&client, URL), "fine");
    }
    assert_eq!((started.load(SeqCst), open.load(SeqCst)), (3, 0));
    assert_eq!((at_rest(&client).idle, server.stats().accepted), (1, 1));
    drop(client);
    wait_for_open(&server, 0);
}

#[test]
fn what_the_system_says_is_the_source_of_an_error() {
    let _alone = lock(&ALONE);
    let url = httpocean_tests::refusing_url("/");
    let error = Client::new().get(url).unwrap().send().unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().starts_with("Connection refused"));
}

#[test]
fn a_connector_that_blocks_has_one_address_tried_after_the_other() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let host = Host { races: false, ..Host::of(&[hanging.addr(), server.addr()]) };
    let each = Duration::from_millis(100);
    let options = Options { connect_each: Some(each), ..delay(20) };
    let client = Client::builder().connector(host).dial(options).build();
    let begun = Instant::now();
    assert_eq!(get(&client, URL), "fine");
    let took = begun.elapsed();
    assert!((each..=each + MARGIN).contains(&took), "{took:?}");
}

/// Panics at one step of connecting to the first address.
struct Panics {
    host: Host,
    at: &'static str,
}

struct PanicsLater(Option<Box<dyn Connecting>>, &'static str);

impl Connect for Panics {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        self.host.resolve(key, until)
    }

    fn connect(&self, _: &Key, _: Option<SocketAddr>, _: Option<Instant>) -> io::Result<Box<dyn Transport>> {
        panic!("it is never asked for")
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        if addr != Some(self.host.addresses[0]) {
            return self.host.start(key, addr);
        }
        assert_ne!(self.at, "start", "as the test wants it");
        match self.host.start(key, addr)? {
            Started::Connecting(inner) => {
                Ok(Started::Connecting(Box::new(PanicsLater(Some(inner), self.at))))
            }
            other @ (Started::Connected(_) | Started::Blocking) => Ok(other),
        }
    }
}

impl Connecting for PanicsLater {
    fn as_fd(&self) -> BorrowedFd<'_> {
        assert_ne!(self.1, "as_fd", "as the test wants it");
        self.0.as_ref().unwrap().as_fd()
    }

    fn finish(mut self: Box<Self>) -> io::Result<Box<dyn Transport>> {
        assert_ne!(self.1, "finish", "as the test wants it");
        self.0.take().unwrap().finish()
    }
}

impl Drop for PanicsLater {
    fn drop(&mut self) {
        assert!(self.1 != "drop" || std::thread::panicking(), "as the test wants it");
    }
}

#[test]
fn an_attempt_that_panics_is_one_that_failed() {
    let _alone = lock(&ALONE);
    std::panic::set_hook(Box::new(|_| ()));
    let (hanging, other, server) = (Hanging::new(), server(), server());
    for (at, first) in [
        ("start", hanging.addr()),
        ("as_fd", hanging.addr()),
        ("finish", other.addr()),
        ("drop", hanging.addr()),
    ] {
        let host = Host::of(&[first, server.addr()]);
        let open = host.open.clone();
        let client = Client::builder().connector(Panics { host, at }).dial(delay(20)).build();
        let result = client.get(URL).unwrap().send();
        // Whoever panics while it is dropped takes its dial along, but no slot.
        assert_eq!(result.is_ok(), at != "drop", "{at}: {result:?}");
        drop(result);
        client.clear_idle();
        assert_eq!((at_rest(&client).open, open.load(SeqCst)), (0, 0), "{at}");
    }
    let _ = std::panic::take_hook();
}

#[cfg(target_os = "linux")]
#[test]
fn a_race_of_many_addresses_takes_one_thread() {
    fn dial_threads() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "httpocean-dial").count()
    }
    fn threads() -> usize {
        std::fs::read_dir("/proc/self/task").unwrap().count()
    }
    let _alone = lock(&ALONE);
    wait_until("those of another test have ended", || dial_threads() == 0);
    let hanging = Hanging::new();
    let host = Host::of(&[hanging.addr(); 20]);
    let open = host.open.clone();
    let limit = Some(Duration::from_secs(1));
    let client = Client::builder().connector(host).dial(Options { connect: limit, ..delay(10) }).build();
    let before = threads();
    std::thread::scope(|scope| {
        let request = scope.spawn(|| client.get(URL).unwrap().send());
        wait_until("all addresses race", || open.load(SeqCst) == 20);
        // The one that asked, and the one that dials.
        assert_eq!((dial_threads(), threads() - before), (1, 2));
        assert_eq!(request.join().unwrap().unwrap_err().attempts().len(), 20);
    });
    assert_eq!(open.load(SeqCst), 0);
}
