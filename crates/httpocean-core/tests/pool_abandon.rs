//! A dial that was answered is not abandoned afterwards.

mod support;

use httpocean_core::pool::{Options, Surplus};
use support::{ANY, at, dials, key, names, pool, said};

#[test]
fn i4_no_abandon_after_the_dial_was_answered() {
    let mut pool = pool(Options { surplus: Surplus::Cancel, ..Options::default() });
    let waiter = pool.acquire(&key("a"), ANY, at(0));
    let dial = dials(&mut pool, at(0)).remove(0);
    pool.cancel(waiter, at(1));
    // The answer overtakes the word that nobody has polled yet.
    pool.dialed(dial, 1, at(1));
    assert_eq!(names(&said(&mut pool, at(1))), ["close 1 Unwanted"]);
}
