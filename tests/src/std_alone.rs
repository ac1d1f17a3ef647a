//! What tests of httpocean-std alone share.

use httpocean_std::{Client, Stats};

/// The body of a successful GET of `url`.
///
/// # Panics
/// When there is none.
#[track_caller]
pub fn get(client: &Client, url: &str) -> String {
    let request = client.get(url).expect("a test's URLs are good");
    let mut response = request.send().unwrap_or_else(|error| panic!("{error}; {error:?}"));
    response.body_mut().read_to_string(1 << 20).unwrap_or_else(|error| panic!("{error}; {error:?}"))
}

/// Checks that nothing was lost: all connections that are open are idle, and nobody waits.
///
/// # Panics
/// When a slot was lost, or is not given back in time.
#[track_caller]
pub fn at_rest(client: &Client) -> Stats {
    crate::resting(|| client.stats())
}
