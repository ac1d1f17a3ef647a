//! What a call obeys.

use core::time::Duration;

use http::HeaderValue;

/// Deadlines and habits of a [`Call`](super::Call). `None` is no limit.
///
/// Where urllib3 has two timeouts, `connect` and `read`, that start anew at every attempt, these have one
/// meaning each, and `total` spans everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// From the start of the call to its end, whatever happens in between. Default none.
    pub total: Option<Duration>,
    /// Waiting in the pool for a connection that others use; making one is not counted, the dial has clocks of
    /// its own. Default none.
    pub pool_wait: Option<Duration>,
    /// The longest time in which the peer takes no further byte of the request. Default none.
    pub send: Option<Duration>,
    /// From the last byte of the request to the first of the response, and again after each interim response.
    /// Default none.
    pub first_byte: Option<Duration>,
    /// The longest time without a further byte, once the response has begun. It runs only while the response
    /// is waited for: a slow reader of the body never times out the peer. Default none.
    pub idle: Option<Duration>,
    /// Send `Expect: 100-continue` with every body. Default no; a request can have the field by itself.
    pub expect_continue: bool,
    /// How long a body waits for `100 Continue` before it is sent without. Default 1 s.
    pub await_continue: Duration,
    /// The `User-Agent` of requests that have none. Default `httpocean/` and the version.
    pub user_agent: Option<HeaderValue>,
    /// Requests of any method may be sent again when their connection died of old age, even if the peer may
    /// have acted on them. Default no: then only idempotent ones are, and those with an `Idempotency-Key`.
    pub replay_any_method: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            total: None,
            pool_wait: None,
            send: None,
            first_byte: None,
            idle: None,
            expect_continue: false,
            await_continue: Duration::from_secs(1),
            user_agent: Some(HeaderValue::from_static(concat!("httpocean/", env!("CARGO_PKG_VERSION")))),
            replay_any_method: false,
        }
    }
}
