//! Cookies (RFC 6265, with what browsers and its successor have added for safety).
//!
//! | what | is done |
//! |---|---|
//! | `Domain` | the host itself or a domain it is in, or the cookie is refused; then it goes to all hosts of that domain |
//! | a public suffix as `Domain` | refused, unless it is the host itself, which keeps the cookie for itself |
//! | a host that is an address | keeps its cookies for itself |
//! | `Path` | as given, or the directory of the request; the longest go first, then the oldest |
//! | `Secure` | only https may set it and is sent it; plain http never takes the place of such a cookie |
//! | `__Host-`, `__Secure-` | names that are kept to what they promise, in any case of letters |
//! | `Max-Age`, `Expires` | the former goes first; at most 400 days |
//! | `HttpOnly` | written to files; there is no script here that could be kept from it |
//! | `SameSite`, `Partitioned` | passed over: there is no page here that a request could come from |
//! | other schemes and ports of a host | share its cookies, as the RFC says, `Secure` ones aside |
//! | a control byte, no name, more bytes than [`JarLimits`] allow | refused |

mod cookie_date;
mod set_cookie;
mod store;
mod text;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderValue, Uri};
use httpocean_core::{Key, Scheme};

pub use text::NoJar;

use store::Store;

/// Cookies of all hosts. A clone is the same jar: several clients, and threads, may share one.
///
/// ```
/// use httpocean_session::Jar;
///
/// let (jar, now) = (Jar::new(), 1_800_000_000);
/// let login = "https://www.shop.example/login".parse().unwrap();
/// jar.set(&login, b"id=7; Domain=shop.example; Path=/; Secure; Max-Age=60", now).unwrap();
///
/// let cart = "https://cart.shop.example/".parse().unwrap();
/// assert_eq!(jar.cookies(&cart, now).unwrap(), "id=7");
/// assert_eq!(jar.cookies(&"http://cart.shop.example/".parse().unwrap(), now), None);
/// assert_eq!(jar.cookies(&cart, now + 60), None);
/// assert!(jar.set(&login, b"id=7; Domain=example", now).is_err());
/// ```
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<Store>>);

/// How much a jar holds, and how much of it is sent: servers fill it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JarLimits {
    /// Cookies of one site, a domain that can be registered with all that is in it. One more takes the place of the one
    /// that was not used for longest. Default 180.
    pub per_site: usize,
    /// Cookies in all. Default 3,000.
    pub total: usize,
    /// Bytes of a cookie's name and value together; longer ones are refused. Default 4,096.
    pub cookie_bytes: usize,
    /// Bytes of domain and path together. Default 1,024.
    pub place_bytes: usize,
    /// Bytes of a `Cookie` field that is sent; what does not fit is left out. Default 16 KiB.
    pub sent_bytes: usize,
}

impl Default for JarLimits {
    fn default() -> Self {
        Self { per_site: 180, total: 3_000, cookie_bytes: 4_096, place_bytes: 1_024, sent_bytes: 16 * 1024 }
    }
}

/// Where a cookie comes from, or is to go.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    /// Normalised; an IPv6 address is in brackets.
    host: &'a str,
    is_address: bool,
    path: &'a str,
    is_secure: bool,
}

impl<'a> Place<'a> {
    fn of(key: &'a Key, path: &'a str) -> Self {
        let is_secure = key.scheme() == Scheme::Https;
        Self { host: key.host(), is_address: key.address().is_some(), path, is_secure }
    }
}

impl Jar {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty one that holds more, or less.
    pub fn with_limits(limits: JarLimits) -> Self {
        Self(Arc::new(Mutex::new(Store::new(limits))))
    }

    /// Takes in the value of a `Set-Cookie` in a response from `uri`, at `now`, in seconds since 1970. The error is a
    /// sentence that says why it was refused.
    pub fn set(&self, uri: &Uri, value: &[u8], now: u64) -> Result<(), &'static str> {
        self.learn(&Key::of(uri)?, uri.path(), value, now)
    }

    /// The value of the `Cookie` of a request to `uri` at `now`, marked as sensitive; `None` if there is nothing to say.
    pub fn cookies(&self, uri: &Uri, now: u64) -> Option<HeaderValue> {
        self.of(&Key::of(uri).ok()?, uri.path(), now)
    }

    /// How many cookies it holds, some of which may be out of date.
    pub fn len(&self) -> usize {
        self.store().len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.store().clear();
    }

    /// All that are not out of date at `now`, in the format of curl's and wget's cookie files, which began with
    /// Netscape's. Cookies without an end are among them.
    pub fn to_text(&self, now: u64) -> Vec<u8> {
        text::write(&self.store(), now)
    }

    /// Takes in what [`to_text`](Self::to_text), curl or a browser's export wrote; how many cookies were taken. What is
    /// out of date, or not acceptable from a server either, is passed over.
    ///
    /// # Errors
    /// When a line is none of such a file. The jar has the cookies before it then.
    pub fn load(&self, text: &[u8], now: u64) -> Result<usize, NoJar> {
        text::read(&mut self.store(), text, now)
    }

    pub(crate) fn learn(&self, key: &Key, path: &str, value: &[u8], now: u64) -> Result<(), &'static str> {
        self.store().set(Place::of(key, path), value, now)
    }

    pub(crate) fn of(&self, key: &Key, path: &str, now: u64) -> Option<HeaderValue> {
        self.store().cookies(Place::of(key, path), now)
    }

    /// A panic elsewhere leaves it as it is: no operation has a half.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jar({} cookies)", self.len())
    }
}
