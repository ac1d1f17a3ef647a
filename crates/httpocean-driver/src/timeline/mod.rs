//! A picture of what a client did: a page with a lane for each connection and a row for each request.
//!
//! [`Timeline`] is the observer of a client and stamps what it is told. [`Record`] is what it keeps, and [`page`] draws
//! it: both are pure, so that a driver in virtual time has pictures, too.
//!
//! The page is one HTML text without scripts, and asks no network for anything. It has names of hosts, paths, addresses
//! and times; of a URL neither user, password, query nor fragment, and of a message no field and no body.

mod lanes;
mod page;
mod record;
mod rows;
mod scale;
mod spans;
mod text;
mod waiting;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Clock, Observed, Observer};

pub use page::page;
pub use record::{MOST_ATTEMPTS, MOST_CONNECTIONS, MOST_REQUESTS, Record};

/// Keeps what a client did, and draws it.
///
/// Clones keep the same. It is bounded: what is above [`MOST_REQUESTS`] and [`MOST_CONNECTIONS`] is counted, not drawn,
/// and the page says so.
///
/// ```
/// use httpocean_driver::timeline::Timeline;
///
/// let timeline = Timeline::new();
/// // Client::builder().observer(timeline.clone()) ... and when all is done:
/// let page = timeline.page("What my program fetched");
/// assert!(page.starts_with("<!doctype html>"));
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    clock: Clock,
    record: Arc<Mutex<Record>>,
}

impl Timeline {
    /// One whose time begins now.
    pub fn new() -> Self {
        Self { clock: Clock::start(), record: Arc::default() }
    }

    /// What was kept so far.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }

    /// All of it as a page.
    pub fn page(&self, title: &str) -> String {
        page(title, &[("", &self.record())])
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Timeline {
    fn observe(&self, event: &Observed<'_>) {
        let at = self.clock.now();
        self.lock().note(at, event);
    }
}
