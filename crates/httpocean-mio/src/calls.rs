//! What a client remembers of each call beside what the core knows.

use http::{Method, StatusCode, Uri};
use httpocean_core::{CallId, Hop, Instant};

use httpocean_driver::Connection;
use httpocean_driver::Error;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) since: Instant,
    pub(crate) hops: Vec<Hop>,
    pub(crate) connection: Option<Connection>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) paused: bool,
    /// An answer to `NeedBody` is due.
    pub(crate) owes_body: bool,
}

impl Record {
    pub(crate) fn new(method: Method, uri: Uri, since: Instant) -> Self {
        let (hops, connection, status) = (Vec::new(), None, None);
        Self { method, uri, since, hops, connection, status, paused: false, owes_body: false }
    }

    pub(crate) fn error(&mut self, verdict: httpocean_core::Error) -> Error {
        let hops = std::mem::take(&mut self.hops);
        Error::new(verdict, self.uri.clone()).with_story(hops, self.connection, self.status)
    }
}

/// By the places of their ids, which are dense.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    records: Vec<Option<(CallId, Record)>>,
}

impl Calls {
    pub(crate) fn insert(&mut self, call: CallId, record: Record) {
        let at = call.index();
        if self.records.len() <= at {
            self.records.resize_with(at + 1, || None);
        }
        self.records[at] = Some((call, record));
    }

    pub(crate) fn get(&self, call: CallId) -> Option<&Record> {
        self.records.get(call.index())?.as_ref().filter(|(id, _)| *id == call).map(|(_, record)| record)
    }

    pub(crate) fn get_mut(&mut self, call: CallId) -> Option<&mut Record> {
        let slot = self.records.get_mut(call.index())?;
        slot.as_mut().filter(|(id, _)| *id == call).map(|(_, record)| record)
    }

    pub(crate) fn remove(&mut self, call: CallId) {
        if self.get(call).is_some() {
            self.records[call.index()] = None;
        }
    }
}
