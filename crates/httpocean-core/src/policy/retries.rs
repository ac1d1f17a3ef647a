//! What a user wants of retries.

use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};

use super::backoff::Backoff;
use super::outcome::Attempt;
use super::replay::is_idempotent;
use crate::reason::RetryClass;

/// When a request is tried again, how often, and after which wait.
///
/// This is urllib3's `Retry`, with types: a count is a number or no bound, never `True`. Redirects have a limit of
/// their own and are not counted. What a `Retry` lacks is here as well: a predicate of the user, a [`Budget`](super::Budget) that all
/// calls of a client share, failures that are known to be permanent, and a deadline that spans all attempts.
///
/// The default makes none: how often a failure is worth a further try, only the program knows, and one that has a
/// loop of its own around each request would multiply ours with it. (requests turns urllib3's off for that reason, and
/// the clients of Go, hyper, curl and reqwest make none either. A stale connection is no failure, and is made good by
/// itself.) `Retries::new(3)` is what urllib3 does by itself: a connection that could not be made is tried again for
/// any method, everything else only for methods that may be used twice, and by status only when the server itself
/// says when to come back.
///
/// ```
/// use http::StatusCode;
/// use httpocean_core::policy::{Methods, Retries};
///
/// let stubborn = Retries {
///     statuses: vec![StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT],
///     methods: Methods::Any,
///     ..Retries::new(5)
/// };
/// assert_eq!(stubborn.total, Some(5));
/// assert_eq!(Retries::default().total, Some(0));
/// ```
#[derive(Clone, Debug)]
pub struct Retries {
    /// All retries of a call together. `Some(0)`: none, and nothing is judged. `None`: no bound but those of the
    /// classes, the deadline and the budget. Default 0.
    pub total: Option<u32>,
    /// Retries because no connection could be made, for any method. `None`: as many as `total` allows; that is the
    /// default of each class.
    pub connect: Option<u32>,
    /// Retries because the request was sent, or some of it, and no response came.
    pub read: Option<u32>,
    /// Retries because of a response's status.
    pub status: Option<u32>,
    /// Retries because a connection failed before a byte of the request was sent on it, for any method.
    pub other: Option<u32>,
    /// Which methods are retried when the peer may have seen the request. Default those that are idempotent.
    pub methods: Methods,
    /// Statuses that are always retried. Default none. [`RETRY_AFTER_STATUSES`](Self::RETRY_AFTER_STATUSES) need not
    /// be listed.
    pub statuses: Vec<StatusCode>,
    /// Whether `Retry-After` is obeyed, and lets a status be retried that is not listed. Default yes.
    pub respect_retry_after: bool,
    /// The longest wait that `Retry-After` can ask for; who asks for more gets this. Default 60 s: urllib3's six hours
    /// are longer than anybody waits for a response.
    pub retry_after_max: Duration,
    /// The wait where the server does not say.
    pub backoff: Backoff,
    /// What becomes of the last response, when its status would be retried and no retry is left. Default the response.
    pub exhausted: Exhausted,
    /// The user's own opinion. Default none.
    pub when: When,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            total: Some(0),
            connect: None,
            read: None,
            status: None,
            other: None,
            methods: Methods::Idempotent,
            statuses: Vec::new(),
            respect_retry_after: true,
            retry_after_max: Duration::from_secs(60),
            backoff: Backoff::default(),
            exhausted: Exhausted::Response,
            when: When::default(),
        }
    }
}

impl Retries {
    /// Content Too Large, Too Many Requests, Service Unavailable: retried without being listed if the response has a
    /// `Retry-After` that makes sense.
    pub const RETRY_AFTER_STATUSES: [StatusCode; 3] =
        [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

    /// The default with this total.
    pub fn new(total: u32) -> Self {
        Self { total: Some(total), ..Self::default() }
    }

    /// The bound of one class.
    pub fn of(&self, class: RetryClass) -> Option<u32> {
        match class {
            RetryClass::Connect => self.connect,
            RetryClass::Read => self.read,
            RetryClass::Status => self.status,
            RetryClass::Other => self.other,
        }
    }
}

/// Which methods are retried when the peer may have seen the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Methods {
    /// Those that RFC 9110 section 9.2.2 calls idempotent, and requests with an `Idempotency-Key`.
    #[default]
    Idempotent,
    /// All: a request may then be carried out twice.
    Any,
    /// These and no others. Methods are case-sensitive.
    Only(Vec<Method>),
}

impl Methods {
    /// Whether a request with this method and these fields may be made twice.
    pub fn allow(&self, method: &Method, fields: &HeaderMap) -> bool {
        match self {
            Self::Idempotent => is_idempotent(method, fields),
            Self::Any => true,
            Self::Only(methods) => methods.contains(method),
        }
    }
}

/// What becomes of a response whose status would be retried, when no retry is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exhausted {
    /// It is the result: its body often says what is the matter.
    #[default]
    Response,
    /// The call fails.
    Error,
}

/// What the user thinks of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Opinion {
    /// The options decide.
    AsUsual,
    /// A response is retried as if its status were listed. All else still has to allow it: the method, the counts,
    /// the deadline, the body, the budget.
    Retry,
    /// It is not retried.
    Leave,
}

/// A predicate of the user, asked about every response and about every failure that is not permanent.
///
/// ```
/// use httpocean_core::policy::{Opinion, Outcome, Retries, When};
///
/// let retries = Retries {
///     when: When::new(|attempt| match attempt.outcome {
///         Outcome::Answer(answer) if answer.field("x-try-again").is_some() => Opinion::Retry,
///         Outcome::Answer(_) | Outcome::Failure(_) => Opinion::AsUsual,
///     }),
///     ..Retries::new(3)
/// };
/// ```
#[derive(Clone, Default)]
pub struct When(Option<Arc<Asked>>);

type Asked = dyn Fn(&Attempt<'_>) -> Opinion + Send + Sync;

impl When {
    /// Asks `opinion`. It has to be a pure function: it may be asked at any time, and again. It is asked in the middle
    /// of things, so a panic in it goes no further than to the panic hook, and counts as [`Opinion::Leave`].
    pub fn new(opinion: impl Fn(&Attempt<'_>) -> Opinion + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(opinion)))
    }

    /// What it says about `attempt`.
    pub fn opinion(&self, attempt: &Attempt<'_>) -> Opinion {
        let Some(opinion) = &self.0 else { return Opinion::AsUsual };
        catch_unwind(AssertUnwindSafe(|| opinion(attempt))).unwrap_or(Opinion::Leave)
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "When(the user says)" } else { "When(as usual)" })
    }
}
