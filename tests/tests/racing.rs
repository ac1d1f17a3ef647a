//! The addresses of a host race: one that is silent or refuses costs a moment, and not the request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use httpocean_std::dial::{AddressFilter, Options, Route};
use httpocean_std::{
    Client, Connect, Connecting, ErrorKind, Fault, Key, Sent, Started, TcpConnector, Transport,
    TransportError,
};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Hanging, at_rest, get, lock, wait_for_open};

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

/// Where nobody listens.
fn refusing() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn delay(millis: u64) -> Options {
    Options { attempt_delay: Duration::from_millis(millis), ..Options::default() }
}

/// How long a request takes, connecting included: the median of five.
fn median(addresses: &[SocketAddr], options: &Options) -> Duration {
    let mut took: Vec<Duration> = (0..5)
        .map(|_| {
            let client = Client::builder().connector(Host::of(addresses)).dial(options.clone()).build();
            let begun = Instant::now();
            assert_eq!(get(&client, URL), "fine");
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{took:?}");
    took[2]
}

#[test]
fn a_silent_first_address_costs_one_delay() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    for (millis, options) in [(250, Options::default()), (20, delay(20))] {
        let took = median(&[hanging.addr(), server.addr()], &options);
        let delay = Duration::from_millis(millis);
        assert!(took >= delay, "the second address was not to be tried yet: {took:?}");
        assert!(took <= delay + MARGIN, "{took:?}");
    }
}

#[test]
fn five_silent_addresses_cost_five_delays() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let mut addresses = vec![hanging.addr(); 5];
    addresses.push(server.addr());
    let took = median(&addresses, &delay(20));
    assert!((Duration::from_millis(100)..=Duration::from_millis(100) + MARGIN).contains(&took), "{took:?}");
}

#[test]
fn a_first_address_that_refuses_costs_nothing() {
    let _alone = lock(&ALONE);
    let server = server();
    let took = median(&[refusing(), server.addr()], &delay(10_000));
    assert!(took <= MARGIN, "{took:?}");
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
fn when_all_refuse_the_error_lists_each_address() {
    let _alone = lock(&ALONE);
    let addresses = [refusing(), refusing()];
    let client = Client::builder().connector(Host::of(&addresses)).build();
    let error = client.get(URL).unwrap().send().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    let told: Vec<_> = error.attempts().iter().map(|failed| (failed.addr.unwrap(), failed.why)).collect();
    assert_eq!(told, addresses.map(|addr| (addr, TransportError::Refused)));
    for addr in addresses {
        assert!(error.to_string().contains(&format!("{addr} connection refused")), "{error}");
    }
    assert_eq!(std::error::Error::source(&error).unwrap().to_string().split(' ').next(), Some("Connection"));
    assert_eq!(at_rest(&client).open, 0);
}

#[test]
fn the_time_of_all_addresses_is_kept_and_told() {
    let _alone = lock(&ALONE);
    let hanging = Hanging::new();
    let addresses = [refusing(), hanging.addr(), hanging.addr()];
    let host = Host::of(&addresses);
    let open = host.open.clone();
    let limit = Duration::from_millis(200);
    let client =
        Client::builder().connector(host).dial(Options { connect: Some(limit), ..delay(50) }).build();
    let begun = Instant::now();
    let error = client.get(URL).unwrap().send().unwrap_err();
    let took = begun.elapsed();
    assert!((limit..=limit + MARGIN).contains(&took), "{took:?}");
    assert!(error.is_timeout() && error.is_connect(), "{error}");
    let reasons: Vec<_> = error.attempts().iter().map(|failed| failed.why).collect();
    assert_eq!(reasons, [TransportError::Refused, TransportError::TimedOut, TransportError::TimedOut]);
    assert!(std::error::Error::source(&error).is_none(), "the refusal was not the cause");
    assert_eq!((at_rest(&client).open, open.load(SeqCst)), (0, 0));
}

#[test]
fn the_time_of_one_address_is_kept() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let each = Duration::from_millis(60);
    // It ends before the delay does.
    let options = Options { connect_each: Some(each), ..delay(10_000) };
    let took = median(&[hanging.addr(), server.addr()], &options);
    assert!((each..=each + MARGIN).contains(&took), "{took:?}");
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

#[test]
fn a_filter_that_refuses_loopback_makes_no_connection() {
    let _alone = lock(&ALONE);
    let server = server();
    let filter = AddressFilter::new(|addr| !addr.ip().is_loopback());
    let client = Client::builder().dial(Options { filter, ..Options::default() }).build();
    let port = server.addr().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let error = client.get(format!("http://{host}:{port}/")).unwrap().send().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered), "{host}");
        assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!((server.stats().accepted, at_rest(&client).open), (0, 0));
}

#[test]
fn a_filter_takes_its_addresses_out_of_the_race() {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let bad = hanging.addr();
    let filter = AddressFilter::new(move |addr| *addr != bad);
    let took = median(&[bad, server.addr()], &Options { filter, ..delay(10_000) });
    assert!(took <= MARGIN, "{took:?}");
}

#[test]
fn a_filter_that_panics_lets_nobody_through_and_costs_no_slot() {
    let _alone = lock(&ALONE);
    std::panic::set_hook(Box::new(|_| ()));
    let server = server();
    let filter = AddressFilter::new(|_| panic!("this filter panics"));
    let client = Client::builder().dial(Options { filter, ..Options::default() }).build();
    let error = client.get(server.url("/")).unwrap().send().unwrap_err();
    let _ = std::panic::take_hook();
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    assert_eq!((server.stats().accepted, at_rest(&client).open), (0, 0));
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
    httpocean_tests::wait_until("those of another test have ended", || dial_threads() == 0);
    let hanging = Hanging::new();
    let host = Host::of(&[hanging.addr(); 20]);
    let open = host.open.clone();
    let limit = Some(Duration::from_secs(1));
    let client = Client::builder().connector(host).dial(Options { connect: limit, ..delay(10) }).build();
    let before = threads();
    std::thread::scope(|scope| {
        let request = scope.spawn(|| client.get(URL).unwrap().send());
        httpocean_tests::wait_until("all addresses race", || open.load(SeqCst) == 20);
        // The one that asked, and the one that dials.
        assert_eq!((dial_threads(), threads() - before), (1, 2));
        assert_eq!(request.join().unwrap().unwrap_err().attempts().len(), 20);
    });
    assert_eq!(open.load(SeqCst), 0);
}
