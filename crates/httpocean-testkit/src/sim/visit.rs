//! What users of the client ask for, how they behave, and what they get.

use core::time::Duration;

use http::{HeaderMap, Method, Request};

use httpocean_core::{BodyPlan, Error, ErrorKind, Instant};

/// One request of a user's, and how the user behaves.
///
/// ```
/// use core::time::Duration;
/// use httpocean_testkit::sim::{Act, Visit};
///
/// let upload = Visit::post("http://a.test/", vec![b"two".to_vec(), b"pieces".to_vec()])
///     .body_every(Duration::from_millis(5))
///     .reads_slowly(Duration::from_secs(1))
///     .acts_after(Duration::from_secs(30), Act::Cancel);
/// ```
#[derive(Clone, Debug)]
pub struct Visit {
    pub(super) request: Request<()>,
    pub(super) plan: BodyPlan,
    pub(super) body: Vec<Vec<u8>>,
    pub(super) body_delay: Duration,
    pub(super) body_fails: bool,
    pub(super) reads: Duration,
    pub(super) acts: Vec<(Duration, Act)>,
}

/// What a user does in the middle of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Gives up.
    Cancel,
    /// Wants no more of the response.
    Discard,
}

impl Visit {
    /// A GET; panics if that is no URL.
    pub fn get(url: &str) -> Self {
        Self::of(Request::get(url).body(()).expect("a URL"), BodyPlan::empty(), Vec::new())
    }

    /// A POST of a body that comes in these pieces and can be had again; panics if that is no URL.
    pub fn post(url: &str, body: Vec<Vec<u8>>) -> Self {
        let size = body.iter().map(|piece| piece.len() as u64).sum();
        Self::of(Request::post(url).body(()).expect("a URL"), BodyPlan::sized(size), body)
    }

    /// Any request.
    pub fn of(request: Request<()>, plan: BodyPlan, body: Vec<Vec<u8>>) -> Self {
        Self {
            request,
            plan,
            body,
            body_delay: Duration::ZERO,
            body_fails: false,
            reads: Duration::ZERO,
            acts: Vec::new(),
        }
    }

    /// With another method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        *self.request.method_mut() = method;
        self
    }

    /// With a field more; panics if that is none.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().expect("a field value"));
        self
    }

    /// Each piece of the body comes so long after it was asked for.
    #[must_use]
    pub fn body_every(self, body_delay: Duration) -> Self {
        Self { body_delay, ..self }
    }

    /// The body turns out not to be there.
    #[must_use]
    pub fn body_fails(self) -> Self {
        Self { body_fails: true, ..self }
    }

    /// Each piece of the response's body is held for so long.
    #[must_use]
    pub fn reads_slowly(self, reads: Duration) -> Self {
        Self { reads, ..self }
    }

    /// Does this so long after the start.
    #[must_use]
    pub fn acts_after(mut self, after: Duration, act: Act) -> Self {
        self.acts.push((after, act));
        self
    }
}

/// What came of a [`Visit`], so far.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Of the final response.
    pub status: Option<u16>,
    /// Of the final response.
    pub fields: HeaderMap,
    /// Of the final response, as far as it came.
    pub body: Vec<u8>,
    /// Further attempts: redirects, retries, replays.
    pub hops: usize,
    /// Responses that were not the answer.
    pub passing: u32,
    /// Interim responses.
    pub interims: usize,
    /// When it began and when it ended, by the clock of the client.
    pub began: Instant,
    /// When it ended; `None` as long as it goes on.
    pub ended: Option<Instant>,
    /// Why it failed, if it did.
    pub error: Option<Error>,
    /// The bytes of another protocol that came with the switch to it.
    pub upgraded: Option<Vec<u8>>,
}

impl Answer {
    /// A field of the response, as text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }

    /// Whether the whole response came.
    pub fn is_whole(&self) -> bool {
        self.ended.is_some() && self.error.is_none()
    }

    /// How long it took, up to its end.
    pub fn took(&self) -> Duration {
        self.ended.map_or(Duration::ZERO, |ended| ended - self.began)
    }

    /// What kind of error it failed with.
    pub fn failure(&self) -> Option<&ErrorKind> {
        self.error.as_ref().map(Error::kind)
    }
}
