//! What a call makes of the bytes of a response.

use httpocean_core::pool::Fate;
use httpocean_core::{CloseReason, ErrorKind, Fault, Io};

use crate::common::{Said, Scenario, conn};

/// A whole response, and what became of its connection; or the class of the peer's error, after which the connection is
/// always closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Read {
    Whole(u16, Vec<u8>, Fate),
    Error(&'static str),
}

pub(crate) const KEPT: Fate = Fate::REUSABLE;
pub(crate) const BY_PROTOCOL: Fate = Fate::Spent(CloseReason::Protocol);
pub(crate) const SURPLUS: Fate = Fate::Spent(CloseReason::Unasked);

pub(crate) fn whole(body: &str, fate: Fate) -> Read {
    Read::Whole(200, body.as_bytes().to_vec(), fate)
}

/// A response to a GET. The same comes of it in one piece and byte by byte, or this fails; the connection ends only if
/// the response does not.
#[track_caller]
pub(crate) fn read(response: impl AsRef<[u8]>) -> Read {
    read_by("GET", response)
}

#[track_caller]
pub(crate) fn read_by(method: &str, response: impl AsRef<[u8]>) -> Read {
    let bytes = response.as_ref();
    let at_once = fed(method, [bytes]);
    assert_eq!(fed(method, bytes.chunks(1)), at_once, "byte by byte: {}", bytes.escape_ascii());
    at_once
}

/// The class of the error that a response is.
#[track_caller]
pub(crate) fn class(response: impl AsRef<[u8]>) -> &'static str {
    match read(response.as_ref()) {
        Read::Error(class) => class,
        other @ Read::Whole(..) => panic!("{}: {other:?}", response.as_ref().escape_ascii()),
    }
}

fn fed<'a>(method: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut it = Scenario::written(method, &[]);
    let (mut status, mut body, mut fate) = (0, Vec::new(), None);
    let mut pieces = pieces.into_iter();
    loop {
        for said in it.run() {
            match said {
                Said::Head(of_head, _) => status = of_head,
                Said::Data(data) => body.extend_from_slice(&data),
                Said::Release(of) => fate = Some(of),
                Said::End(_) => return Read::Whole(status, body, surplus(pieces, fate.unwrap())),
                Said::Failed(failure) => {
                    let ErrorKind::Protocol(error) = failure.kind else { panic!("{failure:?}") };
                    assert_eq!(failure.fault, Fault::Peer, "{failure:?}");
                    assert!(matches!(fate, Some(Fate::Spent(_))), "it keeps the connection: {fate:?}");
                    return Read::Error(error.class());
                }
                Said::Wait(_) | Said::Interim(..) => {}
                other @ (Said::Acquire { .. }
                | Said::NeedBody { .. }
                | Said::Hop(_)
                | Said::Passing(..)
                | Said::Upgraded(_)) => {
                    panic!("{other:?}")
                }
            }
        }
        match pieces.next() {
            Some(piece) => it.feed(piece),
            None => it.io.rx.set_eof(),
        }
    }
}

/// What comes behind a whole response comes while its connection is idle, and closes that.
fn surplus<'a>(mut pieces: impl Iterator<Item = &'a [u8]>, fate: Fate) -> Fate {
    match (pieces.next(), fate) {
        (Some(piece), Fate::Reusable { .. }) => {
            Fate::Spent(idle(piece, false).expect("it was not asked for"))
        }
        (Some(_) | None, fate) => fate,
    }
}

/// Why an idle connection is closed on which that is read, its end included if it `ends`.
pub(crate) fn idle(bytes: &[u8], ends: bool) -> Option<CloseReason> {
    let mut io = Io::default();
    io.rx.append(bytes);
    if ends {
        io.rx.set_eof();
    }
    conn().idle_input(&mut io)
}
