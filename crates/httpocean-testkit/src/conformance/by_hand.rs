//! Servers that are written by hand: one that counts what it gets rid of, one that speaks unasked when it is told to,
//! and one that cannot be connected to.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::acceptor::{Acceptor, listen};
use crate::pattern::fill_pattern;
use crate::switch::{Switch, lock};

const BLOCK: usize = 64 * 1024;

/// Answers each request with a long response, and counts the bytes that it could write.
pub(super) struct Flood {
    acceptor: Acceptor,
    written: Arc<AtomicU64>,
}

impl Flood {
    /// `len` bytes, see [`pattern_byte`](crate::pattern_byte).
    pub(super) fn start(len: u64) -> std::io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 16)?;
        let (switch, written) = (Arc::new(Switch::default()), Arc::new(AtomicU64::default()));
        let (watching, count) = (switch.clone(), written.clone());
        let accepted = move |stream: TcpStream, _| {
            let (stream, count) = (watching.watch(stream), count.clone());
            move || _ = pour(&stream, len, &count)
        };
        Ok(Self { acceptor: Acceptor::start(listener, switch, 16, accepted)?, written })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.acceptor.addr())
    }

    /// So many bytes of all bodies were written.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }
}

fn pour(mut stream: &TcpStream, len: u64, count: &AtomicU64) -> std::io::Result<()> {
    let _request = stream.read(&mut [0; 4096])?;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n")?;
    let (mut block, mut at) = (vec![0; BLOCK], 0);
    while at < len {
        let size = usize::try_from(len - at).unwrap_or(BLOCK).min(BLOCK);
        fill_pattern(at, &mut block[..size]);
        stream.write_all(&block[..size])?;
        at += size as u64;
        count.fetch_add(size as u64, Relaxed);
    }
    // Until the client closes: what it has not read yet must not be lost to a reset.
    stream.read(&mut [0]).map(drop)
}

/// Answers every first request of a connection with `asked`, and says something unasked when it is told to.
pub(super) struct Unasked {
    acceptor: Acceptor,
    go: Arc<(Mutex<u64>, Condvar)>,
    said: Receiver<()>,
}

impl Unasked {
    /// What it says unasked.
    pub(super) fn start(bytes: &'static [u8]) -> std::io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 16)?;
        let switch = Arc::new(Switch::default());
        let go = Arc::new((Mutex::new(0), Condvar::new()));
        let (say, said) = channel();
        let (watching, going, mut nth) = (switch.clone(), go.clone(), 0);
        let accepted = move |stream: TcpStream, _| {
            nth += 1;
            let (stream, going, say, nth) = (watching.watch(stream), going.clone(), say.clone(), nth);
            move || _ = speak(&stream, bytes, &going, nth, &say)
        };
        Ok(Self { acceptor: Acceptor::start(listener, switch, 16, accepted)?, go, said })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.acceptor.addr())
    }

    /// From the connection of that number on, 1 for the first, and those before. When it returns it is said.
    pub(super) fn speak(&self, nth: u64) {
        *lock(&self.go.0) = nth;
        self.go.1.notify_all();
        let _ = self.said.recv_timeout(Duration::from_secs(5));
    }
}

impl Drop for Unasked {
    fn drop(&mut self) {
        *lock(&self.go.0) = u64::MAX;
        self.go.1.notify_all();
    }
}

fn speak(
    mut stream: &TcpStream,
    bytes: &[u8],
    (go, changed): &(Mutex<u64>, Condvar),
    nth: u64,
    say: &Sender<()>,
) -> std::io::Result<()> {
    let _request = stream.read(&mut [0; 4096])?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nasked")?;
    drop(changed.wait_while(lock(go), |told| *told < nth));
    stream.write_all(bytes)?;
    let _ = say.send(());
    // Until the client closes; a request that it sends is not answered.
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

/// A listener whose queue is full: who connects waits.
pub(super) struct Hanging {
    pub(super) addr: SocketAddr,
    _listener: TcpListener,
    _filling: Vec<TcpStream>,
}

impl Hanging {
    /// `None` where the system answers all the same.
    pub(super) fn start() -> Option<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 0).ok()?;
        let addr = listener.local_addr().ok()?;
        Some(Self { addr, _listener: listener, _filling: fill(addr)? })
    }
}

/// Connects until that hangs; `None` if it never does.
pub(super) fn fill(addr: SocketAddr) -> Option<Vec<TcpStream>> {
    let mut filling = Vec::new();
    while filling.len() < 64 {
        match TcpStream::connect_timeout(&addr, Duration::from_millis(100)) {
            Ok(stream) => filling.push(stream),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return Some(filling),
            Err(_) => return None,
        }
    }
    None
}
