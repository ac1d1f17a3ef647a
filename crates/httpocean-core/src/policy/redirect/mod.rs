//! What follows a redirect: the one place that makes the request of a hop (RFC 9110 section 15.4).
//!
//! | status | method | body |
//! |---|---|---|
//! | 301, 302 | POST becomes GET, unless [`Redirects::keep_method`]; others stay | goes with the POST |
//! | 303 | GET and HEAD stay, others become GET | dropped |
//! | 307, 308 | stays | stays |
//! | any other | not followed | |
//!
//! A body that is dropped takes what describes it along: every `Content-*`, `Transfer-Encoding`, `Trailer`,
//! `Expect`, `Digest`, `Repr-Digest`, `Last-Modified`.
//!
//! Between *origins* (scheme, host and port; default ports and spellings of a host don't count) secrets are
//! dropped: `Authorization`, `Cookie`, `Proxy-Authorization`, the fields of their negotiation, every field with a
//! value that is marked by `HeaderValue::set_sensitive`, and the names in [`Redirects::sensitive`]. A hop is made
//! from the request of the hop before, so what was dropped once never comes back: not at the next URL of the same
//! origin, not at the first one.
//!
//! A `Host` of the user's own means a site that its URL does not name. It stays while a `Location` names no host
//! either; with any other it goes, and then that is another site, so secrets go too. Without that rule they would
//! be shown to whichever site answers by default.

mod location;
mod reasons;

use http::header::{
    EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, REFERER, TRAILER, TRANSFER_ENCODING,
};
use http::{Method, Request, StatusCode};

use crate::authority::Scheme;
use crate::h1::encode::BodyPlan;
use crate::key::Key;
pub use crate::reason::NotFollowed;
use location::{Base, Target};
pub use reasons::NoRedirect;

/// Which redirects are followed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirects {
    /// How many are followed in a row; one more is an error. With 0 every redirect is handed to the user as the
    /// response that it is. Default 10.
    pub limit: u32,
    /// 301 and 302 leave a POST a POST, as RFC 9110 wants and urllib3 does; by default they make it a GET, as
    /// browsers do. 303 always means GET.
    pub keep_method: bool,
    /// A redirect to plain `http` is an error. Default no: it is followed, but as another origin.
    pub https_only: bool,
    /// A redirect to another scheme, host or port is an error: urllib3's `assert_same_host`. Default no.
    pub same_host: bool,
    /// Say in `Referer` where a hop comes from: the URL before it, to another origin its origin alone, never from
    /// `https` to `http`. It takes the place of a `Referer` of the user's own. Default no.
    pub referer: bool,
    /// Fields that are secret beside those that always are, such as `x-api-key`. Default none.
    pub sensitive: Vec<HeaderName>,
}

impl Default for Redirects {
    fn default() -> Self {
        Self {
            limit: 10,
            keep_method: false,
            https_only: false,
            same_host: false,
            referer: false,
            sensitive: Vec::new(),
        }
    }
}

/// The fragment of a request's URL: what stands behind `#`, and what a [`Uri`](http::Uri) does not hold. Among a
/// request's extensions it becomes that of the response's URL, unless a redirect brings another.
///
/// ```
/// use httpocean_core::policy::redirect::Fragment;
///
/// let url = "http://example.com/page#part";
/// let mut request = http::Request::get(url).body(()).unwrap();
/// request.extensions_mut().insert(Fragment::of(url).unwrap());
/// assert_eq!(request.extensions().get::<Fragment>().unwrap().as_str(), "part");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment(Box<str>);

impl Fragment {
    /// That of a URL, if it has one.
    pub fn of(url: &str) -> Option<Self> {
        url.split_once('#').map(|(_, fragment)| Self(fragment.into()))
    }

    /// Without the `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The request that was answered, and what came before it.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// As it was sent: of a second hop, the [`FollowUp`] of the first.
    pub request: &'a Request<()>,
    /// The body that belonged to it.
    pub body: BodyPlan,
    /// The fragment of its URL, which a [`Uri`](http::Uri) does not hold.
    pub fragment: Option<&'a str>,
    /// How many redirects led to it.
    pub followed: u32,
}

/// What a response means for the request.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is the answer.
    Answer(NoRedirect),
    /// This request is to be made.
    Follow(Box<FollowUp>),
    /// It leads elsewhere, but that way is not gone.
    Refuse(NotFollowed),
}

/// The request of a hop.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// Its head, with the extensions of the request before.
    pub request: Request<()>,
    /// Its body: the same once more from its start, or none.
    pub body: BodyPlan,
    /// What its connection has to be connected to, by its URL alone: without a partition, without a local address.
    pub key: Key,
    /// The fragment of its URL, inherited if the `Location` has none (RFC 9110 section 10.2.2). It is never sent.
    pub fragment: Option<Box<str>>,
    /// It goes to another origin than the request before, without its secrets.
    pub cross_origin: bool,
}

impl FollowUp {
    /// Its URL, with the fragment.
    pub fn url(&self) -> String {
        match &self.fragment {
            Some(fragment) => format!("{}#{fragment}", self.request.uri()),
            None => self.request.uri().to_string(),
        }
    }
}

/// What follows from a response with that `status` and these `Location` fields.
///
/// ```
/// use http::{Method, Request, StatusCode};
/// use httpocean_core::BodyPlan;
/// use httpocean_core::policy::redirect::{Previous, Redirects, Verdict, follow};
///
/// let login = Request::post("https://example.com/login").header("authorization", "Basic eDp5").body(()).unwrap();
/// let sent = Previous { request: &login, body: BodyPlan::sized(7), fragment: None, followed: 0 };
/// let location: &[u8] = b"//www.example.com/home#top";
/// let verdict = follow(sent, StatusCode::FOUND, [location], &Redirects::default());
///
/// let Verdict::Follow(hop) = verdict else { panic!("{verdict:?}") };
/// assert_eq!(hop.url(), "https://www.example.com/home#top");
/// assert_eq!((hop.request.method(), hop.body), (&Method::GET, BodyPlan::empty()));
/// assert!(hop.cross_origin && !hop.request.headers().contains_key("authorization"));
/// ```
pub fn follow<'l>(
    previous: Previous<'_>,
    status: StatusCode,
    locations: impl IntoIterator<Item = &'l [u8]>,
    policy: &Redirects,
) -> Verdict {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Verdict::Answer(NoRedirect::Status);
    }
    if previous.request.method() == Method::CONNECT {
        return Verdict::Answer(NoRedirect::Connect);
    }
    if policy.limit == 0 {
        return Verdict::Answer(NoRedirect::Off);
    }
    match location::only(locations.into_iter()) {
        Err(why) => Verdict::Refuse(why),
        Ok(None) => Verdict::Answer(NoRedirect::NoLocation),
        Ok(Some(_)) if previous.followed >= policy.limit => Verdict::Refuse(NotFollowed::TooMany),
        Ok(Some(location)) => match hop(previous, status, location, policy) {
            Ok(hop) => Verdict::Follow(Box::new(hop)),
            Err(why) => Verdict::Refuse(why),
        },
    }
}

fn hop(
    previous: Previous<'_>,
    status: StatusCode,
    location: &[u8],
    policy: &Redirects,
) -> Result<FollowUp, NotFollowed> {
    let from = Key::of(previous.request.uri()).map_err(NotFollowed::BadLocation)?;
    let base = Base::of(previous.request.uri())?;
    let Target { uri, key, fragment } = base.resolve(location)?;
    if policy.https_only && key.scheme() != Scheme::Https {
        return Err(NotFollowed::NotHttps);
    }
    let own_host = has_own_host(previous.request.headers(), &from);
    let cross_origin = key != from || (own_host && base.is_named_by(location));
    if policy.same_host && cross_origin {
        return Err(NotFollowed::OtherHost);
    }

    let mut request = previous.request.clone();
    *request.uri_mut() = uri;
    let body = change_method(&mut request, previous.body, status, policy);
    let fields = request.headers_mut();
    if cross_origin || !own_host {
        fields.remove(HOST);
    }
    if cross_origin {
        remove_where(fields, |name, fields| is_secret(name, fields, policy));
    } else {
        mark_secrets(fields, policy);
    }
    if from.scheme() == Scheme::Https && key.scheme() != Scheme::Https {
        fields.remove(REFERER);
    } else if policy.referer {
        refer(fields, &from, if cross_origin { "/" } else { base.path() });
    }
    let fragment = fragment.or_else(|| previous.fragment.map(Into::into));
    Ok(FollowUp { request, body, key, fragment, cross_origin })
}

/// Whether the user's `Host` names another site than the URL.
fn has_own_host(fields: &HeaderMap, key: &Key) -> bool {
    let names_key = |host: &HeaderValue| {
        let uri = format!("{}://{}", key.scheme().as_str(), host.to_str().ok()?).parse().ok()?;
        Key::of(&uri).ok().filter(|named| named == key)
    };
    fields.get(HOST).is_some_and(|host| names_key(host).is_none())
}

fn change_method(
    request: &mut Request<()>,
    body: BodyPlan,
    status: StatusCode,
    policy: &Redirects,
) -> BodyPlan {
    let retrieves = *request.method() == Method::GET || *request.method() == Method::HEAD;
    let becomes_get = match status {
        StatusCode::SEE_OTHER => !retrieves,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => {
            *request.method() == Method::POST && !policy.keep_method
        }
        _ => false,
    };
    if becomes_get {
        *request.method_mut() = Method::GET;
    } else if status != StatusCode::SEE_OTHER || body.is_empty() {
        return body;
    }
    remove_where(request.headers_mut(), |name, _| is_of_body(name));
    BodyPlan::empty()
}

fn is_of_body(name: &HeaderName) -> bool {
    name.as_str().starts_with("content-")
        || [TRANSFER_ENCODING, TRAILER, EXPECT, LAST_MODIFIED].contains(name)
        || ["digest", "repr-digest"].contains(&name.as_str())
}

/// Marks the secrets among the fields as `HeaderValue::set_sensitive` does, so that nothing prints them.
pub(crate) fn mark_secrets(fields: &mut HeaderMap, policy: &Redirects) {
    for (name, value) in fields {
        if is_secret_name(name, policy) {
            value.set_sensitive(true);
        }
    }
}

/// Whether any of the fields is one that another origin is not told.
pub(crate) fn hold_secrets(fields: &HeaderMap, policy: &Redirects) -> bool {
    fields.keys().any(|name| is_secret(name, fields, policy))
}

fn is_secret(name: &HeaderName, fields: &HeaderMap, policy: &Redirects) -> bool {
    is_secret_name(name, policy) || fields.get_all(name).iter().any(HeaderValue::is_sensitive)
}

fn is_secret_name(name: &HeaderName, policy: &Redirects) -> bool {
    let always = matches!(
        name.as_str(),
        "authorization"
            | "cookie"
            | "cookie2"
            | "proxy-authorization"
            | "www-authenticate"
            | "proxy-authenticate"
    );
    always || policy.sensitive.contains(name)
}

/// Removes every value of these fields.
fn remove_where(fields: &mut HeaderMap, which: impl Fn(&HeaderName, &HeaderMap) -> bool) {
    let names: Vec<_> = fields.keys().filter(|name| which(name, fields)).cloned().collect();
    for name in names {
        fields.remove(name);
    }
}

/// As `strict-origin-when-cross-origin` has it.
fn refer(fields: &mut HeaderMap, from: &Key, path: &str) {
    match HeaderValue::try_from(format!("{from}{path}")) {
        Ok(url) => fields.insert(REFERER, url),
        Err(_) => fields.remove(REFERER),
    };
}
