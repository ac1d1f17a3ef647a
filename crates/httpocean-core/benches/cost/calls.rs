//! One request from its start to its end, with pool and connection, over no network.

use std::hint::black_box;
use std::sync::Arc;

use http::{Request, Uri};
use httpocean_core::dial::{Dial, DialStep, Route};
use httpocean_core::policy::Common;
use httpocean_core::pool::{self, Lease, PoolCommand};
use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Error, Instant, Io, Key, Pool};

use crate::Operation;

/// The time does not matter to any of it.
pub(crate) const NOW: Instant = Instant::ZERO;

pub(crate) const FOUR_FIELDS: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: canned\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n\
    Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

const TWELVE_FIELDS: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: canned/1.26.2\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n\
    Content-Type: text/html; charset=utf-8\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\
    Cache-Control: max-age=600, public\r\nETag: \"5f3c-5d1a2b3c4d5e6\"\r\n\
    Last-Modified: Tue, 03 Nov 2026 10:11:12 GMT\r\nVary: Accept-Encoding, Cookie\r\n\
    Set-Cookie: sid=0123456789abcdef0123456789abcdef; Path=/; HttpOnly\r\n\
    X-Request-Id: 8f14e45f-ceea-467e-9d4f-2b0a1d8a4c11\r\n\
    Strict-Transport-Security: max-age=31536000\r\n\r\nHello, World!";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            name: "call, 4 fields, head lent",
            make: || cycles(FOUR_FIELDS.to_vec(), usize::MAX, lend),
        },
        Operation {
            name: "call, 4 fields, to_response",
            make: || cycles(FOUR_FIELDS.to_vec(), usize::MAX, own),
        },
        Operation {
            name: "call, 12 fields, head lent",
            make: || cycles(TWELVE_FIELDS.to_vec(), usize::MAX, lend),
        },
        Operation {
            name: "call, 12 fields, to_response",
            make: || cycles(TWELVE_FIELDS.to_vec(), usize::MAX, own),
        },
        Operation {
            name: "call, 12 fields in pieces of 16 bytes",
            make: || cycles(TWELVE_FIELDS.to_vec(), 16, lend),
        },
        Operation { name: "call, 64 chunks of 1 KiB", make: || cycles(chunked(), usize::MAX, lend) },
    ]
}

fn chunked() -> Vec<u8> {
    let mut response = b"HTTP/1.1 200 OK\r\nServer: canned\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\n\
        Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..64 {
        response.extend_from_slice(b"400\r\n");
        response.resize(response.len() + 1024, b'a');
        response.extend_from_slice(b"\r\n");
    }
    response.extend_from_slice(b"0\r\n\r\n");
    response
}

fn lend(io: &Io, len: usize) {
    assert_eq!(black_box(io.head(len)).status(), 200);
}

fn own(io: &Io, len: usize) {
    assert_eq!(black_box(io.head(len).to_response()).status(), 200);
}

/// A request as its user makes it: it is there before the call, and not counted but for its URI's reference.
pub(crate) fn request(uri: &Uri) -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = uri.clone();
    request
}

/// The response comes in pieces of at most `piece` bytes.
fn cycles(response: Vec<u8>, piece: usize, look: fn(&Io, usize)) -> Box<dyn FnMut()> {
    let uri: Uri = "http://127.0.0.1:8091/small".parse().unwrap();
    let (config, common, key) = (Arc::new(Config::default()), Common::default(), Key::of(&uri).unwrap());
    let mut pool: Pool<Conn, Error> = Pool::new(pool::Options::default());
    let (mut io, mut out) = (Io::default(), vec![0; 256 * 1024]);
    Box::new(move || {
        let call =
            Call::of_client(request(&uri), BodyPlan::empty(), &config, &common, Some(key.clone()), NOW)
                .unwrap();
        let read =
            cycle(call, &mut pool, &mut io, &mut response.chunks(piece.min(response.len())), &mut out, look);
        assert!(read > 0);
    })
}

/// How many bytes of body there were.
fn cycle<'a>(
    mut call: Call,
    pool: &mut Pool<Conn, Error>,
    io: &mut Io,
    pieces: &mut impl Iterator<Item = &'a [u8]>,
    out: &mut [u8],
    look: fn(&Io, usize),
) -> usize {
    let (mut held, mut read): (Option<Lease>, usize) = (None, 0);
    loop {
        match call.step(io, NOW) {
            CallStep::Acquire(demand) => {
                let (lease, conn, facts) = pool.acquire_idle(call.key(), demand, NOW).unwrap_or_else(|| {
                    let _ = pool.acquire(call.key(), demand, NOW);
                    granted(pool)
                });
                held = Some(lease);
                call.attach(conn, facts, NOW);
            }
            CallStep::Wait(want) if want.write => io.tx.sent(io.tx.pending().len()),
            CallStep::Wait(_) => io.rx.append(pieces.next().unwrap()),
            CallStep::Head(len) => {
                look(io, len);
                read += call.read_body(io, out);
            }
            CallStep::Data(len) => read += black_box(io.data(len)).len(),
            CallStep::Release(fate) => {
                pool.release(held.take().unwrap(), call.detach().unwrap(), fate, NOW);
                assert!(pool.poll(NOW).is_none());
            }
            CallStep::End => return read,
            other => panic!("{other:?}"),
        }
    }
}

fn granted(pool: &mut Pool<Conn, Error>) -> (Lease, Conn, pool::Facts) {
    loop {
        match pool.poll(NOW).unwrap() {
            PoolCommand::Grant { lease, parked, facts, .. } => {
                assert!(pool.poll(NOW).is_none());
                return (lease, parked, facts);
            }
            PoolCommand::Dial { lease } => {
                let conn = dialed(lease.key());
                pool.dialed(lease, conn, NOW);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn dialed(key: &Key) -> Conn {
    let mut dial = Dial::new(key, &Arc::new(Config::default()), NOW);
    loop {
        match dial.step(&mut Io::default(), NOW) {
            DialStep::Resolve => dial.resolved(Ok(Route::Direct), NOW),
            DialStep::Connect { attempt, .. } => dial.connected(attempt, Ok(()), NOW),
            DialStep::Ready(conn) => return conn,
            other => panic!("{other:?}"),
        }
    }
}
