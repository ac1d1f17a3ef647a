//! A host that is pinned is not looked up, and its request stays what it was.
#![allow(clippy::unwrap_used)]

mod dialing;

use std::net::SocketAddr;
use std::sync::Arc;

use dialing::{addr, fails, ms};
use httpocean_core::dial::{AddressFilter, Options, Pins};
use httpocean_core::{Config, Dial, DialStep, ErrorKind, Io, Key, Phase, TransportError};

fn pinned(host_port: &str, addresses: impl IntoIterator<Item = SocketAddr>) -> Options {
    Options { pins: Pins::default().pin(host_port, addresses).unwrap(), ..Options::default() }
}

fn dial(url: &str, options: Options) -> Dial {
    let config = Config { dial: options, ..Config::default() };
    Dial::new(&Key::of(&url.parse().unwrap()).unwrap(), &Arc::new(config), ms(0))
}

/// What it says first.
fn first(url: &str, options: Options) -> String {
    format!("{:?}", dial(url, options).step(&mut Io::default(), ms(0)))
}

#[test]
fn its_addresses_race_without_a_look_up() {
    let mut dial = dial("http://example.com/", pinned("example.com:80", [addr(0), addr(1)]));
    for number in 0..2 {
        let DialStep::Connect { attempt, addr: Some(to) } = dial.step(&mut Io::default(), ms(0)) else {
            panic!("it connects")
        };
        assert_eq!((attempt, to), (number, addr(usize::from(number))));
        dial.connected(attempt, Err(TransportError::Refused), ms(0));
    }
    assert_eq!(fails(&mut dial, ms(0)).attempts().len(), 2);
}

#[test]
fn a_host_is_one_however_it_is_spelled() {
    for url in ["http://EXAMPLE.com", "http://example.com:80", "http://example.com:080/path"] {
        assert!(first(url, pinned("Example.COM:80", [addr(0)])).starts_with("Connect"), "{url}");
    }
    assert!(first("http://[2001:DB8::1]", pinned("[2001:db8:0::1]:80", [addr(0)])).contains("192.0.0.0"));
    assert!(first("http://10.0.0.1", pinned("10.0.0.1:80", [addr(0)])).contains("192.0.0.0"));
}

#[test]
fn another_port_is_another_place() {
    assert_eq!(first("http://example.com:81", pinned("example.com:80", [addr(0)])), "Resolve");
    assert_eq!(first("http://www.example.com", pinned("example.com:80", [addr(0)])), "Resolve");
}

#[test]
fn a_host_that_is_pinned_to_nothing_is_not_found() {
    let error = fails(&mut dial("http://example.com", pinned("example.com:80", [])), ms(0));
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::NotFound));
    assert_eq!(error.phase(), Phase::Resolve);
}

#[test]
fn what_the_filter_refuses_is_refused_all_the_same() {
    let filter = AddressFilter::new(|found| *found != addr(0));
    let options = Options { filter, ..pinned("example.com:80", [addr(0)]) };
    let error = fails(&mut dial("http://example.com", options), ms(0));
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
}

#[test]
fn a_proxy_is_a_host_too() {
    let options = pinned("proxy.example:3128", [addr(7)]);
    let proxy = httpocean_core::proxy::Rules::all("http://proxy.example:3128".parse().unwrap());
    let config = Arc::new(Config { dial: options, proxy, ..Config::default() });
    let request = http::Request::get("http://example.com/").body(()).unwrap();
    let call = httpocean_core::Call::new(request, httpocean_core::BodyPlan::empty(), &config, ms(0)).unwrap();
    let mut dial = Dial::new(call.key(), &config, ms(0));
    let step = dial.step(&mut Io::default(), ms(0));
    assert!(matches!(step, DialStep::Connect { addr: Some(to), .. } if to == addr(7)), "{step:?}");
}

#[test]
fn what_is_no_host_and_port_is_refused() {
    for wrong in ["", "example.com", ":80", "example.com:", "example.com:99999", "a b:80", "user@a:80/x"] {
        assert!(Pins::default().pin(wrong, []).is_err(), "{wrong}");
    }
}
