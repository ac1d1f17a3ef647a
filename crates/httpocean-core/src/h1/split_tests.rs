//! However the bytes of a response are cut, the same comes out; and no bytes make a panic.

use http::Method;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::body::{BodyDecoder, BodyStep};
use super::framing::{Verdict, frame};
use super::head::{Head, HeadIndex, HeadScan};
use crate::buf::RecvBuf;
use crate::error::ProtocolError;
use crate::limits::Limits;

type Fields = Vec<(String, Vec<u8>)>;

#[derive(Debug, Default, PartialEq)]
struct Seen {
    heads: Vec<(u16, Fields)>,
    verdict: Option<Verdict>,
    body: Vec<u8>,
    trailers: Option<http::HeaderMap>,
    whole: bool,
    error: Option<ProtocolError>,
    rest: Vec<u8>,
}

/// Reads a response that comes in these parts; `ends`: and then the end of file.
fn respond(parts: &[&[u8]], ends: bool, room: usize) -> Seen {
    let limits = Limits {
        head_bytes: 300,
        headers: 6,
        trailer_bytes: 40,
        chunk_line: 20,
        chunk_extensions: 30,
        ..Limits::default()
    };
    let (mut rx, mut seen, mut reader) = (RecvBuf::default(), Seen::default(), Reader::default());
    for part in parts {
        rx.append(part);
        if let Err(error) = reader.read(&mut rx, &mut seen, &limits, room) {
            seen.error = Some(error);
            return seen;
        }
    }
    if ends && !seen.whole {
        rx.set_eof();
        seen.error = reader.read(&mut rx, &mut seen, &limits, room).err();
    }
    if seen.whole {
        seen.rest = rx.bytes().to_vec();
    }
    seen
}

#[derive(Default)]
struct Reader {
    scan: HeadScan,
    index: HeadIndex,
    body: Option<BodyDecoder>,
}

impl Reader {
    fn read(
        &mut self,
        rx: &mut RecvBuf,
        seen: &mut Seen,
        limits: &Limits,
        room: usize,
    ) -> Result<(), ProtocolError> {
        while self.body.is_none() {
            let Some(len) = self.scan.scan(rx, &mut self.index, limits)? else { return Ok(()) };
            let head = Head::new(&rx.bytes()[..len], &self.index);
            assert_eq!(head.to_response().headers().len(), head.fields().count());
            let fields = head.fields().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
            seen.heads.push((head.status().as_u16(), fields));
            if !head.status().is_informational() || head.status().as_u16() == 101 {
                let verdict = frame(&Method::GET, true, &head)?;
                seen.verdict = Some(verdict);
                self.body = Some(BodyDecoder::new(verdict.framing));
            }
            rx.consume(len);
        }
        let Some(decoder) = &mut self.body else { return Ok(()) };
        let mut out = vec![0; room];
        while !decoder.is_done() {
            if room == 0 {
                let BodyStep::Data(n) = decoder.next(rx, limits)? else { break };
                seen.body.extend_from_slice(&rx.bytes()[..n]);
                rx.consume(n);
                decoder.took(n as u64);
            } else {
                let n = decoder.read(rx, &mut out, limits)?;
                seen.body.extend_from_slice(&out[..n]);
                if n == 0 {
                    break;
                }
            }
        }
        seen.whole = decoder.is_done();
        seen.trailers = seen.trailers.take().or(decoder.take_trailers());
        Ok(())
    }
}

/// Responses of good and odd parts, of which some bytes may be changed afterwards: most have a good head.
fn responses() -> impl Strategy<Value = Vec<u8>> {
    const STARTS: &[&str] = &[
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404\r\n",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.2 200 \r\n",
        "HTTP/1.1 101 X\r\n",
    ];
    const FIELDS: &[&str] = &[
        "A: b\r\n",
        "X:\t y \r\n",
        "X: y\r\n folded\r\n\t \r\n  on\r\n",
        "E:\r\n",
        "E:\r\n f\r\n",
        "Connection: close\r\n",
    ];
    const FRAMINGS: &[&str] = &[
        "",
        "Content-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: ,Chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
    ];
    const CHUNKS: &[&str] =
        &["1\r\nx\r\n", "2;a=b\r\nxy\r\n", "5\r\nhello\r\n", "03 ; q=\"a\\\"\";b\r\nabc\r\n", "hello"];
    const ENDS: &[&str] = &[
        "0\r\n\r\n",
        "0\r\nT: u\r\n\r\n",
        "00;x\r\nT: u\r\n v\r\nContent-Length: 3\r\n\r\n",
        "0\r\n\r\nrest",
        "5\r\nhe",
        "",
    ];
    let some = |of: &'static [&'static str], at_most: usize| {
        prop::collection::vec(prop::sample::select(of), 0..=at_most).prop_map(|parts| parts.concat())
    };
    let parts = (
        prop::sample::select(STARTS),
        some(FIELDS, 3),
        prop::sample::select(FRAMINGS),
        some(CHUNKS, 3),
        prop::sample::select(ENDS),
    );
    let change = (
        any::<prop::sample::Index>(),
        prop::sample::select(b"\r\n\0 \t:;,=\"0159afH\x7F\x80".to_vec()),
        0..3,
    );
    (parts, prop_oneof![2 => Just(0usize), 1 => Just(1), 1 => Just(2)], [change.clone(), change]).prop_map(
        |((start, fields, framing, chunks, end), count, changes)| {
            let mut bytes = [start, &fields, framing, "\r\n", &chunks, end].concat().into_bytes();
            for (at, byte, how) in changes.into_iter().take(count) {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            bytes
        },
    )
}

fn check(bytes: &[u8], cuts: [prop::sample::Index; 3], ends: bool) -> Result<(), TestCaseError> {
    let whole = respond(&[bytes], ends, 0);
    let mut cuts = cuts.map(|cut| cut.index(bytes.len() + 1));
    cuts.sort_unstable();
    let [a, b, c] = cuts;
    prop_assert_eq!(&whole, &respond(&[&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]], ends, 0));
    prop_assert_eq!(&whole, &respond(&[bytes], ends, 2));
    let single: Vec<_> = bytes.chunks(1).collect();
    prop_assert_eq!(&whole, &respond(&single, ends, 3));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0), failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), cuts: [prop::sample::Index; 3], ends: bool) {
        check(&bytes, cuts, ends)?;
    }

    #[test]
    fn almost_responses(bytes in responses(), cuts: [prop::sample::Index; 3], ends: bool) {
        check(&bytes, cuts, ends)?;
    }
}
