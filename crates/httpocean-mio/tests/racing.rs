//! The addresses of a host race: one that is silent or refuses costs a moment, and not the request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use httpocean_mio::dial::{self, AddressFilter};
use httpocean_mio::{
    BodyPlan, Config, ErrorKind, Fault, Key, Loop, Observed, Observer, Options, Resolve, Sent, TransportError,
};
use httpocean_testkit::server::{Reply, Server};
use support::{fetch, full_listener, get, run, turn_until};

const URL: &str = "http://many.example/";
/// What a request may take beyond the delays that it has to wait for.
const MARGIN: Duration = Duration::from_millis(250);

/// Times are measured, and descriptors counted: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host of many addresses.
struct Host(Vec<SocketAddr>);

impl Resolve for Host {
    fn resolve(&self, _: &Key) -> io::Result<Vec<SocketAddr>> {
        Ok(self.0.clone())
    }
}

fn options(addresses: &[SocketAddr], dial: dial::Options) -> Options {
    let config = Arc::new(Config { dial, ..Config::default() });
    Options { resolver: Arc::new(Host(addresses.to_vec())), config, ..Options::default() }
}

fn looped(addresses: &[SocketAddr], dial: dial::Options) -> Loop {
    Loop::new(options(addresses, dial)).unwrap()
}

fn delay(millis: u64) -> dial::Options {
    dial::Options { attempt_delay: Duration::from_millis(millis), ..dial::Options::default() }
}

fn server() -> Server {
    Server::start(|_| Reply::ok("fine"))
}

/// Where nobody listens.
fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// How long a request takes, connecting included: the median of five.
fn median(addresses: &[SocketAddr], dial: &dial::Options) -> Duration {
    let mut took: Vec<Duration> = (0..5)
        .map(|_| {
            let mut looped = looped(addresses, dial.clone());
            let begun = Instant::now();
            assert_eq!(fetch(&mut looped, URL).text(), "fine");
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{took:?}");
    took[2]
}

#[test]
fn a_silent_first_address_costs_one_delay() {
    let _alone = alone();
    let ((_guard, silent), server) = (full_listener(), server());
    for (millis, dial) in [(250, dial::Options::default()), (20, delay(20))] {
        let took = median(&[silent, server.addr()], &dial);
        let delay = Duration::from_millis(millis);
        assert!(took >= delay, "the second address was not to be tried yet: {took:?}");
        assert!(took <= delay + MARGIN, "{took:?}");
    }
}

#[test]
fn five_silent_addresses_cost_five_delays() {
    let _alone = alone();
    let ((_guard, silent), server) = (full_listener(), server());
    let mut addresses = vec![silent; 5];
    addresses.push(server.addr());
    let took = median(&addresses, &delay(20));
    assert!((Duration::from_millis(100)..=Duration::from_millis(100) + MARGIN).contains(&took), "{took:?}");
}

#[test]
fn a_first_address_that_refuses_costs_nothing() {
    let _alone = alone();
    let server = server();
    let took = median(&[refusing(), server.addr()], &delay(10_000));
    assert!(took <= MARGIN, "{took:?}");
}

#[test]
fn the_time_of_one_address_is_kept() {
    let _alone = alone();
    let ((_guard, silent), server) = (full_listener(), server());
    let each = Duration::from_millis(60);
    // It ends before the delay does.
    let dial = dial::Options { connect_each: Some(each), ..delay(10_000) };
    let took = median(&[silent, server.addr()], &dial);
    assert!((each..=each + MARGIN).contains(&took), "{took:?}");
}

#[test]
fn when_all_refuse_the_error_lists_each_address() {
    let _alone = alone();
    let addresses = [refusing(), refusing()];
    let mut looped = looped(&addresses, dial::Options::default());
    let error = fetch(&mut looped, URL).error.unwrap();
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    let told: Vec<_> = error.attempts().iter().map(|failed| (failed.addr.unwrap(), failed.why)).collect();
    assert_eq!(told, addresses.map(|addr| (addr, TransportError::Refused)));
    for addr in addresses {
        assert!(error.to_string().contains(&format!("{addr} connection refused")), "{error}");
    }
    let stats = looped.client().stats();
    assert_eq!((stats.open, stats.dials_failed), (0, 1));
}

#[test]
fn the_time_of_all_addresses_is_kept_and_told() {
    let _alone = alone();
    let (_guard, silent) = full_listener();
    let limit = Duration::from_millis(200);
    let dial = dial::Options { connect: Some(limit), ..delay(50) };
    let mut looped = looped(&[refusing(), silent, silent], dial);
    let begun = Instant::now();
    let error = fetch(&mut looped, URL).error.unwrap();
    let took = begun.elapsed();
    assert!((limit..=limit + MARGIN).contains(&took), "{took:?}");
    assert!(error.is_timeout() && error.is_connect(), "{error}");
    let reasons: Vec<_> = error.attempts().iter().map(|failed| failed.why).collect();
    assert_eq!(reasons, [TransportError::Refused, TransportError::TimedOut, TransportError::TimedOut]);
    assert_eq!(looped.client().stats().open, 0);
}

/// Sockets of this process that are on their way or connected to `addr`, by either of their ends.
#[cfg(target_os = "linux")]
fn sockets_to(addr: SocketAddr) -> usize {
    use std::net::IpAddr;
    let IpAddr::V4(ip) = addr.ip() else { panic!("{addr} is not of IPv4") };
    let wanted = format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), addr.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // Its peer, in the states ESTABLISHED and SYN_SENT.
    let fields = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|fields| fields[2] == wanted && ["01", "02"].contains(&fields[3])).count()
}

#[cfg(target_os = "linux")]
#[test]
fn the_losers_are_closed_and_the_winner_is_kept() {
    let _alone = alone();
    let ((_guard, silent), server) = (full_listener(), server());
    let before = sockets_to(silent);
    let mut looped = looped(&[silent, silent, server.addr()], delay(20));
    let call = looped.client().start(get(URL), BodyPlan::empty()).unwrap();
    let both = turn_until(&mut looped, |_| sockets_to(silent) == before + 2);
    assert!(both, "the silent addresses race");
    assert_eq!(run(&mut looped).remove(&call).unwrap().text(), "fine");
    assert_eq!(sockets_to(silent), before, "the losers are closed");
    for _ in 0..2 {
        assert_eq!(fetch(&mut looped, URL).text(), "fine");
    }
    let stats = looped.client().stats();
    assert_eq!((stats.connections_opened, stats.open, stats.idle), (1, 1, 1));
    assert_eq!(server.stats().accepted, 1);
    drop(looped);
    assert!(server.wait_for(support::PATIENCE, |stats| stats.open == 0));
}

/// Counts the connections that were made.
#[derive(Default)]
struct Dialed(Mutex<usize>);

impl Observer for Dialed {
    fn observe(&self, what: &Observed<'_>) {
        *self.0.lock().unwrap() += usize::from(matches!(what, Observed::Dialed { .. }));
    }
}

#[test]
fn a_filter_that_refuses_loopback_makes_no_connection() {
    let _alone = alone();
    let server = server();
    let port = server.addr().port();
    let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().unwrap();
    let filter = AddressFilter::new(|addr| !addr.ip().is_loopback());
    let dialed = Arc::new(Dialed::default());
    let options = options(&[server.addr(), mapped], dial::Options { filter, ..dial::Options::default() });
    let mut looped = Loop::new(Options { observer: Some(dialed.clone()), ..options }).unwrap();
    for host in ["127.0.0.1", "many.example", "[::ffff:127.0.0.1]"] {
        let error = fetch(&mut looped, &format!("http://{host}:{port}/")).error.unwrap();
        assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered), "{host}");
        assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!((server.stats().accepted, looped.client().stats().open), (0, 0));
    assert_eq!(*dialed.0.lock().unwrap(), 0);
}

#[test]
fn a_filter_takes_its_addresses_out_of_the_race() {
    let _alone = alone();
    let ((_guard, silent), server) = (full_listener(), server());
    let filter = AddressFilter::new(move |addr| *addr != silent);
    let took = median(&[silent, server.addr()], &dial::Options { filter, ..delay(10_000) });
    assert!(took <= MARGIN, "{took:?}");
}

#[test]
fn a_filter_that_panics_lets_nobody_through_and_costs_no_slot() {
    let _alone = alone();
    std::panic::set_hook(Box::new(|_| ()));
    let server = server();
    let filter = AddressFilter::new(|_| panic!("this filter panics"));
    let options = options(&[server.addr()], dial::Options { filter, ..dial::Options::default() });
    let mut looped = Loop::new(options).unwrap();
    let errors = [URL.to_owned(), server.url("/")].map(|url| fetch(&mut looped, &url).error.unwrap());
    let _ = std::panic::take_hook();
    for error in errors {
        assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    }
    assert_eq!((server.stats().accepted, looped.client().stats().open), (0, 0));
}
