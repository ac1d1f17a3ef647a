//! Walks a dial to wherever a test wants it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::{Options, Route};
use httpocean_core::{Config, Dial, DialStep, Error, Instant, Io, Key, Phase, TransportError};

pub const SECOND: Duration = Duration::from_secs(1);

pub fn ms(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

pub fn for_ms(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// A dial that waits for the answer of the resolver.
pub fn resolving(options: Options) -> Dial {
    resolving_by(Config { dial: options, ..Config::default() })
}

pub fn resolving_by(config: Config) -> Dial {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::new(config), ms(0));
    assert!(matches!(dial.step(&mut Io::default(), ms(0)), DialStep::Resolve));
    dial
}

/// A dial of a host that has `count` addresses of one family.
pub fn racing(count: usize, options: Options) -> Dial {
    let mut dial = resolving(options);
    dial.resolved(addresses(count), ms(0));
    dial
}

pub fn addr(number: usize) -> SocketAddr {
    format!("192.0.{}.{}:80", number / 256, number % 256).parse().unwrap()
}

pub fn addresses(count: usize) -> Result<Route, TransportError> {
    Ok(Route::Addresses((0..count).map(addr).collect()))
}

pub fn connects(dial: &mut Dial, number: u8, now: Instant) {
    let step = dial.step(&mut Io::default(), now);
    let DialStep::Connect { attempt, addr: Some(to) } = step else { panic!("{step:?}") };
    assert_eq!((attempt, to), (number, addr(usize::from(number))));
}

pub fn abandons(dial: &mut Dial, number: u8, now: Instant) {
    let step = dial.step(&mut Io::default(), now);
    assert!(matches!(step, DialStep::Abandon { attempt } if attempt == number), "{step:?}");
}

/// Until when it waits.
pub fn waits(dial: &mut Dial, now: Instant) -> Option<Instant> {
    waits_in(dial, Phase::Connect, now)
}

pub fn waits_in(dial: &mut Dial, phase: Phase, now: Instant) -> Option<Instant> {
    let step = dial.step(&mut Io::default(), now);
    let DialStep::Wait(want) = step else { panic!("{step:?}") };
    assert!(!want.read && !want.write && want.until.is_none_or(|until| until > now));
    assert_eq!(want.phase, phase);
    want.until
}

pub fn is_ready(dial: &mut Dial, now: Instant) {
    let step = dial.step(&mut Io::default(), now);
    assert!(matches!(step, DialStep::Ready(_)), "{step:?}");
    assert_eq!(waits(dial, now + SECOND), None, "it is said once");
}

pub fn fails(dial: &mut Dial, now: Instant) -> Error {
    let DialStep::Failed(error) = dial.step(&mut Io::default(), now) else { panic!("it did not fail") };
    let DialStep::Failed(again) = dial.step(&mut Io::default(), now + SECOND) else {
        panic!("it does not stick")
    };
    assert_eq!(error.to_string(), again.to_string());
    error
}
