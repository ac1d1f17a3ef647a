//! The page of a record: what it shows, what it leaves out and says so, and what it never shows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::pool::Facts;
use httpocean_core::{CloseReason, ConnId, Error, ErrorKind, Instant, Key, Phase, TransportError};
use httpocean_driver::timeline::{MOST_CONNECTIONS, MOST_REQUESTS, Record, page};
use httpocean_driver::{Connection, Ends, Observed, Whose};

/// Tells a record of what never happened.
struct Teller {
    record: Record,
    uri: Uri,
    key: Key,
}

impl Teller {
    fn new(uri: &str) -> Self {
        let uri: Uri = uri.parse().unwrap();
        Self { record: Record::default(), key: Key::of(&uri).unwrap(), uri }
    }

    fn start(&mut self, ms: u64, request: u64) {
        let started = Observed::Started { request, method: &Method::GET, uri: &self.uri };
        self.record.note(at(ms), &started);
    }

    fn dial(&mut self, ms: u64, conn: u64) {
        let conn = ConnId::from_bits(conn);
        self.record.note(at(ms), &Observed::Dialing { conn, key: &self.key });
    }

    fn phase(&mut self, ms: u64, whose: Whose, phase: Phase) {
        self.record.note(at(ms), &Observed::Phase { whose, phase });
    }

    fn dialed(&mut self, ms: u64, conn: u64) {
        let (conn, took) = (ConnId::from_bits(conn), Duration::ZERO);
        let made = Observed::Dialed { conn, key: &self.key, local: None, peer: None, took };
        self.record.note(at(ms), &made);
    }

    fn grant(&mut self, ms: u64, request: u64, conn: u64, reused: u32) {
        let facts = Facts { number: conn, reused, idle_for: None };
        let granted = Observed::Granted {
            request,
            method: &Method::GET,
            uri: &self.uri,
            key: &self.key,
            conn: ConnId::from_bits(conn),
            connection: &Connection::new(facts, &Ends::default()),
            idle_for: None,
            waited: Duration::ZERO,
        };
        self.record.note(at(ms), &granted);
    }

    fn respond(&mut self, ms: u64, request: u64) {
        let response = Observed::Response {
            request,
            method: &Method::GET,
            uri: &self.uri,
            status: StatusCode::OK,
            connection: &Connection::default(),
        };
        self.record.note(at(ms), &response);
    }

    fn end(&mut self, ms: u64, request: u64) {
        self.record.note(at(ms), &Observed::Ended { request });
    }

    fn close(&mut self, ms: u64, conn: u64, why: CloseReason) {
        let conn = ConnId::from_bits(conn);
        self.record.note(at(ms), &Observed::Closed { conn, key: &self.key, number: 0, why });
    }

    fn page(&self) -> String {
        page("A test", &[("", &self.record)])
    }
}

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

/// Two requests on one connection, which takes from 10 ms to 30 ms to make.
fn two_on_one() -> Teller {
    let mut told = Teller::new("https://a.example/x");
    let dial = Whose::Dial(ConnId::from_bits(1));
    told.start(0, 1);
    told.start(0, 2);
    told.dial(10, 1);
    told.phase(10, dial, Phase::Connect);
    told.phase(20, dial, Phase::Tls);
    told.dialed(30, 1);
    told.grant(30, 1, 1, 0);
    told.phase(35, Whose::Request(1), Phase::RecvHead);
    told.respond(50, 1);
    told.end(60, 1);
    told.grant(60, 2, 1, 1);
    told.respond(80, 2);
    told.end(90, 2);
    told.close(100, 1, CloseReason::PeerClosed);
    told
}

/// The bars of the row or lane that begins so: their classes, and their begins in ms.
fn bars(page: &str, begin: &str) -> Vec<(String, f64)> {
    let from = page.find(begin).unwrap_or_else(|| panic!("{begin} is not in {page}"));
    let row = &page[from..];
    let row = &row[..row.find("</svg>").unwrap()];
    let bars = row.split("<rect class=").skip(1);
    bars.map(|bar| {
        let class = bar.split(' ').next().unwrap().to_owned();
        let x = bar.split("x=").nth(1).unwrap().split('%').next().unwrap();
        // All is drawn on 102 ms.
        (class, (x.parse::<f64>().unwrap() * 1.02).round())
    })
    .collect()
}

fn named(bars: &[(&str, f64)]) -> Vec<(String, f64)> {
    bars.iter().map(|(class, at)| ((*class).to_owned(), *at)).collect()
}

#[test]
fn a_row_shows_what_a_request_waited_for() {
    let page = two_on_one().page();
    let first = [("w", 0.0), ("c", 10.0), ("t", 20.0), ("s", 30.0), ("f", 35.0), ("b", 50.0)];
    assert_eq!(bars(&page, "id=p0r1>"), named(&first));
    assert_eq!(bars(&page, "id=p0r2>"), named(&[("w", 0.0), ("s", 60.0), ("b", 80.0)]));
    assert!(page.contains("200 · 90 ms · waited 60 ms for connection 1<"), "{page}");
}

#[test]
fn a_lane_shows_how_a_connection_was_made_whom_it_served_and_how_it_ended() {
    let page = two_on_one().page();
    let lane = [("c", 10.0), ("t", 20.0), ("s", 30.0), ("f", 35.0), ("b", 50.0), ("s", 60.0), ("b", 80.0)];
    assert_eq!(bars(&page, "connection 1 <em>2 requests"), named(&lane));
    assert!(page.contains(&format!("✕ {}", CloseReason::PeerClosed.explain())));
    assert!(page.contains("<a href=\"#p0r2\">"));
}

#[test]
fn the_numbers_above_say_what_the_pool_saved() {
    let page = two_on_one().page();
    for words in [
        "<strong>2</strong> requests",
        "<strong>1</strong> connection made",
        "<strong>1</strong> handshake saved",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn a_failed_dial_is_a_lane_with_its_reason() {
    let mut told = Teller::new("http://a.example/");
    told.start(0, 1);
    told.dial(0, 1);
    let error = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
    let failed = Observed::DialFailed { conn: ConnId::from_bits(1), key: &told.key, error: &error };
    told.record.note(at(20), &failed);
    let (request, method, uri) = (1, &Method::GET, &told.uri);
    told.record.note(at(20), &Observed::Failed { request, method, uri, error: &error });
    let page = told.page();
    assert!(page.contains("no connection <em>"), "{page}");
    assert!(page.contains("✕ no connection could be made: connection refused"), "{page}");
    assert_eq!(bars(&page, "id=p0r1>"), named(&[("c", 0.0)]));
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let page = two_on_one().page();
    assert!(page.contains("default-src 'none'"));
    for word in ["<script", "src=", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    let links: Vec<_> = page.split("href=\"").skip(1).filter(|link| !link.starts_with(['#', 'd'])).collect();
    assert_eq!(links, [""; 0]);
}

#[test]
fn what_others_write_is_text() {
    let mut told = Teller::new("http://a.example/\"onmouseover='alert(1)'{");
    let name = "</title><script>alert(1)</script>";
    told.start(0, 1);
    let page = page(name, &[(name, &told.record)]);
    assert!(!page.contains("<script") && !page.contains("\"onmouseover"), "{page}");
    assert!(page.contains("&quot;onmouseover=&#39;alert(1)&#39;{"), "{page}");
}

#[test]
fn no_secret_of_a_url_is_shown() {
    let mut told = Teller::new("http://a.example/");
    told.uri = "http://ann:pa55@a.example/x?token=s3cret".parse().unwrap();
    told.start(0, 1);
    told.dial(0, 1);
    let page = told.page();
    assert!(page.contains("a.example/x?…"));
    assert!(!page.contains("pa55") && !page.contains("s3cret") && !page.contains("ann"), "{page}");
}

/// Ten times what is drawn, with many attempts each.
#[test]
fn a_long_run_is_drawn_in_part_and_the_page_says_so() {
    let mut told = Teller::new(&format!("http://a.example/{}", "long/".repeat(1_000)));
    let uri = told.uri.clone();
    let hop = hop();
    for request in 1..=10 * MOST_REQUESTS as u64 {
        told.start(request, request);
        told.dial(request, request);
        told.dialed(request, request);
        for _ in 0..40 {
            told.grant(request, request, request, 0);
            told.record.note(at(request), &Observed::Hop { request, uri: &uri, hop: &hop });
        }
        told.end(request, request);
        told.close(request, request, CloseReason::IdleFull);
    }
    let page = told.page();
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    assert!(page.contains("the first 2,000 of 20,000 requests"), "what is left out is not said");
    assert!(page.contains("the first 500 of 20,000 connections"), "what is left out is not said");
    assert!(page.contains("<strong>20,000</strong> requests"), "the numbers count all");
    assert_eq!(page.matches("<div class=row id=").count(), MOST_REQUESTS);
    assert_eq!(page.matches("<div class=\"row lane\">").count(), MOST_CONNECTIONS);
}

/// As the core makes one: a redirect of a response.
fn hop() -> httpocean_core::Hop {
    use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Io};
    let (config, now) = (std::sync::Arc::new(Config::default()), Instant::ZERO);
    let request = http::Request::get("http://a.example/").body(()).unwrap();
    let mut io = Io::default();
    let mut call = Call::new(request, BodyPlan::empty(), &config, now).unwrap();
    loop {
        match call.step(&mut io, now) {
            CallStep::Acquire(_) => {
                call.attach(Conn::default(), Facts { number: 1, reused: 0, idle_for: None }, now)
            }
            CallStep::Wait(_) => {
                io.tx.sent(io.tx.pending().len());
                io.rx.append(b"HTTP/1.1 302 Found\r\nlocation: /new\r\ncontent-length: 0\r\n\r\n");
            }
            CallStep::Release(_) => _ = call.detach(),
            CallStep::Hop(hop) => return *hop,
            CallStep::Head(_)
            | CallStep::Interim(_)
            | CallStep::Passing(_)
            | CallStep::Data(_)
            | CallStep::NeedBody { .. }
            | CallStep::End
            | CallStep::Upgraded(_)
            | CallStep::Failed(_) => panic!("that is no redirect"),
        }
    }
}
