//! Short ways to ask for a verdict.
#![allow(dead_code, unreachable_pub)]

use core::time::Duration;

use http::{HeaderMap, Method, Response};
use httpocean_core::policy::{Answer, Attempt, Common, Moment, Outcome, Place, Retries, Retry, Spent, judge};
use httpocean_core::{Error, ErrorKind, Instant, NotRetried, Phase, Sent, TransportError};

/// Ten seconds after the driver's epoch; no deadline, no clock on the wall, and the body can be had again.
pub fn moment() -> Moment {
    Moment { now: Instant::ZERO + Duration::from_secs(10), deadline: None, wall: None, body_at_hand: true }
}

pub fn refused() -> Error {
    Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect)
}

/// The connection broke while the response was waited for.
pub fn broken(sent: Sent) -> Error {
    Error::new(ErrorKind::Reset(TransportError::Reset), Phase::RecvHead).with_sent(sent)
}

pub fn answer(status: u16, fields: &[(&str, &str)]) -> Response<()> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(()).expect("a test's responses are good")
}

/// A client that judges attempts of one method, one after the other.
pub struct Judge {
    pub retries: Retries,
    pub method: Method,
    pub fields: HeaderMap,
    pub spent: Spent,
    pub moment: Moment,
    pub place: Place,
}

impl Judge {
    pub fn new(retries: Retries, method: Method) -> Self {
        Self::with(&Common::default(), retries, method)
    }

    pub fn with(common: &Common, retries: Retries, method: Method) -> Self {
        let place = common.enter();
        Self { retries, method, fields: HeaderMap::new(), spent: Spent::default(), moment: moment(), place }
    }

    pub fn of_error(&mut self, error: &Error) -> Result<Retry, NotRetried> {
        self.of(Outcome::Failure(error))
    }

    pub fn of_answer(&mut self, response: &Response<()>) -> Result<Retry, NotRetried> {
        self.of(Outcome::Answer(Answer::from(response)))
    }

    /// The verdict; a yes is carried out.
    fn of(&mut self, outcome: Outcome<'_>) -> Result<Retry, NotRetried> {
        let attempt = Attempt { method: &self.method, fields: &self.fields, outcome };
        let retry = judge(&attempt, &self.spent, &self.retries, self.moment, &mut self.place)?;
        self.spent = core::mem::take(&mut self.spent).retried(retry);
        Ok(retry)
    }
}
