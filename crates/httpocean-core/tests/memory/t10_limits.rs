//! T10: whatever never ends meets a limit with a name, and until then no more is held than that limit allows.

use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Config, ErrorKind, Limits};

use crate::common::{Said, Scenario};
use crate::{alone, peak};

/// What, how it begins, and how it goes on for ever.
type Endless = (&'static str, &'static str, &'static str);

const ENDLESS: [Endless; 15] = [
    ("status line", "HTTP/1.1 200 ", "A"),
    ("field name", "HTTP/1.1 200 OK\r\n", "a"),
    ("field value", "HTTP/1.1 200 OK\r\nA: ", "b"),
    ("fields", "HTTP/1.1 200 OK\r\n", "a: b\r\n"),
    ("empty fields", "HTTP/1.1 200 OK\r\n", "a:\r\n"),
    ("cookies", "HTTP/1.1 200 OK\r\n", "Set-Cookie: a=0123456789012345678901234567890123456789\r\n"),
    ("folded lines", "HTTP/1.1 200 OK\r\nA: b", "\r\n c"),
    ("interim responses", "", "HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n"),
    ("empty interim responses", "", "HTTP/1.1 100 \r\n\r\n"),
    ("chunk extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a"),
    (
        "chunks with extensions",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1;a=bcdefghijklmnop\r\nx\r\n",
    ),
    ("trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", "b"),
    ("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "a: b\r\n"),
    ("empty lines", "", "\r\n"),
    ("nonsense", "", "x"),
];

/// Feeds it until it is refused: the class of the error, and how much was fed.
fn refused(limits: &Limits, (what, first, more): Endless, piece: usize) -> (&'static str, usize) {
    let config = Config { limits: limits.clone(), ..Config::default() };
    let mut it = Scenario::written_on("GET", &[], Facts::default(), config);
    let mut fed = first.len();
    it.feed(first);
    let block = more.repeat(piece.div_ceil(more.len()));
    while fed < 10_000_000 {
        for said in it.run() {
            if let Said::Failed(failure) = said {
                let ErrorKind::Protocol(error) = failure.kind else { panic!("{what}: {failure:?}") };
                return (error.class(), fed);
            }
        }
        it.feed(&block);
        fed += block.len();
    }
    panic!("{what}: ten million bytes, and no end of it");
}

/// What may be held: the bytes of a head or a trailer section, once in a buffer that grows by doubling and once more
/// while it is moved, and for each field where it is.
fn allowed(limits: &Limits, piece: usize) -> usize {
    let bytes = limits.head_bytes.max(limits.trailer_bytes) + piece;
    4 * bytes + 256 * limits.headers + 16 * 1024
}

#[test]
fn t10_what_never_ends_is_refused_within_its_limit() {
    let small = Limits {
        head_bytes: 8 * 1024,
        headers: 16,
        interim: 4,
        trailer_bytes: 2 * 1024,
        chunk_line: 256,
        chunk_extensions: 1024,
        ..Limits::default()
    };
    alone(|| {
        for limits in [Limits::default(), small] {
            for piece in [1, 1_000, 16_384] {
                for it in ENDLESS {
                    let (held, (class, fed)) = peak(|| refused(&limits, it, piece));
                    let allowed = allowed(&limits, piece);
                    println!(
                        "{}, {piece} at a time: {class} after {fed} bytes, {held} held of {allowed}",
                        it.0
                    );
                    let expected = if matches!(it.0, "empty lines" | "nonsense") {
                        "bad-status-line"
                    } else {
                        "too-large"
                    };
                    assert_eq!(class, expected, "{}, {piece} at a time", it.0);
                    assert!(held <= allowed, "{}: {held} of {allowed}", it.0);
                }
            }
        }
    });
}

/// A user who reads is handed what came and nothing is kept of it.
#[test]
fn t10_a_body_without_an_end_is_not_held() {
    alone(|| {
        for head in
            ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"]
        {
            let (held, ()) = peak(|| {
                let mut it = Scenario::get();
                it.feed(head);
                let _ = it.run();
                for _ in 0..1_000 {
                    it.feed([b'x'; 16_384]);
                    let read = it
                        .run()
                        .into_iter()
                        .map(|said| if let Said::Data(data) = said { data.len() } else { 0 });
                    assert_eq!(read.sum::<usize>(), 16_384);
                }
            });
            assert!(held < 150_000, "{held} of 16,384,000 bytes");
        }
    });
}

/// A peer that takes nothing of a request holds up its body, which is not piled up here.
#[test]
fn t10_a_body_that_nobody_takes_is_not_held() {
    alone(|| {
        let ahead = Limits::default().send_ahead;
        let (held, asked) = peak(|| {
            let plan = BodyPlan { size: None, replayable: false, trailers: false };
            let mut it = Scenario::upload("PUT", &[], plan, Config::default());
            let mut asked = 0;
            while let Said::NeedBody { .. } = it.step() {
                it.call.send_body(&[b'x'; 16_384], &mut it.io);
                asked += 1;
                assert!(asked < 1_000, "it takes all that there is");
            }
            asked
        });
        assert!(asked * 16_384 <= ahead + 16_384, "asked {asked} times");
        assert!(held <= 4 * (ahead + 16_384), "{held} held");
    });
}
