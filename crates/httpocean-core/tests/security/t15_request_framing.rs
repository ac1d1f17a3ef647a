//! T15: a request's bytes are its head and the body that the head announces, and not one more.

use http::Request;
use httpocean_core::{BodyPlan, Call, Config, Instant};
use std::sync::Arc;

use crate::common::{Said, Scenario, request};

const METHODS: [&str; 8] = ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS", "QUERY"];

/// All that is written of a request, its body of `b`s included.
fn sent(method: &str, fields: &[(&str, &str)], plan: BodyPlan, body: usize) -> Vec<u8> {
    let mut it = Scenario::upload(method, fields, plan, Config::default());
    let mut all = Vec::new();
    for _ in 0..20 {
        let said = it.step();
        if let Said::NeedBody { .. } = said {
            it.call.send_body(&vec![b'b'; body], &mut it.io);
            it.call.finish_body(None, &mut it.io);
        } else {
            assert!(matches!(said, Said::Wait(_)), "{said:?}");
        }
        all.extend_from_slice(it.io.tx.pending());
        it.io.tx.sent(it.io.tx.pending().len());
    }
    all
}

/// What a server reads: the framing that the head announces, the content, and what is left behind it.
fn read(bytes: &[u8]) -> (&'static str, usize, Vec<u8>) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let values = |name: &str| -> Vec<String> {
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.filter(|(of, _)| *of == name).map(|(_, value)| value.to_owned()).collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1, "framed twice: {head}");
    let mut rest = &bytes[end..];
    if let Some(length) = lengths.first() {
        let length = length.parse().unwrap();
        return ("length", length, rest[length..].to_vec());
    }
    if codings.is_empty() {
        return ("none", 0, rest.to_vec());
    }
    assert_eq!(codings, ["chunked"]);
    let mut content = 0;
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(core::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        assert_eq!(&rest[line + 2 + size..][..2], b"\r\n");
        (content, rest) = (content + size, &rest[line + 2 + size + 2..]);
        if size == 0 {
            return ("chunked", content, rest.to_vec());
        }
    }
}

#[test]
fn t15_a_request_without_a_body_writes_no_byte_behind_its_head() {
    for method in METHODS {
        let (framing, content, rest) = read(&sent(method, &[], BodyPlan::empty(), 0));
        assert_eq!((content, rest), (0, Vec::new()), "{method}");
        // What might have had a body says that it has none.
        let says_so = matches!(method, "POST" | "PUT" | "PATCH" | "QUERY");
        assert_eq!(framing, if says_so { "length" } else { "none" }, "{method}");
    }
}

#[test]
fn t15_a_body_is_always_framed_and_never_twice() {
    for method in METHODS {
        for size in [1, 15, 16, 1_000] {
            for (plan, fields, expected) in [
                (BodyPlan::sized(size), &[][..], "length"),
                (BodyPlan { size: None, ..BodyPlan::sized(0) }, &[], "chunked"),
                (BodyPlan::sized(size), &[("transfer-encoding", "chunked")], "chunked"),
            ] {
                let fields = [fields, &[("content-type", "a/b")]].concat();
                let (framing, content, rest) = read(&sent(method, &fields, plan, size as usize));
                assert_eq!(
                    (framing, content, rest),
                    (expected, size as usize, Vec::new()),
                    "{method} {size}"
                );
            }
        }
    }
}

/// More than was announced is never written, less is an error: what follows would be read as another request.
#[test]
fn t15_a_body_is_as_long_as_was_announced() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(4), Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.flush();
    it.call.send_body(b"abcdGET / HTTP/1.1\r\n\r\n", &mut it.io);
    assert!(b"abcd".starts_with(it.io.tx.pending()), "{:?}", it.io.tx.pending());
    let said = it.run();
    assert!(matches!(said.last(), Some(Said::Failed(_))), "{said:?}");

    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(4), Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.flush();
    it.call.send_body(b"abc", &mut it.io);
    it.call.finish_body(None, &mut it.io);
    let said = it.run();
    assert!(matches!(said.last(), Some(Said::Failed(_))), "{said:?}");
}

#[test]
fn t15_framing_that_contradicts_is_refused_before_anything_is_done() {
    let refused = |request: Request<()>, plan| {
        Call::new(request, plan, &Arc::new(Config::default()), Instant::ZERO)
            .err()
            .is_some_and(|error| matches!(error.kind(), httpocean_core::ErrorKind::Request(_)))
    };
    for method in METHODS {
        for fields in [
            &[("content-length", "4"), ("transfer-encoding", "chunked")][..],
            &[("content-length", "5")],
            &[("content-length", "4"), ("content-length", "4")],
            &[("content-length", "+4")],
            &[("content-length", "4, 4")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "identity")],
            &[("transfer-encoding", "xchunked")],
        ] {
            assert!(
                refused(request(method, "http://a.test/", fields), BodyPlan::sized(4)),
                "{method} {fields:?}"
            );
        }
    }
}
