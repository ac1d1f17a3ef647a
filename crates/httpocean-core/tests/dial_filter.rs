//! What the address filter forbids is never connected to.
#![allow(clippy::unwrap_used)]

mod dialing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use dialing::{addr, addresses, fails, ms, racing, resolving};
use httpocean_core::dial::{AddressFilter, Options, Route};
use httpocean_core::{Dial, DialStep, ErrorKind, Fault, Io, Phase, Sent, TransportError};

fn filtered(allows: impl Fn(&SocketAddr) -> bool + Send + Sync + 'static) -> Options {
    Options { filter: AddressFilter::new(allows), ..Options::default() }
}

/// The addresses that are tried, if each refuses.
fn tried(mut dial: Dial) -> Vec<Option<SocketAddr>> {
    let mut tried = Vec::new();
    while let DialStep::Connect { attempt, addr } = dial.step(&mut Io::default(), ms(0)) {
        tried.push(addr);
        dial.connected(attempt, Err(TransportError::Refused), ms(0));
    }
    tried
}

#[test]
fn what_it_refuses_is_not_tried() {
    let dial = racing(4, filtered(|found| *found != addr(0) && *found != addr(2)));
    assert_eq!(tried(dial), [Some(addr(1)), Some(addr(3))]);
}

#[test]
fn all_refused_is_an_error_of_ours() {
    let mut dial = racing(3, filtered(|_| false));
    let error = fails(&mut dial, ms(0));
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    assert_eq!((error.fault(), error.phase(), error.sent()), (Fault::Local, Phase::Resolve, Sent::Nothing));
    assert!(error.attempts().is_empty());
    assert_eq!(
        error.to_string(),
        "the host's name was not resolved: not allowed by the address filter (our fault, resolving the name, \
         nothing sent)"
    );
}

#[test]
fn a_host_without_addresses_is_not_found_rather_than_refused() {
    let mut dial = racing(0, filtered(|_| false));
    assert_eq!(fails(&mut dial, ms(0)).kind(), &ErrorKind::Resolve(TransportError::NotFound));
}

#[test]
fn a_transport_that_finds_its_own_way_is_not_asked_about() {
    let mut dial = resolving(filtered(|_| panic!("there is no address to ask about")));
    dial.resolved(Ok(Route::Direct), ms(0));
    assert_eq!(tried(dial), [None]);
}

#[test]
fn ipv4_in_the_clothes_of_ipv6_is_seen_through() {
    let mut dial = resolving(filtered(|addr| !addr.ip().is_loopback()));
    let mapped: SocketAddr = "[::ffff:127.0.0.1]:80".parse().unwrap();
    dial.resolved(Ok(Route::Addresses([mapped].into_iter().collect())), ms(0));
    assert_eq!(fails(&mut dial, ms(0)).kind(), &ErrorKind::Resolve(TransportError::Filtered));

    let mut dial = resolving(filtered(|addr| addr.is_ipv4()));
    dial.resolved(Ok(Route::Addresses([mapped].into_iter().collect())), ms(0));
    assert_eq!(tried(dial), [Some(mapped)], "connected to as it was found");
}

#[test]
fn every_address_is_asked_about_before_the_limit_cuts_the_list() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let mut dial = resolving(filtered(move |found| {
        count.fetch_add(1, Relaxed);
        *found == addr(99)
    }));
    dial.resolved(addresses(100), ms(0));
    assert_eq!((tried(dial), asked.load(Relaxed)), (vec![Some(addr(99))], 100));
}
