//! Targets of the wire: heads, chunks, whole exchanges, however they are cut.

use httpocean_core::Limits;

use super::play::{End, Heard, How, Peer, cut, ending, limits, question};
use crate::bytes::Bytes;
use crate::reference::exchange::{self, Ending, Question};

const GET: Question<'static> = Question { method: "GET", upgrade: false };

/// Bytes where a response should be: the way a whole head takes and the way of a dripping one come to the same, and
/// what is shown of a head is sound.
pub fn response_head(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let limits = limits(&mut choices);
    let bytes = choices.rest();
    let play =
        |parts| Peer { question: GET, limits: limits.clone(), parts, ending: Ending::Open }.play(How::Lent);
    let whole = play(vec![bytes]);
    let dripping = play(bytes.chunks(1).collect());
    assert_eq!(whole, dripping, "the pieces make a difference");
    for head in whole.interim.iter().chain(&whole.head) {
        assert!((100..1000).contains(&head.status));
        assert!(head.fields.len() <= limits.headers, "I39: more fields than allowed");
        let size: usize = head.fields.iter().map(|(name, value)| name.len() + value.len() + 1).sum();
        assert!(size <= limits.head_bytes, "I39: more bytes than allowed");
        assert!(head.fields.iter().all(|(name, _)| !name.is_empty()));
    }
}

/// Bytes where a chunked body should be: every way to take them out of their chunks comes to the same.
pub fn chunked_body(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    // Of the limits, those of heads would stop it before it begins.
    let limits = Limits { head_bytes: 128, headers: 4, ..limits(&mut choices) };
    let (ending, cuts, room) = (ending(&mut choices), choices.text(), usize::from(choices.byte()) + 1);
    let bytes = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", choices.rest()].concat();
    let play = |parts, how| Peer { question: GET, limits: limits.clone(), parts, ending }.play(how);
    let whole = play(vec![&bytes[..]], How::Lent);
    for parts in [vec![&bytes[..]], cut(&bytes, cuts), bytes.chunks(1).collect()] {
        for how in [How::Lent, How::Copied(room), How::Direct(room)] {
            assert_eq!(whole, play(parts.clone(), how), "{how:?} in {} parts", parts.len());
        }
    }
    assert_eq!(exchange::read(GET, &bytes, ending, &limits).body, whole.body, "another body");
}

/// Any exchange: it is heard in the same way however the bytes are cut and taken.
pub fn exchange(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let (limits, question, ending) = (limits(&mut choices), question(&mut choices), ending(&mut choices));
    let (cuts, room) = (choices.text(), usize::from(choices.byte()) + 1);
    let bytes = choices.rest();
    let play = |parts, how| Peer { question, limits: limits.clone(), parts, ending }.play(how);
    let whole = play(vec![bytes], How::Lent);
    assert_eq!(whole, play(cut(bytes, cuts), How::Lent), "cut");
    assert_eq!(whole, play(cut(bytes, cuts), How::Copied(room)), "cut and copied");
    assert_eq!(whole, play(cut(bytes, cuts), How::Direct(room)), "cut and direct");
    assert_eq!(whole, play(vec![bytes], How::Copied(room)), "copied");
    truth(&whole, bytes);
}

/// I37: nothing is said to be whole that is not, and nothing is heard that was not sent.
fn truth(heard: &Heard, sent: &[u8]) {
    assert!(heard.body.len() <= sent.len());
    match &heard.end {
        End::Whole { .. } | End::Upgraded(_) => assert!(heard.head.is_some()),
        End::Open => {}
        End::Failed(error) => assert!(!error.to_string().is_empty()),
    }
    let Some(head) = &heard.head else {
        return assert!(heard.body.is_empty(), "a body without a head");
    };
    let bodiless = [204, 304].contains(&head.status);
    assert!(!bodiless || heard.body.is_empty(), "a body where there is none");
}
