//! A connection may serve again only after an exchange that ended at a clean boundary.
#![allow(clippy::unwrap_used)]

mod common;
mod support;

use common::*;
use httpocean_core::TransportError;
use httpocean_core::pool::Fate;
use proptest::prelude::*;
use support::random::cases;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    Length,
    Chunked,
    UntilClose,
    NoBody,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    StaysOpen,
    Eof,
    Reset,
}

#[derive(Clone, Debug)]
struct Exchange {
    framing: Framing,
    old: bool,
    keep_alive: bool,
    close: bool,
    asks_to_close: bool,
    written: bool,
    /// Its last byte does not come.
    cut: bool,
    surplus: bool,
    end: End,
    /// Where the bytes are split, as shares of the response.
    splits: Vec<prop::sample::Index>,
}

fn exchanges() -> impl Strategy<Value = Exchange> {
    let rarely = || prop::bool::weighted(0.15);
    (
        prop::sample::select(vec![Framing::Length, Framing::Chunked, Framing::UntilClose, Framing::NoBody]),
        (rarely(), any::<bool>(), rarely(), rarely(), prop::bool::weighted(0.85), rarely(), rarely()),
        prop_oneof![5 => Just(End::StaysOpen), 1 => Just(End::Eof), 1 => Just(End::Reset)],
        prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    )
        .prop_map(|(framing, flags, end, splits)| {
            let (old, keep_alive, close, asks_to_close, written, cut, surplus) = flags;
            Exchange { framing, old, keep_alive, close, asks_to_close, written, cut, surplus, end, splits }
        })
}

impl Exchange {
    fn is_clean(&self) -> bool {
        let delimited = match self.framing {
            Framing::Length | Framing::NoBody => true,
            // HTTP/1.0 knows no chunks.
            Framing::Chunked => !self.old,
            Framing::UntilClose => false,
        };
        let persists = !self.close && !self.asks_to_close && (!self.old || self.keep_alive);
        let nothing_else = !self.cut && !self.surplus && self.end == End::StaysOpen;
        self.written && delimited && persists && nothing_else
    }

    fn response(&self) -> Vec<u8> {
        let version = if self.old { "1.0" } else { "1.1" };
        let mut response =
            format!("HTTP/{version} {} x\r\n", if self.framing == Framing::NoBody { 204 } else { 200 });
        if self.keep_alive {
            response += "connection: keep-alive\r\n";
        }
        if self.close {
            response += "Connection: foo, CLOSE\r\n";
        }
        response += match self.framing {
            Framing::Length => "content-length: 5\r\n\r\nhello",
            Framing::Chunked => "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            Framing::UntilClose => "\r\nhello",
            Framing::NoBody => "\r\n",
        };
        let keep = response.len() - usize::from(self.cut);
        response.into_bytes()[..keep].to_vec()
    }

    /// What becomes of its connection.
    fn fate(&self) -> Fate {
        let fields: &[_] = if self.asks_to_close { &[("connection", "close")] } else { &[] };
        let mut it = Scenario::upload("GET", fields, httpocean_core::BodyPlan::empty(), Default::default());
        let _ = it.wait();
        it.io.tx.sent(it.io.tx.pending().len() - usize::from(!self.written));
        let response = self.response();
        let mut cuts: Vec<usize> = self.splits.iter().map(|split| split.index(response.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for cut in cuts {
            it.feed(&response[from..cut]);
            from = cut;
            let said = it.heard();
            if let Some(fate) = released(&said) {
                return fate;
            }
        }
        it.feed(&response[from..]);
        if self.surplus && !self.cut {
            it.feed("x");
        }
        match self.end {
            End::StaysOpen => {}
            End::Eof => it.io.rx.set_eof(),
            End::Reset => it.io.rx.fail(TransportError::Reset),
        }
        released(&it.heard()).unwrap_or_else(|| {
            it.call.cancel(it.now);
            it.fate()
        })
    }
}

fn released(said: &[Said]) -> Option<Fate> {
    said.iter().find_map(|said| if let Said::Release(fate) = said { Some(*fate) } else { None })
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// I22: reusable if, and only if, the request was written, the response whole and delimited by itself, nothing
    /// came after it, and neither side wants to close.
    #[test]
    fn i22_clean_boundary(exchange in exchanges()) {
        let kept = matches!(exchange.fate(), Fate::Reusable { .. });
        prop_assert_eq!(kept, exchange.is_clean());
    }
}
