//! The end of a chunked body of a request, and what fields may stand there.

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, LOCATION,
    MAX_FORWARDS, RANGE, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY, WWW_AUTHENTICATE,
};

use super::encode::write_field;

/// The last chunk and the trailer section.
pub(crate) fn write_last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flatten() {
        write_field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether a field may stand in a trailer section: none that frames, routes, authenticates, modifies or describes
/// the message (RFC 9110 section 6.5.1).
pub(crate) fn may_trail(name: &HeaderName) -> bool {
    // A digest is what trailers are for (RFC 9530 section 2).
    let of_no_use_late = |prefix| name.as_str().starts_with(prefix) && name != "content-digest";
    !["content-", "if-", "proxy-"].into_iter().any(of_no_use_late) && !NEVER_TRAILS.contains(name)
}

const NEVER_TRAILS: [HeaderName; 16] = [
    HOST,
    TRANSFER_ENCODING,
    TRAILER,
    TE,
    CONNECTION,
    EXPECT,
    UPGRADE,
    AUTHORIZATION,
    COOKIE,
    SET_COOKIE,
    CACHE_CONTROL,
    RANGE,
    MAX_FORWARDS,
    LOCATION,
    VARY,
    WWW_AUTHENTICATE,
];
