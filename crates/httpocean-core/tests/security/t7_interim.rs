//! T7: interim responses belong to the request that is under way; they never stand in for its answer.

use httpocean_core::pool::Facts;
use httpocean_core::{Config, Limits};

use crate::common::{Said, Scenario};
use crate::reading::KEPT;

/// What is said to a request with so many interim responses before its own.
fn heard(method: &str, interims: u32, last: &str) -> (Vec<u16>, Option<u16>, Vec<u8>) {
    let mut it = Scenario::written_on(method, &[], Facts::default(), Config::default());
    let statuses = [100, 102, 103, 110, 199];
    for n in 0..interims {
        let status = statuses[n as usize % statuses.len()];
        // The fields of one that has a body would desynchronise whoever looked at them.
        it.feed(format!("HTTP/1.1 {status} x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }
    it.feed(last);
    let (mut seen, mut head, mut body) = (Vec::new(), None, Vec::new());
    for said in it.run() {
        match said {
            Said::Interim(status, _) => seen.push(status),
            Said::Head(status, _) => head = Some(status),
            Said::Data(data) => body.extend(data),
            Said::Release(fate) => assert_eq!(fate, KEPT),
            Said::End(_) => {}
            other @ (Said::Acquire { .. }
            | Said::NeedBody { .. }
            | Said::Hop(_)
            | Said::Passing(..)
            | Said::Upgraded(_)) => {
                panic!("{other:?}")
            }
            other @ (Said::Failed(_) | Said::Wait(_)) => panic!("{other:?}"),
        }
    }
    (seen, head, body)
}

#[test]
fn t7_so_many_interim_responses_then_the_final_one() {
    for interims in 0..=Limits::default().interim {
        for (method, last, body) in [
            ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &b"ok"[..]),
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b""),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        ] {
            let (seen, head, read) = heard(method, interims, last);
            assert_eq!((seen.len(), head), (interims as usize, Some(200)), "{method}");
            assert_eq!(read, body, "{method}");
        }
    }
}

#[test]
fn t7_an_interim_response_alone_answers_nothing() {
    for end in [false, true] {
        let mut it = Scenario::get();
        it.feed("HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n");
        if end {
            it.io.rx.set_eof();
        }
        let said = it.run();
        assert!(matches!(said[0], Said::Interim(103, _)));
        let waits = matches!(said.last(), Some(Said::Wait(_)));
        let fails = matches!(said.last(), Some(Said::Failed(_)));
        assert!(if end { fails } else { waits }, "{said:?}");
        assert!(!said.iter().any(|said| matches!(said, Said::Head(..) | Said::End(_))));
    }
}
