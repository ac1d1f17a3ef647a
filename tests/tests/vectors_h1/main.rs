//! Responses that others collected, each read by the core, by both adapters over loopback, over TLS and through a tunnel,
//! and by the reader that testkit made from RFC 9112 alone; whole and in pieces. What comes out must be what is expected, and the same
//! however the bytes were cut, down to whether the connection may be used again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adapters;
mod cases;
mod core;
mod judge;
mod player;
mod wire;

use httpocean_tests::vectors::{Tally, say};
use httpocean_tests::{By, Way};

use cases::Case;
use judge::{Seen, judge};

/// Reads the cases, in their order: what it makes of each, or how it contradicts itself.
type Reader = fn(&'static [Case]) -> Vec<Result<Seen, String>>;

struct Reading {
    name: &'static str,
    way: Way,
    read: Reader,
}

const fn reading(name: &'static str, way: Way, read: Reader) -> Reading {
    Reading { name, way, read }
}

const READINGS: [Reading; 8] = [
    reading("core", Way::Plain, core::by_call),
    reading("reference", Way::Plain, core::by_reference),
    reading("std", Way::Plain, |cases| adapters::by(By::Std, Way::Plain, cases)),
    reading("mio", Way::Plain, |cases| adapters::by(By::Mio, Way::Plain, cases)),
    reading("std over TLS", Way::Tls, |cases| adapters::by(By::Std, Way::Tls, cases)),
    reading("mio over TLS", Way::Tls, |cases| adapters::by(By::Mio, Way::Tls, cases)),
    reading("std in a tunnel", Way::Tunnel, |cases| adapters::by(By::Std, Way::Tunnel, cases)),
    reading("mio in a tunnel", Way::Tunnel, |cases| adapters::by(By::Mio, Way::Tunnel, cases)),
];

#[test]
fn what_others_found_is_read_as_it_should_be() {
    let Some(cases) = cases::load() else { return };
    let cases: &'static [Case] = cases.leak();
    let threads =
        READINGS.map(|Reading { name, way, read }| (name, way, std::thread::spawn(move || read(cases))));
    let tallies = threads.map(|(name, way, thread)| {
        let mut tally = Tally::new("h1");
        let seen = thread.join().unwrap_or_else(|_| panic!("{name} panicked"));
        let asked: Vec<_> = cases.iter().filter(|case| adapters::is_asked(way, case)).collect();
        assert_eq!(seen.len(), asked.len());
        for (case, seen) in asked.iter().zip(seen) {
            tally.count(&case.id, seen.and_then(|seen| judge(case, &seen)));
        }
        (name, cases.len() - asked.len(), tally)
    });
    let counts = tallies.each_ref().map(|(name, skipped, tally)| {
        let (overlay, fail) = (tally.overridden.len(), tally.unexplained.len());
        let skipped = if *skipped > 0 { format!(", skipped {skipped} (CONNECT)") } else { String::new() };
        format!("{name}: agree {}, overlay {overlay}, fail {fail}{skipped}", tally.agree)
    });
    say(&format!("h1: {} cases; {}", cases.len(), counts.join("; ")));
    for (name, _, tally) in tallies {
        println!("{name}");
        tally.check();
    }
}
