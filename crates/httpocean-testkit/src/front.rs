//! What stands before a server and takes a layer off: the server speaks plain, its clients don't.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use httpocean_testkit::front::Front;
//! use httpocean_testkit::server::{Reply, Server};
//! use httpocean_testkit::toy::ToyPeer;
//!
//! let server = Server::start(|_| Reply::ok("hello"));
//! let front = Front::start(server.addr(), || ToyPeer::new(7)).unwrap();
//! let mut client = TcpStream::connect(front.addr()).unwrap();
//! client.write_all(b"\x01\0\x01h").unwrap();
//! let mut key = [0; 4];
//! client.read_exact(&mut key).unwrap();
//! assert_eq!(key, *b"\x02\0\x01\x07");
//! ```

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::acceptor::{Acceptor, listen, reset_on_close};
use crate::switch::{Switch, lock};

/// Each takes two threads.
const CONNECTIONS_MAX: usize = 256;
const BLOCK: usize = 16 * 1024;

/// The server's end of a layer, on one connection.
pub trait Terminal: Send + 'static {
    /// Takes what the client sent. After an error nothing more is shown to it, but what it has to say is still sent.
    ///
    /// # Errors
    /// When it can't go on.
    fn receive(&mut self, wire: &[u8]) -> io::Result<()>;

    /// Takes what the server has to say, or, where there is nothing more, the end of it.
    fn send(&mut self, plain: Option<&[u8]>);

    /// What became of what was received.
    fn take_plain(&mut self) -> Vec<u8>;

    /// What is to be sent to the client.
    fn take_wire(&mut self) -> Vec<u8>;

    /// Whether the client has said that nothing more will come.
    fn is_closed(&self) -> bool;
}

/// A running front. It stops, and all its threads end, when it is dropped.
#[derive(Debug)]
pub struct Front {
    acceptor: Acceptor,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicUsize,
    goodbyes: AtomicUsize,
    failed: AtomicUsize,
}

/// What a front has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrontStats {
    /// Connections that were accepted.
    pub accepted: usize,
    /// Clients that said goodbye.
    pub goodbyes: usize,
    /// Connections whose layer could not go on.
    pub failed: usize,
}

impl Front {
    /// Listens on a free port of 127.0.0.1; each connection gets a layer of its own and is connected through to
    /// `target`.
    ///
    /// # Errors
    /// When the system has no free port or thread.
    pub fn start<T: Terminal>(
        target: SocketAddr,
        mut make: impl FnMut() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 1024)?;
        let switch = Arc::new(Switch::default());
        let counts = Arc::new(Counts::default());
        let (own, switched) = (counts.clone(), switch.clone());
        let accepted = move |client, _| {
            counts.accepted.fetch_add(1, Ordering::SeqCst);
            let (switch, counts, terminal) = (switch.clone(), counts.clone(), make());
            move || run(client, target, terminal, &switch, &counts)
        };
        Ok(Self { acceptor: Acceptor::start(listener, switched, CONNECTIONS_MAX, accepted)?, counts: own })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.acceptor.addr()
    }

    /// The counts so far.
    pub fn stats(&self) -> FrontStats {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        let Counts { accepted, goodbyes, failed } = &*self.counts;
        FrontStats { accepted: of(accepted), goodbyes: of(goodbyes), failed: of(failed) }
    }
}

fn run<T: Terminal>(client: TcpStream, target: SocketAddr, terminal: T, switch: &Switch, counts: &Counts) {
    let client = switch.watch(client);
    let Ok(server) = TcpStream::connect(target) else { return };
    let server = switch.watch(server);
    let _ = client.set_nodelay(true).and(server.set_nodelay(true));
    let terminal = Mutex::new(terminal);
    thread::scope(|scope| {
        scope.spawn(|| down(&client, &server, &terminal));
        up(&client, &server, &terminal, counts);
        // Whoever still reads there has nobody to tell.
        let _ = server.shutdown(Shutdown::Write);
    });
}

/// From the client to the server.
fn up<T: Terminal>(client: &TcpStream, server: &TcpStream, terminal: &Mutex<T>, counts: &Counts) {
    let mut block = vec![0; BLOCK];
    loop {
        let n = match (&*client).read(&mut block) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                let _ = reset_on_close(server);
                return drop(server.shutdown(Shutdown::Both));
            }
        };
        let mut end = lock(terminal);
        let received = end.receive(&block[..n]);
        // Written by one at a time, in the order in which it was made.
        let written = (&*client).write_all(&end.take_wire());
        let (plain, closed) = (end.take_plain(), end.is_closed());
        drop(end);
        let passed = (&*server).write_all(&plain);
        if closed {
            counts.goodbyes.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if received.is_err() {
            counts.failed.fetch_add(1, Ordering::SeqCst);
            // First, so that no goodbye follows.
            let _ = client.shutdown(Shutdown::Write);
            return drop(server.shutdown(Shutdown::Both));
        }
        if written.is_err() || passed.is_err() {
            return drop(server.shutdown(Shutdown::Both));
        }
    }
}

/// From the server to the client.
fn down<T: Terminal>(client: &TcpStream, server: &TcpStream, terminal: &Mutex<T>) {
    let mut block = vec![0; BLOCK];
    loop {
        let read = (&*server).read(&mut block);
        let mut end = lock(terminal);
        match read {
            Ok(0) => {
                end.send(None);
                let _ = (&*client).write_all(&end.take_wire());
                return drop(client.shutdown(Shutdown::Write));
            }
            Ok(n) => {
                end.send(Some(&block[..n]));
                if (&*client).write_all(&end.take_wire()).is_err() {
                    return drop(server.shutdown(Shutdown::Both));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => {
                let _ = reset_on_close(client);
                return drop(client.shutdown(Shutdown::Read));
            }
        }
    }
}
