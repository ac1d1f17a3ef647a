//! Fields for one attempt alone: what a client adds by where the attempt goes to, such as cookies.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Request};

use super::hop::sendable;
use super::{Call, State, Then};
use crate::error::{ErrorKind, Phase};
use crate::h1::encode::Plan;
use crate::policy::redirect;
use crate::pool::Fate;

/// A request with what was added to it, found sendable.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) request: Request<()>,
    pub(super) plan: Plan,
}

/// Fields that say how the message is framed, which way it goes, or what it becomes: of the request, not of an attempt.
const NEVER_ADDED: [HeaderName; 9] =
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

impl Call {
    /// Fields for the attempt that comes next, and for no other: to be given when the call is made and again when it has
    /// said [`Hop`](super::CallStep::Hop), before its next step. [`uri`](Self::uri) and [`method`](Self::method) say
    /// what the attempt asks for. Given twice for one attempt, the latter stand.
    ///
    /// A name that the request itself has is not added: what the user says goes first. None of them is in the request of
    /// a later attempt, whether it goes to the same origin or to another, and a redirect takes nothing of them along.
    ///
    /// They are judged as a request's own. What can't be sent, and what frames or routes a message, fails the call.
    /// Once the attempt has begun they do nothing.
    pub fn set_attempt_fields(&mut self, fields: &HeaderMap) {
        let (State::Start { .. }
        | State::Queued(_)
        | State::Pausing { .. }
        | State::Exchange { begun: false }) = self.state
        else {
            return;
        };
        self.added = None;
        match self.with(fields) {
            Ok(added) => self.added = added.map(Box::new),
            Err(what) => self.refuse(what),
        }
    }

    /// The method of the request that is being made.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    fn with(&self, fields: &HeaderMap) -> Result<Option<Added>, &'static str> {
        if fields.is_empty() {
            return Ok(None);
        }
        if fields.keys().any(|name| NEVER_ADDED.contains(name)) {
            return Err("a field that frames or routes the message can't be added to an attempt");
        }
        let mut request = Request::new(());
        request.method_mut().clone_from(self.request.method());
        request.uri_mut().clone_from(self.request.uri());
        request.headers_mut().clone_from(self.request.headers());
        for (name, value) in fields.iter().filter(|(name, _)| !self.request.headers().contains_key(*name)) {
            let room = request.headers_mut().try_append(name, value.clone());
            room.map_err(|_| "it has more fields than can be held")?;
        }
        redirect::mark_secrets(request.headers_mut(), &self.config.redirects);
        let plan = sendable(&request, self.body, &self.key, &self.config)?;
        Ok(Some(Added { request, plan }))
    }

    fn refuse(&mut self, what: &'static str) {
        let error = self.early(ErrorKind::Request(what), Phase::Start);
        if let State::Exchange { .. } = self.state {
            self.then = Then::Fail(error);
            self.state = State::Releasing(Fate::Untouched);
        } else {
            self.state = State::Failed(error);
        }
    }
}
