//! What a call has come to so far, and who is told: the user, by responses and errors, and an observer.

use std::io;
use std::time::Duration;

use http::{Response, StatusCode};
use httpocean_core::pool::Facts;
use httpocean_core::{ConnId, ErrorKind, Phase};
use httpocean_driver::{Connection, Error, Observed};

use super::Flow;

/// What is known of the response and of the way to it.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) interim: Vec<Response<()>>,
    pub(crate) connection: Option<Connection>,
    pub(crate) status: Option<StatusCode>,
    /// The reason phrase, where it is not the usual one of the status.
    pub(crate) reason: Option<Box<[u8]>>,
    /// Whether the connection went back to the pool and stayed open; unknown while it is in use.
    pub(crate) parked: Option<bool>,
    /// Its failure was told.
    pub(super) failed: bool,
    /// That it is over was told.
    pub(super) over: bool,
    /// What becomes of it is nobody's concern any more.
    pub(super) given_up: bool,
    pub(super) source: Option<io::Error>,
}

impl Flow {
    pub(super) fn granted(&mut self, conn: ConnId, facts: Facts, waited: Duration) {
        self.told.parked = None;
        self.phase = Phase::Start;
        self.shared.teller.count_grant();
        if let Some(connection) = &self.told.connection {
            self.shared.teller.tell_with(|| Observed::Granted {
                request: self.request,
                method: self.call.request().method(),
                uri: self.call.uri(),
                key: self.call.key(),
                conn,
                connection,
                idle_for: facts.idle_for,
                waited,
            });
        }
    }

    pub(super) fn error(&mut self, verdict: httpocean_core::Error) -> Error {
        if self.told.given_up {
            self.tell_end();
        } else if !std::mem::replace(&mut self.told.failed, true) {
            self.told.over = true;
            let (request, method, uri) =
                (self.request, self.call.request().method(), self.call.request().uri());
            self.shared.teller.tell(&Observed::Failed { request, method, uri, error: &verdict });
        }
        let told = &mut self.told;
        Error::new(verdict, self.call.uri().clone())
            .with_story(told.connection, told.status)
            .with_source(told.source.take())
    }

    pub(super) fn tell_end(&mut self) {
        if self.request > 0 && !std::mem::replace(&mut self.told.over, true) {
            self.shared.teller.tell(&Observed::Ended { request: self.request });
        }
    }

    /// The reader of the response can't use it.
    pub(crate) fn rejected(&mut self, error: httpocean_core::Error) -> Error {
        let verdict = self.call.rejected(error, &self.io);
        self.error(verdict)
    }

    pub(super) fn broken(&mut self, what: &'static str) -> Error {
        self.error(httpocean_core::Error::new(ErrorKind::Unsupported(what), Phase::Start))
    }
}
