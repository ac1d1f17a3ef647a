//! T9: what was cut short is an error, wherever it was cut, and never a success.

use httpocean_core::{ErrorKind, TransportError};

use crate::common::{Said, Scenario};

const RESPONSES: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 103 x\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    // What a content coding would find missing in it is for whoever takes it away; its framing is held to here.
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
];

fn ends(response: &str, cut: usize, end: impl Fn(&mut Scenario)) -> Vec<Said> {
    let mut it = Scenario::get();
    it.feed(&response[..cut]);
    let mut said = it.run();
    if matches!(said.last(), Some(Said::Wait(_))) {
        end(&mut it);
        said.extend(it.run());
    }
    said
}

#[test]
fn t9_an_end_before_the_end_is_an_error() {
    for response in RESPONSES {
        for cut in 0..response.len() {
            for how in 0..2 {
                let said = ends(response, cut, |it| match how {
                    0 => it.io.rx.set_eof(),
                    _ => it.io.rx.fail(TransportError::Reset),
                });
                let failed = matches!(said.last(), Some(Said::Failed(_) | Said::Acquire { .. }));
                assert!(failed, "{:?}: {said:?}", &response[..cut]);
                assert!(!said.iter().any(|said| matches!(said, Said::End(_))), "{:?}", &response[..cut]);
            }
        }
        let said = ends(response, response.len(), |_| panic!("it waits behind its end"));
        assert!(matches!(said.last(), Some(Said::End(_))), "{said:?}");
    }
}

/// Where the end of the connection ends the body, only its orderly end does.
#[test]
fn t9_a_reset_is_not_the_end_of_a_body_that_ends_with_its_connection() {
    let response = "HTTP/1.1 200 OK\r\n\r\nhello";
    let said = ends(response, response.len(), |it| it.io.rx.fail(TransportError::Reset));
    assert!(matches!(said.last(), Some(Said::Failed(_))), "{said:?}");
    let said = ends(response, response.len(), |it| it.io.rx.set_eof());
    assert!(matches!(said.last(), Some(Said::End(_))), "{said:?}");
}

/// What is wrong in a body is wrong whatever became of the connection behind it; what is missing is missing because of that.
#[test]
fn t9_a_reset_explains_what_is_missing_and_not_what_is_wrong() {
    for (body, expected) in [
        ("5\r\nhel", "reset"),
        ("5\r\nhello", "reset"),
        ("zz\r\n", "bad-chunk"),
        ("5\r\nhelloxx", "bad-chunk"),
    ] {
        let mut it = Scenario::get();
        it.feed(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
        it.io.rx.fail(TransportError::Reset);
        let kind = it.failure().1.kind;
        let said = if let ErrorKind::Protocol(error) = &kind { error.class() } else { "reset" };
        assert_eq!(said, expected, "{body:?}: {kind:?}");
        assert_eq!(said == "reset", kind == ErrorKind::Reset(TransportError::Reset), "{body:?}: {kind:?}");
    }
}
