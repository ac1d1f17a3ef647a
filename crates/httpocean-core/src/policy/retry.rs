//! Whether a request gets another attempt: the one place that decides it.
//!
//! | what happened | class | retried for |
//! |---|---|---|
//! | no address, no connection, no way through the proxy, or no time left for one | connect | any method |
//! | a connection failed, or was too slow, before a byte of the request was sent | other | any method |
//! | the same afterwards, before a response; a head that was cut short | read | the methods that the options allow |
//! | a response whose status is listed, or has a `Retry-After` | status | the methods that the options allow |
//! | a response whose body failed | - | never: the user has its head |
//! | our own faults, a refusal of the pool, a bad certificate, what is not HTTP/1.1, a proxy that does not let us | - | never: it would be the same again |

use core::time::Duration;

use http::StatusCode;

use super::budget::Place;
use super::outcome::{Answer, Attempt, Outcome};
use super::retries::{Opinion, Retries};
use super::retry_after::retry_after;
use super::spent::Spent;
use crate::error::{Error, ErrorKind, Phase, ProtocolError, Sent, TransportError};
use crate::reason::{NotRetried, Refusal, RetryClass};
use crate::time::Instant;

/// A further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// How long to wait before.
    pub after: Duration,
    /// What it is charged to.
    pub class: RetryClass,
    /// The server said how long to wait.
    pub told: bool,
}

/// When the question is asked, and what is left.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Instant,
    /// When the call has to be over, all its attempts together.
    pub deadline: Option<Instant>,
    /// Seconds since 1970, if the driver knows them: what a date in `Retry-After` is compared with.
    pub wall: Option<u64>,
    /// Whether the request's body can be had again, or none of it was asked for.
    pub body_at_hand: bool,
}

/// Whether there is a further attempt and after which wait, or why not. The budget is asked last: a no costs it
/// nothing.
///
/// ```
/// use http::{HeaderMap, Method};
/// use httpocean_core::{Error, ErrorKind, Instant, NotRetried, Phase, RetryClass, TransportError};
/// use httpocean_core::policy::{Attempt, Common, Moment, Outcome, Retries, Spent, judge};
///
/// let (retries, fields) = (Retries::new(1), HeaderMap::new());
/// let error = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
/// let attempt = Attempt { method: &Method::POST, fields: &fields, outcome: Outcome::Failure(&error) };
/// let mut place = Common::default().enter();
/// let moment = Moment { now: Instant::ZERO, deadline: None, wall: None, body_at_hand: true };
///
/// let retry = judge(&attempt, &Spent::default(), &retries, moment, &mut place).unwrap();
/// assert_eq!(retry.class, RetryClass::Connect);
/// let spent = Spent::default().retried(retry);
/// assert_eq!(judge(&attempt, &spent, &retries, moment, &mut place), Err(NotRetried::Exhausted));
/// ```
pub fn judge(
    attempt: &Attempt<'_>,
    spent: &Spent,
    retries: &Retries,
    moment: Moment,
    place: &mut Place,
) -> Result<Retry, NotRetried> {
    if retries.total == Some(0) {
        return Err(NotRetried::Off);
    }
    let asked = asked_wait(attempt, retries, moment);
    let class = class_of(attempt, retries, asked.is_some(), moment)?;
    let may_have_acted = matches!(class, RetryClass::Read | RetryClass::Status);
    if may_have_acted && !retries.methods.allow(attempt.method, attempt.fields) {
        return Err(NotRetried::MethodNotAllowed);
    }
    if !moment.body_at_hand {
        return Err(NotRetried::BodyNotReplayable);
    }
    check_counts(class, spent, retries)?;
    let asked = asked.filter(|wait| !wait.is_zero());
    let nth = spent.in_a_row().saturating_add(1);
    let after = asked.unwrap_or_else(|| retries.backoff.wait(nth, place.seed()));
    if moment.deadline.is_some_and(|deadline| moment.now + after >= deadline) {
        return Err(NotRetried::WouldPassDeadline);
    }
    if !place.take() {
        return Err(NotRetried::BudgetEmpty);
    }
    Ok(Retry { after, class, told: asked.is_some() })
}

/// What the server asks for, within the bound.
fn asked_wait(attempt: &Attempt<'_>, retries: &Retries, moment: Moment) -> Option<Duration> {
    match &attempt.outcome {
        Outcome::Answer(answer) if retries.respect_retry_after => {
            retry_after(answer, moment.wall).map(|wait| wait.min(retries.retry_after_max))
        }
        Outcome::Answer(_) | Outcome::Failure(_) => None,
    }
}

fn class_of(
    attempt: &Attempt<'_>,
    retries: &Retries,
    told: bool,
    moment: Moment,
) -> Result<RetryClass, NotRetried> {
    let class = match &attempt.outcome {
        Outcome::Answer(answer) if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Err(NotRetried::Permanent)
        }
        Outcome::Answer(answer) if is_listed(answer, retries, told) => Ok(RetryClass::Status),
        Outcome::Answer(_) => Err(NotRetried::NotListed),
        Outcome::Failure(error) => class_of_error(error, moment),
    };
    if !matches!(class, Ok(_) | Err(NotRetried::NotListed)) {
        return class;
    }
    match retries.when.opinion(attempt) {
        Opinion::AsUsual => class,
        Opinion::Retry => Ok(class.unwrap_or(RetryClass::Status)),
        Opinion::Leave => Err(NotRetried::UserSaidNo),
    }
}

fn is_listed(answer: &Answer<'_>, retries: &Retries, told: bool) -> bool {
    let status = answer.status();
    retries.statuses.contains(&status) || told && Retries::RETRY_AFTER_STATUSES.contains(&status)
}

/// A name that is not found is retried as a connect, as urllib3 does: what the system's resolver says does not tell a
/// name that does not exist from one that can't be looked up for the moment.
fn class_of_error(error: &Error, moment: Moment) -> Result<RetryClass, NotRetried> {
    match error.kind() {
        // What was said before the request was sent says nothing about it.
        ErrorKind::Protocol(_) if error.sent() == Sent::Nothing => Ok(RetryClass::Other),
        ErrorKind::Request(_)
        | ErrorKind::Unsupported(_)
        | ErrorKind::Body(_)
        | ErrorKind::Content(_)
        | ErrorKind::Redirect(_)
        | ErrorKind::Status(_)
        | ErrorKind::Tls(_)
        | ErrorKind::Cancelled
        | ErrorKind::Resolve(TransportError::Filtered)
        | ErrorKind::Connect(TransportError::Filtered)
        | ErrorKind::Pool(Refusal::WaitedTooLong | Refusal::QueueFull | Refusal::ShutDown) => {
            Err(NotRetried::Permanent)
        }
        ErrorKind::Resolve(_)
        | ErrorKind::Connect(_)
        | ErrorKind::Pool(Refusal::DialFailed | Refusal::DialTooSlow) => Ok(RetryClass::Connect),
        ErrorKind::Proxy(why) if why.is_permanent() => Err(NotRetried::Permanent),
        ErrorKind::Proxy(_) => Ok(RetryClass::Connect),
        ErrorKind::Timeout if moment.deadline.is_some_and(|deadline| deadline <= moment.now) => {
            Err(NotRetried::WouldPassDeadline)
        }
        ErrorKind::Timeout
        | ErrorKind::Closed
        | ErrorKind::Reset(_)
        | ErrorKind::Protocol(ProtocolError::Truncated(_)) => class_by_phase(error),
        ErrorKind::Protocol(
            ProtocolError::BadStatusLine(_)
            | ProtocolError::BadHeader(_)
            | ProtocolError::BadChunk(_)
            | ProtocolError::ConflictingLength(_)
            | ProtocolError::TooLarge(_)
            | ProtocolError::UnsupportedTransferCoding(_)
            | ProtocolError::UnsolicitedUpgrade(_),
        ) => Err(NotRetried::Permanent),
    }
}

fn class_by_phase(error: &Error) -> Result<RetryClass, NotRetried> {
    match error.phase() {
        // The user's patience with the pool, or with all of it, is at its end.
        Phase::Start | Phase::PoolWait | Phase::Backoff => Err(NotRetried::Permanent),
        Phase::Resolve | Phase::Connect | Phase::Proxy | Phase::Tls => Ok(RetryClass::Connect),
        Phase::SendHead | Phase::Await100 | Phase::SendBody | Phase::RecvHead => match error.sent() {
            Sent::Nothing => Ok(RetryClass::Other),
            Sent::Part | Sent::All => Ok(RetryClass::Read),
        },
        Phase::RecvBody | Phase::Drain => Err(NotRetried::ResponseBegun),
    }
}

fn check_counts(class: RetryClass, spent: &Spent, retries: &Retries) -> Result<(), NotRetried> {
    if retries.total.is_some_and(|total| spent.total() >= total) {
        return Err(NotRetried::Exhausted);
    }
    if retries.of(class).is_some_and(|most| spent.of(class) >= most) {
        return Err(NotRetried::ClassExhausted(class));
    }
    Ok(())
}
