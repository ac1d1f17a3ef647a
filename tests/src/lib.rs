//! What the behaviour tests share.

mod adapter;
mod body;
mod by_mio;
mod by_std;
mod certificates;
mod client;
mod counted;
mod echo;
mod exchange;
mod gated;
mod hanging;
mod names;
mod proxied;
mod recorder;
mod sites;
mod tls_end;
mod upload;
mod way;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use httpocean_std::Stats;
use httpocean_testkit::server::Server;

pub use adapter::{Adapter, Answer, By, On, Received, Setup, Stream};
pub use body::{Body, of_reading};
pub use certificates::{Authority, Identity};
pub use client::{Builder, Client, RequestBuilder};
pub use counted::{Counted, Open};
pub use echo::serve;
pub use exchange::{exchange, id, seen};
pub use gated::{Gate, Gated};
pub use hanging::{Hanging, refusing_url};
pub use httpocean_std::Error;
pub use httpocean_testkit::times;
pub use names::{Names, named};
pub use proxied::{Proxied, by_proxy};
pub use recorder::Recorder;
pub use sites::{Seen, Sites};
pub use tls_end::{TlsFront, TlsServer};
pub use upload::{UPLOAD, Upload, content, uploads_to, whole};
pub use way::Way;

/// Only a broken test waits this long.
pub const BOUND: Duration = Duration::from_secs(20);

/// Waits until `reached` says yes.
///
/// # Panics
/// When that takes longer than [`BOUND`].
#[track_caller]
pub fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < BOUND, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the server has seen `n` connections end.
///
/// # Panics
/// When that takes longer than [`BOUND`].
#[track_caller]
pub fn wait_for_open(server: &Server, open: usize) {
    assert!(server.wait_for(BOUND, |stats| stats.open == open), "{:?}", server.stats());
}

/// The body of a successful GET of `url`.
///
/// # Panics
/// When there is none.
#[track_caller]
pub fn get(client: &Client, url: &str) -> String {
    let mut response = client.get(url).send().unwrap_or_else(|error| panic!("{error}; {error:?}"));
    response.body_mut().read_to_string(1 << 20).unwrap_or_else(|error| panic!("{error}; {error:?}"))
}

/// Checks that nothing was lost: all connections that are open are idle, and nobody waits.
///
/// # Panics
/// When a slot was lost, or is not given back within [`BOUND`].
#[track_caller]
pub fn at_rest(client: &Client) -> Stats {
    resting(|| client.stats())
}

#[track_caller]
fn resting(stats: impl Fn() -> Stats) -> Stats {
    let resting = |stats: &Stats| stats.open == stats.idle && stats.waiting == 0 && stats.dialing == 0;
    let start = Instant::now();
    loop {
        let stats = stats();
        if resting(&stats) {
            return stats;
        }
        assert!(start.elapsed() < BOUND, "something was not given back: {stats:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Random enough to mix things up, and the same at every run.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as `seed` decides.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n`.
    pub fn roll(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

/// Locks, also after a test's thread panicked.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub mod chart;
pub mod documents;
pub mod proxy;
pub mod real;
pub mod scripted;
pub mod std_alone;
pub mod vectors;
