//! A large body of each kind, for tests of what a server received.

use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use httpocean_testkit::fill_pattern;
use httpocean_testkit::server::{Reply, Request, Server};

use crate::{Body, On};

/// More than sockets hold.
pub const UPLOAD: usize = 10_000_000;

/// A server that keeps what is uploaded to it, answers the first request so, and all others well.
///
/// # Panics
/// As [`On::serve`] does.
pub fn uploads_to(on: On, first: Reply) -> Server {
    let count = AtomicUsize::new(0);
    let handler = move |request: &Request| match count.fetch_add(1, Relaxed) {
        0 => first.clone(),
        _ if request.header("expect").is_some() => Reply::ok("end").continues(),
        _ => Reply::ok("end"),
    };
    on.server().record_body(UPLOAD).start(handler).expect("loopback has a free port")
}

/// Where a body comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// From the middle of a file to its end.
    File,
    /// Memory.
    Bytes,
    /// A reader that can't be rewound, sent chunked.
    Reader,
    /// The same, sent with a length.
    Sized,
}

impl Upload {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::File, Self::Bytes, Self::Reader, Self::Sized];

    /// Whether it can be had again.
    pub fn is_replayable(self) -> bool {
        matches!(self, Self::File | Self::Bytes)
    }

    /// [`UPLOAD`] bytes of the pattern.
    ///
    /// # Panics
    /// When the system has no room for a file.
    pub fn body(self) -> Body {
        match self {
            Self::File => Body::from_file(file()),
            Self::Bytes => Body::from(content().to_vec()),
            Self::Reader => Body::from_reader(Cursor::new(content())),
            Self::Sized => Body::from_sized_reader(Cursor::new(content()), UPLOAD as u64),
        }
    }
}

/// What all of them hold.
pub fn content() -> &'static [u8] {
    static CONTENT: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENT.get_or_init(|| {
        let mut content = vec![0; UPLOAD];
        fill_pattern(0, &mut content);
        content
    })
}

/// The method and the target of each request that had a body and whose body stands as whole on the server. What was
/// cut short may have come; what was cut short and looks whole may not.
///
/// # Panics
/// When a body is whole for the server and is not what was to be sent.
#[track_caller]
pub fn whole(server: &Server) -> Vec<String> {
    let all = server.requests();
    let uploads = all.iter().filter(|received| received.request.method != "GET");
    let complete = uploads.filter(|received| received.body_complete);
    complete
        .map(|received| {
            let name = format!("{} {}", received.request.method, received.request.target);
            assert_eq!(received.body_len, UPLOAD as u64, "{name} is whole and has another length");
            assert!(received.body == content(), "{name} is whole and has other bytes");
            name
        })
        .collect()
}

fn file() -> File {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    let path = std::env::temp_dir().join(format!("upload-{}-{number}", std::process::id()));
    let options = File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let mut file = options.expect("a temporary file");
    std::fs::remove_file(path).expect("it is there");
    file.write_all(b"what comes before").and_then(|()| file.write_all(content())).expect("room for it");
    file.seek(SeekFrom::Start(b"what comes before".len() as u64)).expect("a file has places");
    file
}
