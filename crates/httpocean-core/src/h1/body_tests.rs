use http::HeaderMap;

use super::body::{BodyDecoder, BodyStep, Gathered};
use super::framing::Framing;
use crate::buf::RecvBuf;
use crate::error::{ProtocolError, TransportError};
use crate::limits::Limits;

#[derive(Debug, PartialEq)]
struct Seen {
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
    rest: Vec<u8>,
}

/// What a body reads as when it comes whole and byte by byte, which must be the same, and the end of file after it.
fn decode(framing: Framing, bytes: &[u8], limits: &Limits) -> Result<Seen, ProtocolError> {
    let whole = decode_in_steps(framing, bytes, bytes.len().max(1), limits);
    let bytewise = decode_in_steps(framing, bytes, 1, limits);
    assert_eq!(whole, bytewise, "{:?}", bytes.escape_ascii().to_string());
    whole
}

fn decode_in_steps(
    framing: Framing,
    bytes: &[u8],
    step: usize,
    limits: &Limits,
) -> Result<Seen, ProtocolError> {
    let (mut rx, mut decoder, mut body) = (RecvBuf::default(), BodyDecoder::new(framing), Vec::new());
    let mut parts = bytes.chunks(step);
    loop {
        match decoder.next(&mut rx, limits) {
            Ok(BodyStep::Data(n)) => {
                assert!(decoder.direct() >= n as u64);
                let Gathered { data, behind, of_last } = decoder.gather(n, &mut rx, limits);
                body.extend_from_slice(&rx.bytes()[..data]);
                rx.consume(behind);
                decoder.took(of_last as u64);
            }
            Ok(BodyStep::Blocked) => match parts.next() {
                Some(part) => rx.append(part),
                None => rx.set_eof(),
            },
            Ok(BodyStep::End) => break,
            Err(error) => {
                assert_eq!(decoder.next(&mut rx, limits), Err(error), "an error stays");
                return Err(error);
            }
        }
    }
    parts.for_each(|part| rx.append(part));
    Ok(Seen { body, trailers: decoder.take_trailers(), rest: rx.bytes().to_vec() })
}

fn chunked(bytes: &[u8]) -> Result<Seen, &'static str> {
    decode(Framing::Chunked, bytes, &Limits::default()).map_err(|error| error.class())
}

#[test]
fn lengths() {
    let limits = Limits::default();
    let seen = decode(Framing::Length(3), b"abcdef", &limits).expect("whole");
    assert_eq!((seen.body.as_slice(), seen.rest.as_slice()), (b"abc".as_slice(), b"def".as_slice()));
    assert_eq!(decode(Framing::Length(4), b"abc", &limits).map_err(|error| error.class()), Err("truncated"));
    assert_eq!(decode(Framing::None, b"abc", &limits).expect("none").rest, b"abc");
    assert_eq!(decode(Framing::Length(0), b"abc", &limits).expect("none").rest, b"abc");
    assert_eq!(decode(Framing::UntilClose, b"abc", &limits).expect("whole").body, b"abc");
}

#[test]
fn until_close_needs_a_clean_end() {
    let (mut rx, mut decoder) = (RecvBuf::default(), BodyDecoder::new(Framing::UntilClose));
    rx.append(b"abc");
    rx.fail(TransportError::Reset);
    let mut out = [0; 8];
    assert_eq!(decoder.direct(), u64::MAX);
    assert_eq!(decoder.read(&mut rx, &mut out, &Limits::default()), Ok(3));
    let error = decoder.read(&mut rx, &mut out, &Limits::default()).expect_err("broken");
    assert_eq!(error.class(), "truncated");
    assert!(!decoder.is_done());
}

#[test]
fn chunks() {
    let seen = chunked(b"4\r\nWiki\r\n00B\r\npedia in 11\r\n0\r\n\r\nmore").expect("good");
    assert_eq!(seen.body, b"Wikipedia in 11");
    assert_eq!((seen.trailers, seen.rest), (None, b"more".to_vec()));
    assert_eq!(chunked(b"000\r\n\r\n").expect("good").body, b"");
}

#[test]
fn extensions_are_checked_and_ignored() {
    for good in
        ["1;a", "1;a=b", "1 ; a = b ;c", "1\t;a=\"x;\\\"\ty\u{e4}\"", "1;a=\"\";b", "1;a=\"\" ;b", "1;a =b"]
    {
        let body = chunked(format!("{good}\r\nX\r\n0;{}\r\n\r\n", "z").as_bytes()).map(|seen| seen.body);
        assert_eq!(body, Ok(b"X".to_vec()), "{good:?}");
    }
    for bad in [
        "1;",
        "1 ",
        "1;;a",
        "1;a=",
        "1;a b",
        "1;a=b c",
        "1;a=\"x",
        "1;a=\"x\ny\"",
        "1;a=\"\0\"",
        "1;a\rb",
        "1;a\n",
        "1;a=\"\\\x7F\"",
        "1;a=\"x\"y",
        "1;\u{e4}",
        "1;=b",
        "1;a ",
    ] {
        assert_eq!(chunked(format!("{bad}\r\nX\r\n0\r\n\r\n").as_bytes()), Err("bad-chunk"), "{bad:?}");
    }
}

#[test]
fn sizes_that_are_none() {
    for bad in ["", " 1", "\t1", "+1", "-1", "0x1", "g", "1_0", ";a", "1\n", "\n", "1\r\r\n", "1.0"] {
        assert_eq!(chunked(format!("{bad}\r\nX\r\n0\r\n\r\n").as_bytes()), Err("bad-chunk"), "{bad:?}");
    }
    assert_eq!(chunked(b"ffffffffffffffff\r\nX"), Err("truncated"));
    assert_eq!(chunked(b"10000000000000000\r\nX"), Err("too-large"));
    assert_eq!(chunked(b"f0000000000000000\r\nX"), Err("too-large"));
}

#[test]
fn zeros_in_front_of_a_size_are_digits() {
    for (zeros, whole) in [(0, true), (16, true), (17, true), (4095, true), (4096, false)] {
        let size = "0".repeat(zeros);
        let seen = chunked(format!("{size}1\r\nX\r\n{size}0\r\n\r\n").as_bytes());
        assert_eq!(seen.map(|seen| seen.body), if whole { Ok(b"X".to_vec()) } else { Err("too-large") });
    }
    let limits = Limits { chunk_extensions: 5, ..Limits::default() };
    let padded = |zeros: usize| format!("{}1\r\nX\r\n0\r\n\r\n", "0".repeat(15 + zeros));
    assert!(decode(Framing::Chunked, padded(5).as_bytes(), &limits).is_ok());
    let wrong = decode(Framing::Chunked, padded(6).as_bytes(), &limits).map_err(|error| error.class());
    assert_eq!(wrong, Err("too-large"));
}

#[test]
fn data_ends_in_crlf() {
    for bad in ["1\r\nXY\r\n", "1\r\nX\n0\r\n\r\n", "1\r\nX\rY", "1\r\nX0\r\n\r\n"] {
        assert_eq!(chunked(bad.as_bytes()), Err("bad-chunk"), "{bad:?}");
    }
}

#[test]
fn an_end_before_the_end_is_an_error() {
    let whole = b"2;a\r\nab\r\n0\r\nT: x\r\n\r\n";
    for cut in 0..whole.len() {
        assert_eq!(chunked(&whole[..cut]), Err("truncated"), "{cut}");
    }
    assert!(chunked(whole).is_ok());
}

#[test]
fn trailers_are_kept_apart() {
    let seen =
        chunked(b"0\r\nA: 1\r\nContent-Length: 99\r\na:\t2 \r\nF: x\r\n  y\r\n\r\nrest").expect("good");
    let trailers = seen.trailers.expect("some");
    let values: Vec<_> = trailers.get_all("a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(trailers["f"], "x y");
    assert_eq!(trailers.len(), 4);
    assert_eq!(seen.rest, b"rest");
}

#[test]
fn trailers_that_are_none() {
    for bad in [
        "A\r\n",
        "A : b\r\n",
        ": b\r\n",
        "A: b\n",
        "A: b\rc\r\n",
        "A: \0\r\n",
        " a\r\n",
        "\n",
        "Connection: a\r\n b\r\n",
    ] {
        assert_eq!(chunked(format!("0\r\n{bad}\r\n").as_bytes()), Err("bad-chunk"), "{bad:?}");
    }
}

#[test]
fn limits() {
    let class = |bytes: &[u8], limits: &Limits| {
        decode(Framing::Chunked, bytes, limits).map_err(|error| error.class()).err()
    };
    let line = Limits { chunk_line: 5, ..Limits::default() };
    assert_eq!(class(b"1;abc\r\nX\r\n0\r\n\r\n", &line), None);
    assert_eq!(class(b"1;abcd\r\nX\r\n0\r\n\r\n", &line), Some("too-large"));
    let extensions = Limits { chunk_extensions: 4, ..Limits::default() };
    assert_eq!(class(b"1;a\r\nX\r\n0;b\r\n\r\n", &extensions), None);
    assert_eq!(class(b"1;a\r\nX\r\n0;bc\r\n\r\n", &extensions), Some("too-large"));
    let bytes = Limits { trailer_bytes: 6, ..Limits::default() };
    assert_eq!(class(b"0\r\nA: b\r\n\r\n", &bytes), None);
    assert_eq!(class(b"0\r\nA: bc\r\n\r\n", &bytes), Some("too-large"));
    assert_eq!(class(b"0\r\nAAAAAAAAAAA", &bytes), Some("too-large"));
    let count = Limits { headers: 1, ..Limits::default() };
    assert_eq!(class(b"0\r\nA: b\r\n\r\n", &count), None);
    assert_eq!(class(b"0\r\nA: b\r\nA: b\r\n\r\n", &count), Some("too-large"));
}

#[test]
fn reading_goes_over_chunks_and_puts_errors_last() {
    let (mut rx, mut decoder, limits) =
        (RecvBuf::default(), BodyDecoder::new(Framing::Chunked), Limits::default());
    rx.append(b"2\r\nab\r\n3\r\ncde\r\n1\r\nf\r\nzz");
    let mut out = [0; 4];
    assert_eq!(decoder.read(&mut rx, &mut out, &limits), Ok(4));
    assert_eq!((&out, decoder.direct()), (b"abcd", 1));
    assert_eq!(decoder.read(&mut rx, &mut out, &limits), Ok(2));
    assert_eq!(&out[..2], b"ef");
    assert_eq!(decoder.read(&mut rx, &mut out, &limits).map_err(|error| error.class()), Err("bad-chunk"));
}

#[test]
fn reading_the_last_byte_finds_the_end_that_is_there() {
    let (mut rx, mut decoder) = (RecvBuf::default(), BodyDecoder::new(Framing::Chunked));
    rx.append(b"2\r\nab\r\n0\r\n\r\n");
    assert_eq!(decoder.read(&mut rx, &mut [0; 2], &Limits::default()), Ok(2));
    assert!(decoder.is_done() && rx.bytes().is_empty());
}

#[test]
fn chunks_that_are_there_are_one_piece() {
    let (mut rx, mut decoder, limits) =
        (RecvBuf::default(), BodyDecoder::new(Framing::Chunked), Limits::default());
    rx.append(b"2\r\nab\r\n3\r\ncde\r\n4\r\nfg");
    assert_eq!(decoder.next(&mut rx, &limits), Ok(BodyStep::Data(2)));
    let gathered = decoder.gather(2, &mut rx, &limits);
    assert_eq!(gathered, Gathered { data: 7, behind: 17, of_last: 2 });
    assert_eq!(&rx.bytes()[..7], b"abcdefg");
    rx.consume(gathered.behind);
    decoder.took(2);
    assert_eq!((rx.bytes(), decoder.direct()), (&b""[..], 2));
}

#[test]
fn a_chunk_with_an_extension_is_a_piece_of_its_own() {
    let (mut rx, mut decoder, limits) =
        (RecvBuf::default(), BodyDecoder::new(Framing::Chunked), Limits::default());
    rx.append(b"1\r\na\r\n1\r\nb\r\n1;x\r\nc\r\n");
    assert_eq!(decoder.next(&mut rx, &limits), Ok(BodyStep::Data(1)));
    assert_eq!(decoder.gather(1, &mut rx, &limits), Gathered { data: 2, behind: 7, of_last: 1 });
}
