//! TLS comes to the same however its bytes are cut, and what a peer has to answer while nobody looks is answered.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that can't go on fails")]

use std::io::{Read, Write};
use std::sync::Arc;

use httpocean_core::dial::{Dial, DialStep, Route};
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, Call, CallStep, CloseReason, Config, Conn, ErrorKind, Instant, Io};
use httpocean_rustls::Tls;
use httpocean_rustls::rustls;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

const NOW: Instant = Instant::ZERO;
const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

/// A client's side in memory, a server, and how many bytes go at a time.
struct World {
    config: Arc<Config>,
    server: ServerConnection,
    step: usize,
    /// On its way to the client.
    down: Vec<u8>,
}

impl World {
    fn new(version: &'static SupportedProtocolVersion, step: usize) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["site.test".into()]).unwrap().self_signed(&key).unwrap();
        let tls = Tls::builder().ca_pem(certificate.pem()).build().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(Config { tls: Some(tls.into()), ..Config::default() });
        let server = ServerConnection::new(Arc::new(server)).unwrap();
        Self { config, server, step, down: Vec::new() }
    }

    /// Moves a few bytes in each direction.
    fn carry(&mut self, io: &mut Io) {
        let up = io.tx.pending()[..self.step.min(io.tx.pending().len())].to_vec();
        io.tx.sent(up.len());
        let mut rest = &up[..];
        while !rest.is_empty() {
            self.server.read_tls(&mut rest).unwrap();
            self.server.process_new_packets().unwrap();
        }
        self.take_down();
        let some = self.step.min(self.down.len());
        let rest = self.down.split_off(some);
        io.rx.append(&self.down);
        self.down = rest;
    }

    fn take_down(&mut self) {
        while self.server.wants_write() {
            self.server.write_tls(&mut self.down).unwrap();
        }
    }

    fn call(&self) -> Call {
        let request = http::Request::get("https://site.test/").body(()).unwrap();
        Call::new(request, BodyPlan::empty(), &self.config, NOW).unwrap()
    }

    fn connect(&mut self) -> Conn {
        let mut io = Io::default();
        let mut dial = Dial::new(self.call().key(), &self.config, NOW);
        let DialStep::Resolve = dial.step(&mut io, NOW) else { panic!("no resolve") };
        dial.resolved(Ok(Route::Direct), NOW);
        let DialStep::Connect { attempt, .. } = dial.step(&mut io, NOW) else { panic!("no connect") };
        dial.connected(attempt, Ok(()), NOW);
        for _ in 0..100_000 {
            match dial.step(&mut io, NOW) {
                DialStep::Wait(want) => {
                    assert!(want.read);
                    self.carry(&mut io);
                }
                DialStep::Ready(conn) => return conn,
                step => panic!("{step:?}"),
            }
        }
        panic!("a handshake without an end");
    }

    /// A GET on that connection; its body, and the connection if it may be used again.
    fn get(&mut self, conn: Conn, goodbye: bool) -> (Vec<u8>, Option<Conn>) {
        let (mut io, mut call, mut body) = (Io::default(), self.call(), Vec::new());
        let CallStep::Acquire(_) = call.step(&mut io, NOW) else { panic!("it wants no connection") };
        call.attach(conn, Facts::default(), NOW);
        let mut answered = false;
        let mut kept = None;
        loop {
            match call.step(&mut io, NOW) {
                CallStep::Wait(_) => {
                    self.carry(&mut io);
                    let mut asked = [0; 1_000];
                    if !answered && self.server.reader().read(&mut asked).is_ok_and(|n| n > 0) {
                        answered = true;
                        self.server.writer().write_all(RESPONSE).unwrap();
                        if goodbye {
                            self.server.send_close_notify();
                        }
                    }
                }
                CallStep::Data(len) => body.extend_from_slice(io.data(len)),
                CallStep::Release(fate) => {
                    let conn = call.detach();
                    kept = conn.filter(|_| matches!(fate, Fate::Reusable { .. }));
                }
                CallStep::End => return (body, kept),
                CallStep::Head(_) => {}
                step => panic!("{step:?}"),
            }
        }
    }
}

#[test]
fn however_the_bytes_are_cut() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for step in [1, 2, 3, 7, 100, 1_000, usize::MAX] {
            let mut it = World::new(version, step);
            let mut conn = Some(it.connect());
            for _ in 0..3 {
                let (body, kept) = it.get(conn.take().unwrap(), false);
                assert_eq!(body, b"hello world", "{version:?} by {step}");
                conn = kept;
                // What is left of it, such as tickets, comes while it is idle.
                let (mut io, conn) = (Io::default(), conn.as_mut().unwrap());
                it.take_down();
                for part in std::mem::take(&mut it.down).chunks(step.min(1_000)) {
                    io.rx.append(part);
                    assert_eq!(conn.idle_input(&mut io), None);
                    assert!(io.rx.is_quiet() && io.tx.pending().is_empty());
                }
            }
        }
    }
}

#[test]
fn a_goodbye_in_the_middle_of_it_is_understood() {
    let mut it = World::new(&rustls::version::TLS13, 5);
    let conn = it.connect();
    let (body, kept) = it.get(conn, true);
    assert_eq!(body, b"hello world");
    if let Some(mut conn) = kept {
        let mut io = Io::default();
        it.take_down();
        io.rx.append(&it.down);
        assert_eq!(conn.idle_input(&mut io), Some(CloseReason::PeerClosed));
    }
}

#[test]
fn a_new_key_of_an_idle_peer_is_answered_with_the_next_request() {
    let mut it = World::new(&rustls::version::TLS13, usize::MAX);
    let conn = it.connect();
    let (_, kept) = it.get(conn, false);
    let (mut conn, mut io) = (kept.unwrap(), Io::default());
    it.take_down();
    it.server.refresh_traffic_keys().unwrap();
    it.take_down();
    io.rx.append(&std::mem::take(&mut it.down));
    assert_eq!(conn.idle_input(&mut io), None);
    let (body, kept) = it.get(conn, false);
    assert_eq!((&body[..], kept.is_some()), (&b"hello world"[..], true));
}

#[test]
fn a_byte_that_was_changed_is_found() {
    let mut it = World::new(&rustls::version::TLS13, usize::MAX);
    let conn = it.connect();
    let (mut io, mut call) = (Io::default(), it.call());
    let CallStep::Acquire(_) = call.step(&mut io, NOW) else { panic!("it wants no connection") };
    call.attach(conn, Facts::default(), NOW);
    let CallStep::Wait(_) = call.step(&mut io, NOW) else { panic!("it waits for nothing") };
    it.carry(&mut io);
    it.server.writer().write_all(RESPONSE).unwrap();
    it.take_down();
    *it.down.last_mut().unwrap() ^= 1;
    io.rx.append(&it.down);
    let CallStep::Release(Fate::Spent(_)) = call.step(&mut io, NOW) else {
        panic!("it is taken for a response")
    };
    let CallStep::Failed(error) = call.step(&mut io, NOW) else { panic!("it did not fail") };
    assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
}
