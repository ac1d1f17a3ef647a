//! Responses that are decoded on their way to the user.

use httpocean_content::{Codings, Limits, Pulled};
use httpocean_std::http::header::CONTENT_ENCODING;
use httpocean_std::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use httpocean_std::{ErrorKind, Fault, Phase, Sent, core};

use super::{Failure, Response};

/// What a body is decoded by; none where there is nothing to decode, or nothing that could be.
pub(super) fn decoder(
    method: &Method,
    status: StatusCode,
    headers: &[(HeaderName, HeaderValue)],
) -> Option<Box<Pulled>> {
    let bodiless = method == Method::HEAD || [204, 206, 304].contains(&status.as_u16());
    let named = headers.iter().filter(|(name, _)| name == CONTENT_ENCODING).cloned();
    let codings = Codings::of(&named.collect::<HeaderMap>());
    let leave = codings.as_ref().is_ok_and(|codings| codings.is_plain() || codings.is_opaque());
    (!bodiless && !leave).then(|| Box::new(Pulled::new(codings, &Limits::default())))
}

/// That of a response whose content is no content.
pub(super) fn undecodable(response: &Response, what: &'static str) -> Failure {
    let verdict = core::Error::new(ErrorKind::Content(what), Phase::RecvBody).with_fault(Fault::Peer);
    let uri = response.url.parse().unwrap_or_default();
    Failure::new(verdict.with_sent(Sent::All), uri).with_story(response.connection, Some(response.status))
}
