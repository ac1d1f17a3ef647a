//! Request heads and bodies onto the wire (RFC 9112 sections 3, 6 and 7).

use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE, COOKIE, DATE, EXPECT, FROM,
    HOST, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_RANGE, IF_UNMODIFIED_SINCE, MAX_FORWARDS,
    ORIGIN, PROXY_AUTHORIZATION, RANGE, REFERER, TRANSFER_ENCODING, USER_AGENT,
};
use http::{Method, Request, Version};

use super::framing::has_token;
use super::named::{Hops, Named};
use super::proxied::authorization;
use crate::authority;
use crate::key::Key;

/// What the caller says of the body that will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPlan {
    /// Bytes in all; `None` when nobody knows, and then it is sent chunked. That takes a server that speaks HTTP/1.1: to
    /// leave the size out is to say that this one does (RFC 9112 section 6.1).
    pub size: Option<u64>,
    /// Whether it can be had again from its start, should the request have to be sent again.
    pub replayable: bool,
    /// Whether trailer fields will follow it. Only a chunked body can have them, so it is sent as one.
    pub trailers: bool,
}

impl BodyPlan {
    /// No body.
    pub const fn empty() -> Self {
        Self::sized(0)
    }

    /// Whether there is nothing to send: neither bytes nor trailers.
    pub fn is_empty(&self) -> bool {
        self.size == Some(0) && !self.trailers
    }

    /// A body of `size` bytes that can be had again.
    pub const fn sized(size: u64) -> Self {
        Self { size: Some(size), replayable: true, trailers: false }
    }
}

/// Room for most heads.
const USUAL_HEAD: usize = 512;

/// How the request's body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutFraming {
    /// Nothing follows the head; whether it says `Content-Length: 0` is a matter of the method.
    None,
    Length(u64),
    Chunked,
}

/// A request that was found sendable, and what follows from its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) framing: OutFraming,
    /// It waits for `100 Continue` before the body.
    pub(crate) expects: bool,
    /// It says `Connection: close`.
    pub(crate) closes: bool,
    /// It offers another protocol.
    pub(crate) upgrades: bool,
    /// It has a `Host`, a `User-Agent` of its own.
    names_host: bool,
    names_agent: bool,
    /// What `Connection` has to name and does not yet: fields that are for the next hop alone (RFC 9110 section
    /// 7.6.1).
    unnamed: Hops,
    /// `Expect` has to be said and is not yet.
    adds_expect: bool,
}

/// Judges a request before anything is done for it. The error is a sentence that says what is wrong.
pub(crate) fn plan(request: &Request<()>, body: BodyPlan, expect: bool) -> Result<Plan, &'static str> {
    let method = request.method();
    if request.version() != Version::HTTP_11 {
        return Err("only HTTP/1.1 is spoken; leave the request's version as it is");
    }
    if repeats_a_single(request.headers()) {
        return Err("a field that may stand only once is given twice");
    }
    let named = Named::of(request.headers());
    let framing = framing(method, &named, body)?;
    let empty = matches!(framing, OutFraming::None | OutFraming::Length(0));
    if !empty && (method == Method::TRACE || method == Method::CONNECT) {
        return Err("a TRACE or CONNECT request has no body");
    }
    if !empty && method == Method::OPTIONS && !named.content_type {
        return Err("an OPTIONS request with a body needs a content-type");
    }
    if named.host.is_some_and(|host| !is_authority(host)) {
        return Err("the host field is not a host with an optional port");
    }
    if named.referer.is_some_and(tells_too_much) {
        return Err("a referer must hold no fragment, user name or password");
    }
    if named.accepts_chunked {
        return Err("chunked is always acceptable and must not be named in TE");
    }
    let expected = named.expect.is_some_and(|value| has_token(value, "100-continue"));
    if expected && empty {
        return Err("100-continue can't be expected by a request without a body");
    }
    if framing != OutFraming::Chunked && named.trailer {
        return Err("trailers need a chunked body");
    }
    let adds_expect = expect && !empty && named.expect.is_none();
    Ok(Plan {
        framing,
        expects: expected || adds_expect,
        closes: named.closes,
        upgrades: named.there.upgrade,
        names_host: named.host.is_some(),
        names_agent: named.user_agent,
        unnamed: named.there.without(named.connection),
        adds_expect,
    })
}

/// Writes the request line and the fields.
pub(crate) fn write_head(
    out: &mut Vec<u8>,
    request: &Request<()>,
    key: &Key,
    plan: Plan,
    user_agent: Option<&HeaderValue>,
) {
    let fields = request.headers();
    out.reserve(USUAL_HEAD);
    out.extend_from_slice(request.method().as_str().as_bytes());
    out.push(b' ');
    write_target(out, request, key);
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    match plan.names_host.then(|| fields.get(HOST)).flatten() {
        Some(host) => out.extend_from_slice(host.as_bytes()),
        None if request.method() == Method::CONNECT => write_host_and_port(out, key),
        None => out.extend_from_slice(key.authority().as_bytes()),
    }
    out.extend_from_slice(b"\r\n");
    if let Some(user_agent) = user_agent.filter(|_| !plan.names_agent) {
        write_field(out, &USER_AGENT, user_agent);
    }
    if let Some(authorization) = authorization(fields, key) {
        write_field(out, &PROXY_AUTHORIZATION, authorization);
    }
    for (name, value) in fields {
        if *name == COOKIE {
            write_cookie(out, value, fields);
        } else if !is_ours(name) {
            write_field(out, name, value);
        }
    }
    write_framing(out, plan);
    for token in plan.unnamed.tokens() {
        out.extend_from_slice(b"connection: ");
        out.extend_from_slice(token.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether [`write_head`] will write no more than about `limit` bytes.
pub(crate) fn head_fits(
    request: &Request<()>,
    key: &Key,
    user_agent: Option<&HeaderValue>,
    limit: usize,
) -> bool {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let fields: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let ours = 3 * key.authority().len()
        + user_agent.map_or(0, HeaderValue::len)
        + authorization(request.headers(), key).map_or(0, HeaderValue::len);
    let unescaped = request.method().as_str().len() + target.len() + fields + ours + 224;
    // What of the target has to be escaped matters to few heads.
    unescaped + 2 * target.len() <= limit || {
        let escaped = target.bytes().filter(|byte| !is_target_byte(*byte)).count();
        unescaped + 2 * escaped <= limit
    }
}

/// One chunk of a chunked body; nothing for no bytes, which would end the body.
pub(crate) fn write_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let mut digits = [0; 16];
    let mut at = digits.len();
    let mut rest = bytes.len();
    while rest > 0 {
        at -= 1;
        digits[at] = b"0123456789abcdef"[rest & 15];
        rest >>= 4;
    }
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Fields of a request that are no lists, so that two of them have no meaning (RFC 9110 section 5.3; of `Origin` RFC
/// 6454 section 7.3). `Expect` is a list, but of one thing.
const SINGLES: [HeaderName; 19] = [
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONTENT_TYPE,
    CONTENT_LOCATION,
    CONTENT_RANGE,
    EXPECT,
    USER_AGENT,
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    REFERER,
    ORIGIN,
    FROM,
    DATE,
    MAX_FORWARDS,
    RANGE,
    IF_RANGE,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
];

/// Most requests repeat no name at all, and are not looked at more closely.
fn repeats_a_single(fields: &HeaderMap) -> bool {
    let repeats = |name: &HeaderName| fields.get_all(name).iter().nth(1).is_some();
    fields.len() > fields.keys_len() && SINGLES.iter().any(repeats)
}

/// RFC 9110 section 10.1.3.
fn tells_too_much(referer: &[u8]) -> bool {
    let authority =
        referer.windows(2).position(|slashes| slashes == b"//").map_or(referer.len(), |at| at + 2);
    let mut authority = referer[authority..].split(|byte| b"/?#".contains(byte));
    referer.contains(&b'#') || authority.next().is_some_and(|authority| authority.contains(&b'@'))
}

fn framing(method: &Method, named: &Named<'_>, body: BodyPlan) -> Result<OutFraming, &'static str> {
    let announced = match named.content_length {
        Some(value) => Some(decimal(value).ok_or("the content-length given is not a number")?),
        None => None,
    };
    if let Some(coding) = named.transfer_encoding {
        if announced.is_some() {
            return Err("content-length and transfer-encoding must not both be given");
        }
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err("the only transfer-encoding that can be sent is chunked");
        }
        return Ok(OutFraming::Chunked);
    }
    if body.trailers {
        return match announced {
            Some(_) => Err("trailers can't follow a body whose content-length is given"),
            None => Ok(OutFraming::Chunked),
        };
    }
    match (announced, body.size) {
        (Some(announced), Some(size)) if announced != size => {
            Err("the content-length given is not the length of the body")
        }
        (Some(length), _) => Ok(OutFraming::Length(length)),
        (None, None) => Ok(OutFraming::Chunked),
        (None, Some(0)) if !expects_body(method) => Ok(OutFraming::None),
        (None, Some(size)) => Ok(OutFraming::Length(size)),
    }
}

/// Methods for which an absent body is worth a `Content-Length: 0` (RFC 9110 section 8.6).
fn expects_body(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS | Method::TRACE | Method::CONNECT
    )
}

/// The target's form follows from the method (RFC 9112 section 3.2).
fn write_target(out: &mut Vec<u8>, request: &Request<()>, key: &Key) {
    let uri = request.uri();
    if request.method() == Method::CONNECT {
        return write_host_and_port(out, key);
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if key.is_forwarded() {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(key.authority().as_bytes());
    }
    if request.method() == Method::OPTIONS && (target == "*" || target == "/*") {
        // To a proxy a URL without a path says the same (RFC 9112 section 3.2.4).
        return if !key.is_forwarded() {
            out.push(b'*')
        };
    }
    if !target.starts_with('/') {
        out.push(b'/');
    }
    let mut rest = target.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| !is_target_byte(byte)) {
        let (plain, behind) = (&rest[..at], &rest[at + 1..]);
        out.extend_from_slice(plain);
        let is_escape = behind.iter().take(2).filter(|digit| digit.is_ascii_hexdigit()).count() == 2;
        if rest[at] == b'%' && is_escape {
            out.push(b'%')
        } else {
            write_escaped(out, rest[at])
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
}

/// A tunnel's target names its port even where it is the default, in the line and in `Host` alike.
pub(super) fn write_host_and_port(out: &mut Vec<u8>, key: &Key) {
    out.extend_from_slice(key.host().as_bytes());
    out.push(b':');
    write_number(out, u64::from(key.port()));
}

/// What RFC 3986 allows in a path or a query beside escapes. A `%` that begins none means itself.
fn is_target_byte(byte: u8) -> bool {
    TARGET_BYTES[usize::from(byte)]
}

static TARGET_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~!$&'()*+,;=:@/?";
    let mut at = 0;
    while at < marks.len() {
        allowed[marks[at] as usize] = true;
        at += 1;
    }
    allowed
};

fn write_escaped(out: &mut Vec<u8>, byte: u8) {
    let hex = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'%', hex[usize::from(byte >> 4)], hex[usize::from(byte & 15)]]);
}

fn write_framing(out: &mut Vec<u8>, plan: Plan) {
    match plan.framing {
        OutFraming::None => {}
        OutFraming::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            write_number(out, length);
            out.extend_from_slice(b"\r\n");
        }
        OutFraming::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    if plan.adds_expect {
        out.extend_from_slice(b"expect: 100-continue\r\n");
    }
}

/// Fields that follow from others and are written in their own place.
fn is_ours(name: &HeaderName) -> bool {
    *name == HOST || *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING
}

pub(super) fn write_field(out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// With the first value all of them, on one line: several are allowed in HTTP/2 alone (RFC 6265 section 5.4, RFC 9113
/// section 8.2.3).
fn write_cookie(out: &mut Vec<u8>, value: &HeaderValue, fields: &HeaderMap) {
    let mut all = fields.get_all(COOKIE).iter();
    if !all.next().is_some_and(|first| core::ptr::eq(first, value)) {
        return;
    }
    out.extend_from_slice(b"cookie: ");
    out.extend_from_slice(value.as_bytes());
    for more in all {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(more.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn decimal(bytes: &[u8]) -> Option<u64> {
    let digits = core::str::from_utf8(bytes).ok()?;
    if digits.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.parse().ok()
}

fn is_authority(host: &[u8]) -> bool {
    core::str::from_utf8(host).is_ok_and(authority::is_authority)
}
