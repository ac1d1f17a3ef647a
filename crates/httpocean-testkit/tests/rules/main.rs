//! The whole engine held to the invariants in worlds that are made for one of them: those that the ledger of the
//! simulator can't see, or that are seldom at stake in its random worlds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod keys;
mod messages;
mod others;
mod rest;
mod retries;

use std::time::Duration;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
