//! The addresses of a host race: one that is silent or refuses costs a moment, and not the request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use httpocean_std::dial::{AddressFilter, Options};
use httpocean_std::{ErrorKind, Fault, Sent, TransportError};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Hanging, Names, On, at_rest, get, lock, on_both_adapters, wait_for_open};

on_both_adapters!(
    "addresses":
    a_silent_first_address_costs_one_delay,
    five_silent_addresses_cost_five_delays,
    a_first_address_that_refuses_costs_nothing,
    the_winner_is_kept_and_nothing_else,
    when_all_refuse_the_error_lists_each_address,
    the_time_of_all_addresses_is_kept_and_told,
    the_time_of_one_address_is_kept,
    a_filter_that_refuses_loopback_makes_no_connection,
    a_request_that_brings_a_filter_of_its_own_is_refused,
    a_filter_takes_its_addresses_out_of_the_race,
    a_filter_that_panics_lets_nobody_through_and_costs_no_slot,
);

/// Times and threads are measured: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

const URL: &str = "http://many.example/";
/// What a request may take beyond the delays that it has to wait for.
const MARGIN: Duration = Duration::from_millis(250);

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
fn median(on: On, addresses: &[SocketAddr], options: &Options) -> Duration {
    let mut took: Vec<Duration> = (0..5)
        .map(|_| {
            let client = on.builder().names(&Names::at(addresses)).dial(options.clone()).build();
            let begun = Instant::now();
            assert_eq!(get(&client, URL), "fine");
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{took:?}");
    took[2]
}

fn a_silent_first_address_costs_one_delay(on: On) {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    for (millis, options) in [(250, Options::default()), (20, delay(20))] {
        let took = median(on, &[hanging.addr(), server.addr()], &options);
        let delay = Duration::from_millis(millis);
        assert!(took >= delay, "the second address was not to be tried yet: {took:?}");
        assert!(took <= delay + MARGIN, "{took:?}");
    }
}

fn five_silent_addresses_cost_five_delays(on: On) {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let mut addresses = vec![hanging.addr(); 5];
    addresses.push(server.addr());
    let took = median(on, &addresses, &delay(20));
    assert!((Duration::from_millis(100)..=Duration::from_millis(100) + MARGIN).contains(&took), "{took:?}");
}

fn a_first_address_that_refuses_costs_nothing(on: On) {
    let _alone = lock(&ALONE);
    let server = server();
    let took = median(on, &[refusing(), server.addr()], &delay(10_000));
    assert!(took <= MARGIN, "{took:?}");
}

fn the_winner_is_kept_and_nothing_else(on: On) {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let names = Names::at(&[hanging.addr(), hanging.addr(), server.addr()]);
    let client = on.builder().names(&names).dial(delay(20)).build();
    for _ in 0..3 {
        assert_eq!(get(&client, URL), "fine");
    }
    let stats = at_rest(&client);
    assert_eq!((stats.open, stats.connections_opened, server.stats().accepted), (1, 1, 1));
    drop(client);
    wait_for_open(&server, 0);
}

fn when_all_refuse_the_error_lists_each_address(on: On) {
    let _alone = lock(&ALONE);
    let addresses = [refusing(), refusing()];
    let client = on.builder().names(&Names::at(&addresses)).build();
    let error = client.get(URL).send().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    let told: Vec<_> = error.attempts().iter().map(|failed| (failed.addr.unwrap(), failed.why)).collect();
    assert_eq!(told, addresses.map(|addr| (addr, TransportError::Refused)));
    for addr in addresses {
        assert!(error.to_string().contains(&format!("{addr} connection refused")), "{error}");
    }
    assert_eq!(at_rest(&client).open, 0);
}

fn the_time_of_all_addresses_is_kept_and_told(on: On) {
    let _alone = lock(&ALONE);
    let hanging = Hanging::new();
    let addresses = [refusing(), hanging.addr(), hanging.addr()];
    let limit = Duration::from_millis(200);
    let client = on
        .builder()
        .names(&Names::at(&addresses))
        .dial(Options { connect: Some(limit), ..delay(50) })
        .build();
    let begun = Instant::now();
    let error = client.get(URL).send().unwrap_err();
    let took = begun.elapsed();
    assert!((limit..=limit + MARGIN).contains(&took), "{took:?}");
    assert!(error.is_timeout() && error.is_connect(), "{error}");
    let reasons: Vec<_> = error.attempts().iter().map(|failed| failed.why).collect();
    assert_eq!(reasons, [TransportError::Refused, TransportError::TimedOut, TransportError::TimedOut]);
    assert!(std::error::Error::source(&error).is_none(), "the refusal was not the cause");
    assert_eq!(at_rest(&client).open, 0);
}

fn the_time_of_one_address_is_kept(on: On) {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let each = Duration::from_millis(60);
    // It ends before the delay does.
    let options = Options { connect_each: Some(each), ..delay(10_000) };
    let took = median(on, &[hanging.addr(), server.addr()], &options);
    assert!((each..=each + MARGIN).contains(&took), "{took:?}");
}

fn a_filter_that_refuses_loopback_makes_no_connection(on: On) {
    let _alone = lock(&ALONE);
    let server = server();
    let filter = AddressFilter::new(|addr| !addr.ip().is_loopback());
    let client = on.builder().dial(Options { filter, ..Options::default() }).build();
    let port = server.addr().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let error = client.get(format!("http://{host}:{port}/")).send().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered), "{host}");
        assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!((server.stats().accepted, at_rest(&client).open), (0, 0));
}

/// Its connection may be one that others caused: to heed the filter in some cases only would be worse.
fn a_request_that_brings_a_filter_of_its_own_is_refused(on: On) {
    let server = server();
    let filter = AddressFilter::new(|addr| !addr.ip().is_loopback());
    let strict = Options { filter, ..Options::default() };
    let client = on.client();
    let error = client.get(server.url("/")).change(|config| config.dial = strict.clone()).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
    assert_eq!(server.stats().accepted, 0);
    // One that brings none, or the client's, has the client's.
    let client = on.builder().dial(strict).build();
    for own in [client.get(server.url("/")).change(|config| config.dial = Options::default()), {
        client.get(server.url("/")).change(|config| config.partition = 1)
    }] {
        let error = own.send().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    }
    assert_eq!((server.stats().accepted, at_rest(&client).open), (0, 0));
}

fn a_filter_takes_its_addresses_out_of_the_race(on: On) {
    let _alone = lock(&ALONE);
    let (hanging, server) = (Hanging::new(), server());
    let bad = hanging.addr();
    let filter = AddressFilter::new(move |addr| *addr != bad);
    let took = median(on, &[bad, server.addr()], &Options { filter, ..delay(10_000) });
    assert!(took <= MARGIN, "{took:?}");
}

fn a_filter_that_panics_lets_nobody_through_and_costs_no_slot(on: On) {
    let _alone = lock(&ALONE);
    std::panic::set_hook(Box::new(|_| ()));
    let server = server();
    let filter = AddressFilter::new(|_| panic!("this filter panics"));
    let client = on.builder().dial(Options { filter, ..Options::default() }).build();
    let error = client.get(server.url("/")).send().unwrap_err();
    let _ = std::panic::take_hook();
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    assert_eq!((server.stats().accepted, at_rest(&client).open), (0, 0));
}
