//! Each response belongs to the request before it.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod common;
mod support;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CloseReason, Config, Io};
use proptest::prelude::*;
use support::random::cases;

const EVIL: &str = "HTTP/1.1 200 OK\r\nx-n: evil\r\ncontent-length: 0\r\n\r\n";

#[derive(Clone, Debug)]
struct Reply {
    interims: Vec<u16>,
    /// 0: none at all; 1: with a length; 2: in chunks.
    body: u8,
    /// A response that nobody asked for follows at once.
    surplus: bool,
    splits: Vec<prop::sample::Index>,
}

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    let interims = prop::collection::vec(prop::sample::select(vec![100, 102, 103, 199]), 0..4);
    let splits = prop::collection::vec(any::<prop::sample::Index>(), 0..5);
    let reply = (interims, 0u8..3, prop::bool::weighted(0.2), splits)
        .prop_map(|(interims, body, surplus, splits)| Reply { interims, body, surplus, splits });
    prop::collection::vec(reply, 1..12)
}

impl Reply {
    fn bytes(&self, number: usize) -> Vec<u8> {
        let interims = self.interims.iter().map(|status| format!("HTTP/1.1 {status} x\r\nx-n: no\r\n\r\n"));
        let body = number.to_string();
        let last = match self.body {
            0 => format!("HTTP/1.1 204 x\r\nx-n: {number}\r\n\r\n"),
            1 => format!("HTTP/1.1 200 x\r\nx-n: {number}\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
            _ => format!(
                "HTTP/1.1 200 x\r\nx-n: {number}\r\ntransfer-encoding: chunked\r\n\r\n{}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            ),
        };
        (interims.collect::<String>() + &last).into_bytes()
    }

    /// All that the call says to it, fed in pieces; the surplus comes with the last byte.
    fn heard(&self, number: usize, it: &mut Scenario) -> Vec<Said> {
        let bytes = self.bytes(number);
        let mut cuts: Vec<usize> = self.splits.iter().map(|split| split.index(bytes.len())).collect();
        cuts.sort_unstable();
        let (mut from, mut heard) = (0, Vec::new());
        for cut in cuts {
            it.feed(&bytes[from..cut]);
            from = cut;
            heard.extend(it.heard());
        }
        it.feed(&bytes[from..]);
        if self.surplus {
            it.feed(EVIL);
        }
        heard.extend(it.heard());
        heard
    }
}

proptest! {
    #![proptest_config(cases(500))]

    /// I24: the k-th final head on a connection answers the k-th request on it, whatever interim responses come
    /// before; and what comes after it closes the connection and is heard by nobody.
    #[test]
    fn i24_pairing(replies in replies()) {
        let (mut served, mut io) = (0, Io::default());
        for (number, reply) in replies.iter().enumerate() {
            let request = request("GET", &format!("http://h/{number}"), &[]);
            let mut it = Scenario::start(request, BodyPlan::empty(), Config::default());
            it.io = io;
            it.acquire(Facts { number: 1, reused: served, idle_for: (served > 0).then_some(SECOND) });
            let _ = it.wait();
            let line = format!("GET /{number} ");
            prop_assert!(it.flush().starts_with(&line));
            let heard = reply.heard(number, &mut it);
            let (mut interims, mut finals, mut body, mut fate) = (Vec::new(), Vec::new(), Vec::new(), None);
            for said in heard {
                match said {
                    Said::Interim(status, _) => interims.push(status),
                    Said::Head(_, fields) => finals.push(String::from_utf8(fields[0].1.clone()).unwrap()),
                    Said::Data(bytes) => body.extend(bytes),
                    Said::Release(of) => fate = Some(of),
                    Said::End(None) => {}
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert_eq!(&interims, &reply.interims);
            prop_assert_eq!(finals, [number.to_string()]);
            prop_assert_eq!(body, if reply.body == 0 { Vec::new() } else { number.to_string().into_bytes() });
            let spent = Fate::Spent(CloseReason::Unasked);
            prop_assert_eq!(fate, Some(if reply.surplus { spent } else { Fate::REUSABLE }));
            (served, io) = if reply.surplus { (0, Io::default()) } else { (served + 1, it.io) };
        }
    }
}
