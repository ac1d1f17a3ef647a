//! What an engine was told and what it said, as a file; and the same once more, from the file.
//!
//! An engine says the same when it is told the same. So a driver that writes down what it tells its engine has
//! written down everything that the engine did: a report of a bug is a file. A [`Recorder`] stands before the engine
//! and does that, [`replay`] tells another engine the same and compares.
//!
//! # What a recording holds
//! Lines of printable ASCII. A line that begins with `>` is an input, with its time in microseconds; the line with `<`
//! behind it is what the engine said. Before them stand the options. By default nothing secret is in it:
//! - bodies are `x`s of the same length; chunk sizes stay;
//! - of fields, the values of those stay that decide something (`content-length`, `connection`, `retry-after`, ...),
//!   and no others: not `authorization`, not `cookie`, not `set-cookie`; of a status line, version and status;
//! - of URLs, scheme, host, port and path stay; user names, queries and fragments do not;
//! - after a change of protocol every byte is an `x`.
//!
//! All of that has the same length as before, so the engine counts and decides as before. Host names, addresses,
//! paths and times are in it. [`Recording::whole`] keeps everything, for who needs it and trusts the reader.
//!
//! # What it can't hold
//! A user's predicate for retries ([`When`](httpocean_core::policy::When)) and a budget that several clients share:
//! where they decide, the replay differs. Nor what a layer made of the wire: of a connection by TLS the bytes are those of
//! the wire, of which nobody can make anything without its keys. A recording says where its first such connection is
//! made, and tells who records it ([`Recording::warned`]); a replay ends there with that reason.
//!
//! What stands in a `Location` where a user name may be can be told from a host at its end only. Until that has come,
//! lines wait, up to 64 KiB of them; if it does not come in that time, the host is a host of `x`s.

mod inputs;
mod log;
mod options;
mod pages;
mod recorder;
mod redact;
mod replay;
mod said;
mod text;
mod url;

use std::fmt;
use std::sync::Arc;

pub use recorder::Recorder;
pub use replay::{Difference, NoRecording, Replayed, replay};

/// The first word of the first line, and the version of what follows.
const MAGIC: &str = "httpocean-recording 1";

/// Begins the line behind which nothing can be replayed.
const SECURED: &str = "secured ";
/// Why that is so.
const KEYS: &str = "from here on it can't be replayed: a connection by TLS, and its keys are in no recording";

/// Somebody who takes lines.
type Sink = dyn Fn(&[u8]) + Send + Sync;

/// Somebody who wants to know why a recording can't be replayed to its end.
type Warned = dyn Fn(&'static str) + Send + Sync;

/// Where a recording goes.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use httpocean_driver::record::Recording;
///
/// let file = Arc::new(Mutex::new(Vec::new()));
/// let copy = file.clone();
/// let recording = Recording::new(move |bytes| copy.lock().unwrap().extend_from_slice(bytes));
/// assert!(!recording.is_whole());
/// ```
#[derive(Clone)]
pub struct Recording {
    sink: Arc<Sink>,
    warned: Option<Arc<Warned>>,
    whole: bool,
}

impl Recording {
    /// `sink` is handed whole lines, in order, as they come to be; a few may wait for an end, or for that of the client. It is called in the middle of things, so it had
    /// better be quick, and deal with its errors itself.
    pub fn new(sink: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self { sink: Arc::new(sink), warned: None, whole: false }
    }

    /// With bodies, fields and queries as they are: **secrets included**.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// `told` is called when the recording comes to something that can't be replayed, once, with a sentence that says
    /// why.
    #[must_use]
    pub fn warned(mut self, told: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        self.warned = Some(Arc::new(told));
        self
    }

    /// Whether secrets are kept.
    pub fn is_whole(&self) -> bool {
        self.whole
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("whole", &self.whole).finish_non_exhaustive()
    }
}
