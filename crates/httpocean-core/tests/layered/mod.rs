//! A connection with a toy layer, its other end, and a call on it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::Arc;

use httpocean_core::dial::{Dial, DialStep, Route};
use httpocean_core::layer::Security;
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Error, Instant, Io, Key, Want};
use httpocean_testkit::toy::{Toy, ToyPeer};

pub const URL: &str = "https://site.example/";

/// Options with a toy instead of TLS.
pub fn config(toy: Toy) -> Arc<Config> {
    Arc::new(Config { tls: Some(Security::new(toy)), ..Config::default() })
}

pub fn key(config: &Arc<Config>) -> Key {
    call("GET", BodyPlan::empty(), config).key().clone()
}

pub fn call(method: &str, body: BodyPlan, config: &Arc<Config>) -> Call {
    let request = http::Request::builder().method(method).uri(URL).body(()).unwrap();
    Call::new(request, body, config, Instant::ZERO).unwrap()
}

/// A dial that an attempt has won.
pub fn connected(config: &Arc<Config>) -> Dial {
    let mut dial = Dial::new(&key(config), config, Instant::ZERO);
    let mut io = Io::default();
    assert!(matches!(dial.step(&mut io, Instant::ZERO), DialStep::Resolve));
    dial.resolved(Ok(Route::Direct), Instant::ZERO);
    assert!(matches!(dial.step(&mut io, Instant::ZERO), DialStep::Connect { .. }));
    dial.connected(0, Ok(()), Instant::ZERO);
    dial
}

/// What a dial has come to that waits for nothing but bytes.
pub fn step(dial: &mut Dial, io: &mut Io) -> Result<Option<Conn>, Error> {
    match dial.step(io, Instant::ZERO) {
        DialStep::Wait(want) => {
            assert!(want.read && want.write != io.tx.pending().is_empty(), "{want:?}");
            Ok(None)
        }
        DialStep::Ready(conn) => {
            assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "not clean");
            Ok(Some(conn))
        }
        DialStep::Failed(error) => Err(error),
        step @ (DialStep::Resolve | DialStep::Connect { .. } | DialStep::Abandon { .. }) => {
            panic!("connected, and says {step:?}")
        }
    }
}

/// All that is pending reaches the peer.
pub fn flush(io: &mut Io, peer: &mut ToyPeer) {
    let bytes = io.tx.pending().to_vec();
    peer.receive(&bytes);
    io.tx.sent(bytes.len());
}

/// A connection after its handshake.
pub fn ready(config: &Arc<Config>) -> (Conn, ToyPeer) {
    let (mut dial, mut io, mut peer) = (connected(config), Io::default(), ToyPeer::new(9));
    for _ in 0..10 {
        if let Some(conn) = step(&mut dial, &mut io).unwrap() {
            return (conn, peer);
        }
        flush(&mut io, &mut peer);
        io.rx.append(&peer.take_wire());
    }
    panic!("a handshake without an end");
}

/// A call on a connection.
pub struct Talk {
    pub call: Call,
    pub io: Io,
    pub peer: ToyPeer,
}

impl Talk {
    pub fn begin(method: &str, body: BodyPlan, facts: Facts) -> Self {
        let config = config(Toy::default());
        let (conn, peer) = ready(&config);
        Self::on(conn, peer, call(method, body, &config), facts)
    }

    /// A GET on a fresh connection, sent.
    pub fn get() -> Self {
        let mut it = Self::begin("GET", BodyPlan::empty(), Facts::default());
        it.wait();
        it.flush();
        assert!(it.peer.take_plain().starts_with(b"GET / HTTP/1.1\r\nhost: site.example\r\n"));
        it
    }

    pub fn on(conn: Conn, peer: ToyPeer, mut call: Call, facts: Facts) -> Self {
        let mut io = Io::default();
        assert!(matches!(call.step(&mut io, Instant::ZERO), CallStep::Acquire(_)));
        call.attach(conn, facts, Instant::ZERO);
        Self { call, io, peer }
    }

    pub fn step(&mut self) -> CallStep {
        self.call.step(&mut self.io, Instant::ZERO)
    }

    pub fn wait(&mut self) -> Want {
        let step = self.step();
        let CallStep::Wait(want) = step else { panic!("no wait but {step:?}") };
        want
    }

    pub fn flush(&mut self) {
        flush(&mut self.io, &mut self.peer);
    }

    /// What the peer has to say arrives.
    pub fn deliver(&mut self) {
        let wire = self.peer.take_wire();
        self.io.rx.append(&wire);
    }

    /// Takes what there is, up to a wait or the end: status, body, and how it ended.
    pub fn hear(&mut self, heard: &mut Heard) {
        loop {
            match self.step() {
                CallStep::Head(len) => heard.status = Some(self.io.head(len).status().as_u16()),
                CallStep::Data(len) => heard.body.extend_from_slice(self.io.data(len)),
                CallStep::Release(fate) => {
                    assert!(self.io.rx.is_quiet() && self.io.tx.pending().is_empty(), "not clean");
                    heard.fate = Some(fate);
                    heard.conn = self.call.detach();
                }
                CallStep::Interim(_) | CallStep::Passing(_) => {}
                CallStep::Wait(_) | CallStep::NeedBody { .. } => return,
                CallStep::End => {
                    heard.ended = true;
                    return;
                }
                CallStep::Failed(error) => {
                    heard.error = Some(error);
                    return;
                }
                step @ (CallStep::Hop(_) | CallStep::Acquire(_) | CallStep::Upgraded(_)) => {
                    panic!("{step:?}")
                }
            }
        }
    }
}

/// What a user heard.
#[derive(Debug, Default)]
pub struct Heard {
    pub status: Option<u16>,
    pub body: Vec<u8>,
    pub fate: Option<httpocean_core::pool::Fate>,
    pub conn: Option<Conn>,
    pub ended: bool,
    pub error: Option<Error>,
}
