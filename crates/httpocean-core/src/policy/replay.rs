//! Whether a request whose connection died may be sent again by itself: the one place that decides it.

use http::{HeaderMap, Method};

use crate::error::Sent;
use crate::reason::NotReplayed;

/// What is known when a connection died under a request, or brought what can't be an answer to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss<'a> {
    pub(crate) method: &'a Method,
    pub(crate) fields: &'a HeaderMap,
    /// The connection had been idle or used before, so the peer may have closed it of old age.
    pub(crate) may_be_stale: bool,
    /// The attempt takes the place of one on a stale connection.
    pub(crate) replays: bool,
    pub(crate) response_begun: bool,
    pub(crate) sent: Sent,
    /// The body can be had again, or none of it was asked for.
    pub(crate) body_at_hand: bool,
    /// The caller said that doing it twice does no harm.
    pub(crate) allowed: bool,
}

/// Nothing written: any method. Written but not answered: what may be done twice (RFC 9110 section 9.2.2,
/// RFC 9112 section 9.3.1). A fresh connection is never stale.
pub(crate) fn may_replay(loss: Loss<'_>) -> Result<(), NotReplayed> {
    if loss.response_begun {
        return Err(NotReplayed::ResponseBegun);
    }
    if !loss.may_be_stale {
        return Err(NotReplayed::FreshConnection);
    }
    if loss.replays {
        return Err(NotReplayed::ReplayedAlready);
    }
    if loss.sent != Sent::Nothing && !loss.allowed && !is_idempotent(loss.method, loss.fields) {
        return Err(NotReplayed::NotIdempotent);
    }
    if !loss.body_at_hand {
        return Err(NotReplayed::BodyNotReplayable);
    }
    Ok(())
}

/// By its method, or because the server can tell the second one by its key.
pub(super) fn is_idempotent(method: &Method, fields: &HeaderMap) -> bool {
    method.is_idempotent()
        || fields.contains_key("idempotency-key")
        || fields.contains_key("x-idempotency-key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss<'a>(method: &'a Method, fields: &'a HeaderMap) -> Loss<'a> {
        Loss {
            method,
            fields,
            may_be_stale: true,
            replays: false,
            response_begun: false,
            sent: Sent::All,
            body_at_hand: true,
            allowed: false,
        }
    }

    #[test]
    fn a_written_request_is_sent_again_only_if_twice_does_no_harm() {
        let none = HeaderMap::new();
        for (method, again) in [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::PUT, true),
            (Method::DELETE, true),
            (Method::OPTIONS, true),
            (Method::TRACE, true),
            (Method::POST, false),
            (Method::PATCH, false),
            (Method::CONNECT, false),
        ] {
            for sent in [Sent::Part, Sent::All] {
                assert_eq!(
                    may_replay(Loss { sent, ..loss(&method, &none) }).is_ok(),
                    again,
                    "{method} {sent:?}"
                );
            }
            assert_eq!(may_replay(Loss { sent: Sent::Nothing, ..loss(&method, &none) }), Ok(()));
        }
    }

    #[test]
    fn a_key_or_the_callers_word_makes_a_post_idempotent() {
        let mut keyed = HeaderMap::new();
        keyed.insert("idempotency-key", http::HeaderValue::from_static("1"));
        let none = HeaderMap::new();
        assert_eq!(may_replay(loss(&Method::POST, &keyed)), Ok(()));
        assert_eq!(may_replay(Loss { allowed: true, ..loss(&Method::POST, &none) }), Ok(()));
    }

    #[test]
    fn each_reason_against_it_is_named() {
        let none = HeaderMap::new();
        let base = loss(&Method::GET, &none);
        assert_eq!(may_replay(Loss { response_begun: true, ..base }), Err(NotReplayed::ResponseBegun));
        assert_eq!(may_replay(Loss { replays: true, ..base }), Err(NotReplayed::ReplayedAlready));
        assert_eq!(may_replay(Loss { may_be_stale: false, ..base }), Err(NotReplayed::FreshConnection));
        assert_eq!(may_replay(Loss { body_at_hand: false, ..base }), Err(NotReplayed::BodyNotReplayable));
        assert_eq!(may_replay(loss(&Method::POST, &none)), Err(NotReplayed::NotIdempotent));
    }
}
