//! Responses that others collected, each read by the core, by both adapters over loopback, and by the reader that
//! testkit made from RFC 9112 alone; whole and in pieces. What comes out must be what is expected, and the same
//! however the bytes were cut, down to whether the connection may be used again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adapters;
mod cases;
mod core;
mod judge;
mod player;

use httpocean_tests::On;
use httpocean_tests::vectors::{Tally, say};

use cases::Case;
use judge::{Seen, judge};

/// Reads all cases, in their order: what it makes of each, or how it contradicts itself.
type Reader = fn(&'static [Case]) -> Vec<Result<Seen, String>>;

const READERS: [(&str, Reader); 4] = [
    ("core", core::by_call),
    ("std", |cases| adapters::by(On::STD, cases)),
    ("mio", |cases| adapters::by(On::MIO, cases)),
    ("reference", core::by_reference),
];

#[test]
fn what_others_found_is_read_as_it_should_be() {
    let Some(cases) = cases::load() else { return };
    let cases: &'static [Case] = cases.leak();
    let threads = READERS.map(|(name, read)| (name, std::thread::spawn(move || read(cases))));
    let tallies = threads.map(|(name, thread)| {
        let mut tally = Tally::new("h1");
        let seen = thread.join().unwrap_or_else(|_| panic!("{name} panicked"));
        assert_eq!(seen.len(), cases.len());
        for (case, seen) in cases.iter().zip(seen) {
            tally.count(&case.id, seen.and_then(|seen| judge(case, &seen)));
        }
        (name, tally)
    });
    let counts = tallies.each_ref().map(|(name, tally)| {
        let (overlay, fail) = (tally.overridden.len(), tally.unexplained.len());
        format!("{name}: agree {}, overlay {overlay}, fail {fail}", tally.agree)
    });
    say(&format!("h1: {} cases; {}", cases.len(), counts.join("; ")));
    for (name, tally) in tallies {
        println!("{name}");
        tally.check();
    }
}
