//! TCP that goes wrong at one operation of one request, whichever operation that is.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use httpocean_std::core::dial::Route;
use httpocean_std::{Client, Connect, Key, Ready, TcpConnector, Transport};
use httpocean_tests::lock;

/// Bytes that one operation of the victim moves at most: so it takes many of them, and always as many.
const READ: usize = 24;
const WRITE: usize = 30_000;

/// What happens at the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing moves before the request's deadline, nor after it.
    Stall,
    Panic,
    Error,
    /// The client is closed, and the operation is done.
    Close,
}

/// What the victim is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    Dialing,
    BetweenGrantAndUse,
    Sending,
    AwaitingTheHead,
    InTheBody,
    InTheDrain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Dial,
    Read,
    Other,
}

/// Which operation of the victim goes wrong, and how. The victim says of itself how far it is.
pub(crate) struct Plan {
    fault: Fault,
    operation: usize,
    count: AtomicUsize,
    dials: AtomicUsize,
    wrote: AtomicBool,
    pub(crate) gave_its_body: AtomicBool,
    pub(crate) has_head: AtomicBool,
    pub(crate) drains: AtomicBool,
    pub(crate) deadline: Mutex<Option<Instant>>,
    pub(crate) client: Mutex<Option<Client>>,
    hit: Mutex<Option<At>>,
}

thread_local! {
    static IS_VICTIM: Cell<bool> = const { Cell::new(false) };
    /// Of a dial thread: the dial that it is at is the victim's.
    static DIALS_FOR_IT: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread's request is the one that suffers.
pub(crate) fn be_the_victim() {
    IS_VICTIM.set(true);
}

impl Plan {
    pub(crate) fn new(fault: Fault, operation: usize) -> Arc<Self> {
        Arc::new(Self {
            fault,
            operation,
            count: AtomicUsize::new(0),
            dials: AtomicUsize::new(0),
            wrote: AtomicBool::new(false),
            gave_its_body: AtomicBool::new(false),
            has_head: AtomicBool::new(false),
            drains: AtomicBool::new(false),
            deadline: Mutex::new(None),
            client: Mutex::new(None),
            hit: Mutex::new(None),
        })
    }

    /// What the victim was doing when it was hit.
    pub(crate) fn hit(&self) -> Option<At> {
        *lock(&self.hit)
    }

    pub(crate) fn closes(&self) -> bool {
        self.fault == Fault::Close
    }

    /// Begun so far.
    pub(crate) fn dials(&self) -> usize {
        self.dials.load(SeqCst)
    }

    /// The victim comes when there is a connection already.
    pub(crate) fn dials_for_others(&self) {
        self.dials.fetch_add(1, SeqCst);
    }

    /// Before each operation of the victim. `false`: it finds nothing.
    fn pass(&self, operation: Operation) -> io::Result<bool> {
        let n = self.count.fetch_add(1, SeqCst);
        if n < self.operation {
            return Ok(true);
        }
        if n == self.operation {
            *lock(&self.hit) = Some(self.at(operation));
        }
        match self.fault {
            Fault::Stall => {
                let deadline = lock(&self.deadline).expect("who stalls has a deadline");
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                Ok(false)
            }
            _ if n > self.operation => Ok(true),
            Fault::Panic => panic!("this operation panics"),
            Fault::Error => Err(io::ErrorKind::ConnectionReset.into()),
            Fault::Close => {
                if let Some(client) = &*lock(&self.client) {
                    client.close();
                }
                Ok(true)
            }
        }
    }

    fn at(&self, operation: Operation) -> At {
        match operation {
            Operation::Dial => At::Dialing,
            _ if self.drains.load(SeqCst) => At::InTheDrain,
            _ if self.has_head.load(SeqCst) => At::InTheBody,
            _ if !self.wrote.load(SeqCst) => At::BetweenGrantAndUse,
            Operation::Read if self.gave_its_body.load(SeqCst) => At::AwaitingTheHead,
            Operation::Read | Operation::Other => At::Sending,
        }
    }
}

/// Connects by TCP. The first dial is the victim's, unless it [`dials_for_others`](Plan::dials_for_others).
pub(crate) struct Faulty {
    pub(crate) plan: Arc<Plan>,
}

impl Connect for Faulty {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        DIALS_FOR_IT.set(self.plan.dials.fetch_add(1, SeqCst) == 0);
        if DIALS_FOR_IT.get() && !self.plan.pass(Operation::Dial)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        TcpConnector::default().resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        if DIALS_FOR_IT.get() && !self.plan.pass(Operation::Dial)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let inner = TcpConnector::default().connect(key, addr, until)?;
        Ok(Box::new(FaultyTransport { inner, plan: self.plan.clone(), broken: false }))
    }
}

struct FaultyTransport {
    inner: Box<dyn Transport>,
    plan: Arc<Plan>,
    /// As a socket that failed in one direction fails in the other: it does not keep its reader waiting.
    broken: bool,
}

impl FaultyTransport {
    fn pass(&mut self, operation: Operation) -> io::Result<bool> {
        if !IS_VICTIM.get() {
            return Ok(true);
        }
        if self.broken {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let passed = self.plan.pass(operation);
        self.broken |= passed.is_err();
        passed
    }
}

impl Transport for FaultyTransport {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        if !self.pass(Operation::Read)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.inner.read(few(buf), until)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.pass(Operation::Other)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if IS_VICTIM.get() {
            self.plan.wrote.store(true, SeqCst);
        }
        self.inner.write(&bytes[..bytes.len().min(WRITE)])
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        if !self.pass(Operation::Other)? {
            return Ok(Ready::default());
        }
        self.inner.wait(read, write, until)
    }

    fn probe(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.pass(Operation::Other)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.inner.probe(few(buf))
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.local_addr()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }
}

/// Of a buffer, what the victim gets.
fn few(buf: &mut [u8]) -> &mut [u8] {
    let n = if IS_VICTIM.get() { buf.len().min(READ) } else { buf.len() };
    &mut buf[..n]
}
