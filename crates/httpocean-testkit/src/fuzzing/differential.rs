//! Our reading of a response against another one.

use http::HeaderMap;
use httpocean_core::{Error, ErrorKind};

use super::play::{End, Heard, How, Peer, cut, ending, limits, question};
use crate::bytes::Bytes;
use crate::reference::exchange::{self, Answer, Field};

/// A call reads a response as RFC 9112 has it: the same heads, body, trailers, end, and the same opinion about its
/// connection.
pub fn differential(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let (limits, question, ending) = (limits(&mut choices), question(&mut choices), ending(&mut choices));
    let (cuts, bytes) = (choices.text(), choices.rest());
    let expected = exchange::read(question, bytes, ending, &limits);
    let parts = cut(bytes, cuts);
    compare(&expected, &Peer { question, limits, parts, ending }.play(How::Lent));
}

fn compare(expected: &Answer, heard: &Heard) {
    assert_eq!(expected.interim, heard.interim);
    assert_eq!(expected.head, heard.head);
    assert_eq!(expected.body, heard.body);
    match (&expected.end, &heard.end) {
        (exchange::End::Open, End::Open) => {}
        // A line can be wrong before its end is there.
        (exchange::End::Open, End::Failed(error)) => assert!(matches!(error.kind(), ErrorKind::Protocol(_))),
        (exchange::End::Whole { reuse: expected_reuse }, End::Whole { reuse, trailers }) => {
            assert_eq!(expected_reuse, reuse, "may the connection be used again?");
            assert_eq!(by_name(&expected.trailers), fields(trailers.as_ref()));
        }
        (exchange::End::Tunnel(expected), End::Upgraded(rest)) => assert_eq!(expected, rest),
        (exchange::End::Wrong(expected), End::Failed(error)) => {
            let class = class(error);
            // Of two things that are wrong with it, either may be found first.
            let either = [*expected, class].iter().any(|class| ["truncated", "too-large"].contains(class));
            assert!(*expected == class || either, "{expected} but {class}: {error}");
        }
        (expected, heard) => panic!("expected {expected:?}, heard {heard:?}"),
    }
}

fn class(error: &Error) -> &'static str {
    if let ErrorKind::Protocol(what) = error.kind() {
        return what.class();
    }
    assert!(
        matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_)),
        "no fault of a response: {error:?}"
    );
    "truncated"
}

/// As a map has them: together where the names are the same.
fn by_name(fields: &[Field]) -> Vec<Field> {
    let mut sorted = fields.to_vec();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}

fn fields(map: Option<&HeaderMap>) -> Vec<Field> {
    let fields = map.into_iter().flatten();
    by_name(&fields.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect::<Vec<_>>())
}
