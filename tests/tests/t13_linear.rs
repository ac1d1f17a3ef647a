//! T13: work is linear in bytes, whoever sends them: twice the input costs no more than 2.2 times the instructions,
//! counted by valgrind, where it is installed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::process::Command;
use std::sync::Arc;

use http::{Method, Request, StatusCode, Uri};
use httpocean_core::dial::Route;
use httpocean_core::policy::redirect::{Previous, Redirects, follow};
use httpocean_core::{BodyPlan, Config, Driven, Engine, Event, Instant, Io, Key, Limits, Task, pool};

/// In the environment of a child: what it is to do.
const WORK: &str = "HTTPOCEAN_T13_WORK";
const SIZE: usize = 4_000;

/// Something to do with so many bytes.
type Work = (&'static str, fn(usize));

const ALL: [Work; 21] = [
    ("a long field", |n| response(&head(&["A: ", &"b".repeat(n)].concat()), 0)),
    ("a long field in drops", |n| response(&head(&["A: ", &"b".repeat(n)].concat()), 1)),
    ("a long reason in drops", |n| {
        response(&format!("HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n", "A".repeat(n)), 1)
    }),
    ("many fields", |n| response(&head(&"a: b\r\n".repeat(n / 6)), 0)),
    ("many fields in drops", |n| response(&head(&"a: b\r\n".repeat(n / 6)), 1)),
    ("many cookies", |n| response(&head(&"Set-Cookie: a=b; Path=/\r\n".repeat(n / 25)), 100)),
    ("many folded lines", |n| response(&head(&["A: b", &"\r\n c".repeat(n / 4)].concat()), 100)),
    ("many lengths", |n| response(&head(&["Content-Length: 0", &", 0".repeat(n / 3)].concat()), 0)),
    ("many connection options", |n| response(&head(&["Connection: a", &", b".repeat(n / 3)].concat()), 0)),
    ("a length of many digits", |n| {
        response(&format!("HTTP/1.1 200 x\r\nContent-Length: {}\r\n\r\n", "9".repeat(n)), 0)
    }),
    ("many interim responses", |n| response(&("HTTP/1.1 103 x\r\n\r\n".repeat(n / 18) + &head("A: b")), 50)),
    ("many small chunks", |n| response(&chunks(&"1\r\nx\r\n".repeat(n / 6), ""), 0)),
    ("many small chunks in drops", |n| response(&chunks(&"1\r\nx\r\n".repeat(n / 6), ""), 1)),
    ("a long extension in drops", |n| response(&chunks(&format!("1;{}\r\nx\r\n", "a".repeat(n)), ""), 1)),
    ("a long trailer in drops", |n| response(&chunks("", &format!("a: {}\r\n", "b".repeat(n))), 1)),
    ("many trailers", |n| response(&chunks("", &"a: b\r\n".repeat(n / 6)), 1)),
    ("a long target", |n| request(Request::get(format!("http://a.test/{}", "%b\"".repeat(n / 3))))),
    ("many request fields", |n| {
        let request = Request::get("http://a.test/");
        self::request((0..n / 20).fold(request, |request, i| request.header(format!("x-{i}"), "0123456789")));
    }),
    ("a long authority", |n| {
        for text in ["@", "a.", "1.", ":", "%2e", "["] {
            let uri: Result<Uri, _> = format!("http://{}/", text.repeat(n / text.len())).parse();
            drop(uri.map(|uri| Key::of(&uri).is_ok()));
        }
    }),
    ("a long way up", |n| location(&"../".repeat(n / 3))),
    ("a long location of odd bytes", |n| location(&"/\u{e9}?\\@".repeat(n / 6))),
];

fn head(fields: &str) -> String {
    let framing = if fields.starts_with("Content-Length") { "" } else { "Content-Length: 0\r\n" };
    format!("HTTP/1.1 200 OK\r\n{framing}{}\r\n\r\n", fields.trim_end())
}

fn chunks(chunks: &str, trailers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n{trailers}\r\n")
}

/// A GET that is answered so, in pieces of so many bytes, 0 being one.
fn response(bytes: &str, piece: usize) {
    let piece = if piece == 0 { bytes.len() } else { piece };
    exchange(Request::get("http://a.test/"), bytes.as_bytes().chunks(piece));
}

fn request(request: http::request::Builder) {
    exchange(request, [&b"HTTP/1.1 204 x\r\n\r\n"[..]]);
}

fn location(location: &str) {
    let request = Request::builder().method(Method::GET).uri("http://a.test/a/b/c").body(()).unwrap();
    let previous = Previous { request: &request, body: BodyPlan::empty(), fragment: None, followed: 0 };
    let _ = follow(previous, StatusCode::FOUND, [location.as_bytes()], &Redirects::default());
}

/// Limits that are no help.
fn unlimited() -> Config {
    let limits = Limits {
        head_bytes: usize::MAX,
        headers: usize::MAX,
        interim: u32::MAX,
        trailer_bytes: usize::MAX,
        chunk_line: usize::MAX,
        chunk_extensions: usize::MAX,
        request_head_bytes: usize::MAX,
        ..Limits::default()
    };
    Config { limits, ..Config::default() }
}

fn exchange<'a>(request: http::request::Builder, pieces: impl IntoIterator<Item = &'a [u8]>) {
    let (now, mut io, mut pieces) = (Instant::ZERO, Io::default(), pieces.into_iter());
    let mut engine = Engine::new(pool::Options::default(), Arc::new(unlimited()));
    engine.start(request.body(()).unwrap(), BodyPlan::empty(), now).unwrap();
    let conn = loop {
        match engine.next_task(now).unwrap() {
            Task::Resolve(conn) => engine.resolved(conn, Ok(Route::Direct), now),
            Task::Connect { conn, attempt, .. } => engine.connected(conn, attempt, Ok(()), now),
            Task::Drive(conn) => break conn,
            Task::Dial { .. } | Task::Abandon { .. } | Task::Close { .. } | Task::Event { .. } => {}
        }
    };
    loop {
        match engine.drive(conn, &mut io, now) {
            Driven::Event { event: Event::End { .. } | Event::Failed(_), .. } => return,
            Driven::Event { event: Event::Head(len), .. } => drop(io.head(len).to_response()),
            Driven::Event { .. } => {}
            Driven::Wait(_) => {
                io.tx.sent(io.tx.pending().len());
                io.rx.append(pieces.next().expect("the response has an end"));
            }
            Driven::Free => panic!("it is over, and nobody was told"),
        }
    }
}

/// Instructions of this program when it does that.
fn instructions(what: &str, size: usize) -> u64 {
    let valgrind = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "t13_twice_the_input_is_no_more_than_twice_the_work", "--test-threads=1"])
        .env(WORK, format!("{size} {what}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&valgrind.stderr).into_owned();
    assert!(valgrind.status.success(), "{what}: {said}\n{}", String::from_utf8_lossy(&valgrind.stdout));
    let count = said.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{what}: {said}"))
}

#[test]
fn t13_twice_the_input_is_no_more_than_twice_the_work() {
    if let Ok(work) = std::env::var(WORK) {
        let (size, what) = work.split_once(' ').unwrap();
        let found = ALL.iter().find(|(name, _)| *name == what);
        return found.map_or((), |(_, work)| work(size.parse().unwrap()));
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        // Past the harness, which would keep it to itself.
        let _closed = writeln!(std::io::stderr(), "skipped: no valgrind to count instructions with");
        return;
    }
    let nothing = instructions("nothing", 0);
    let mut steep = Vec::new();
    for (what, _) in ALL {
        let [once, twice] = [SIZE, 2 * SIZE].map(|size| instructions(what, size).saturating_sub(nothing));
        let times = twice as f64 / once as f64;
        println!("{times:.3} times: {once} and {twice} instructions, {what}");
        assert!(once > 10_000, "{what}: nothing was done");
        if times > 2.2 {
            steep.push(format!("{what}: {times:.3} times the instructions for twice the bytes"));
        }
    }
    assert!(steep.is_empty(), "{}", steep.join("\n"));
}
