//! What a client remembers of each call beside what the core knows.

use http::{Method, StatusCode, Uri};
use httpocean_core::{CallId, Instant, Phase};
use httpocean_driver::{Connection, Error};

#[derive(Debug)]
pub(crate) struct Record {
    /// Its number, and what it was last told to wait for; 0 where nobody is told.
    pub(crate) number: u64,
    pub(crate) phase: Phase,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) since: Instant,
    pub(crate) connection: Option<Connection>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) paused: bool,
    /// An answer to `NeedBody` is due.
    pub(crate) owes_body: bool,
}

impl Record {
    pub(crate) fn new(number: u64, method: Method, uri: Uri, since: Instant) -> Self {
        let (connection, status) = (None, None);
        Self {
            number,
            phase: Phase::Start,
            method,
            uri,
            since,
            connection,
            status,
            paused: false,
            owes_body: false,
        }
    }

    pub(crate) fn error(&mut self, verdict: httpocean_core::Error) -> Error {
        Error::new(verdict, self.uri.clone()).with_story(self.connection, self.status)
    }
}

/// Above so many places the table is let go of when no call is left.
const KEPT: usize = 1024;

/// By the places of their ids, which are dense.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    records: Vec<Option<(CallId, Record)>>,
    len: usize,
}

impl Calls {
    pub(crate) fn insert(&mut self, call: CallId, record: Record) {
        let at = call.index();
        if self.records.len() <= at {
            self.records.resize_with(at + 1, || None);
        }
        self.len += usize::from(self.records[at].is_none());
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
        if self.get(call).is_none() {
            return;
        }
        self.records[call.index()] = None;
        self.len -= 1;
        if self.len == 0 && self.records.len() > KEPT {
            self.records = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};
    use httpocean_core::{CallId, Instant};

    use super::{Calls, KEPT, Record};

    #[test]
    fn a_large_table_goes_with_its_last_call() {
        let ids: Vec<_> = (0..=KEPT as u64).map(CallId::from_bits).collect();
        let mut calls = Calls::default();
        for id in &ids {
            calls.insert(*id, Record::new(0, Method::GET, Uri::default(), Instant::ZERO));
        }
        let (last, others) = ids.split_last().unwrap();
        for id in others {
            calls.remove(*id);
            calls.remove(*id);
        }
        assert!(calls.get(*last).is_some());
        calls.remove(*last);
        assert_eq!((calls.len, calls.records.capacity()), (0, 0));
    }
}
