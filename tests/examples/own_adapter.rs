//! A third driver, complete: one thread, non-blocking sockets and poll(2), and https by one line, since TLS is bytes
//! like others. `cargo run --example own_adapter -- URL...`
//! fetches all URLs at once, over at most two connections a host.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use httpocean_core::dial::Route;
use httpocean_core::{
    BodyPlan, CallId, Config, ConnId, Driven, Engine, Event, Instant, Io, Task, TransportError, Want, pool,
};
use httpocean_std::rustls::Tls;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What the driver owns of a connection: its socket, its buffers, and what it waits for.
struct Link {
    socket: TcpStream,
    io: Io,
    want: Option<Want>,
}

/// `user` is told what becomes of their calls.
struct Driver<U> {
    engine: Engine,
    links: BTreeMap<ConnId, Link>,
    started: Clock,
    user: U,
}

impl<U: FnMut(CallId, Event, &Io)> Driver<U> {
    fn now(&self) -> Instant {
        Instant::from_micros(self.started.elapsed().as_micros() as u64)
    }

    /// Carries out all that the engine says, in its order.
    fn carry_out(&mut self) {
        while let Some(task) = self.engine.next_task(self.now()) {
            match task {
                Task::Resolve(conn) => {
                    let found =
                        self.engine.target(conn).map(|key| (key.host(), key.port()).to_socket_addrs());
                    let route = found.and_then(Result::ok).map(|addrs| Route::Addresses(addrs.collect()));
                    self.engine.resolved(conn, route.ok_or(TransportError::NotFound), self.now());
                }
                Task::Connect { conn, attempt, addr } => {
                    let made = addr.ok_or(TransportError::NotFound).and_then(|addr| self.connect(conn, addr));
                    self.engine.connected(conn, attempt, made, self.now());
                }
                Task::Drive(conn) => self.drive(conn),
                Task::Close { conn, .. } => drop(self.links.remove(&conn)),
                Task::Event { call, event } => (self.user)(call, event, &Io::default()),
                // Our connects are over before anybody could abandon them; nobody here is told of dials.
                Task::Dial { .. } | Task::Abandon { .. } => {}
            }
        }
    }

    /// A connect that blocks keeps the example short; a real driver connects without waiting.
    fn connect(&mut self, conn: ConnId, addr: SocketAddr) -> Result<(), TransportError> {
        let socket = TcpStream::connect_timeout(&addr, Duration::from_secs(3))
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(|_| TransportError::Refused)?;
        self.links.insert(conn, Link { socket, io: Io::default(), want: None });
        Ok(())
    }

    /// Shows the core what the socket has, then does what it wants until it waits.
    fn drive(&mut self, conn: ConnId) {
        let Some(mut link) = self.links.remove(&conn) else { return };
        read(&mut link);
        link.want = loop {
            match self.engine.drive(conn, &mut link.io, self.now()) {
                Driven::Event { call, event } => (self.user)(call, event, &link.io),
                Driven::Wait(want) if want.write && write(&mut link) => {}
                Driven::Wait(want) => break Some(want),
                Driven::Free => break None,
            }
        };
        self.links.insert(conn, link);
    }

    /// Sleeps until a socket stirs, idle ones included, or the engine's next deadline, or until it is woken.
    fn sleep(&mut self, waker: Option<&UnixStream>) -> io::Result<()> {
        let left = self.engine.next_timeout().map(|at| at - self.now());
        let timeout = left
            .map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) });
        let interest = |link: &Link| match link.want {
            Some(want) if want.write => PollFlags::IN | PollFlags::OUT,
            Some(_) | None => PollFlags::IN,
        };
        let links = &self.links;
        let mut fds: Vec<PollFd<'_>> =
            links.values().map(|link| PollFd::new(&link.socket, interest(link))).collect();
        fds.extend(waker.map(|waker| PollFd::new(waker, PollFlags::IN)));
        poll(&mut fds, timeout.as_ref())?;
        let stirred = links.keys().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
        let stirred: Vec<ConnId> = stirred.map(|(conn, _)| *conn).collect();
        for conn in stirred {
            self.engine.ready(conn, self.now());
        }
        Ok(())
    }
}

/// Readiness is a hint: only what is read is shown, as bytes, as an end or as a failure.
fn read(link: &mut Link) {
    match link.socket.read(link.io.rx.space(16 * 1024)) {
        Ok(0) => link.io.rx.set_eof(),
        Ok(n) => link.io.rx.filled(n),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(_) => link.io.rx.fail(TransportError::Reset),
    }
}

/// Whether anything changed.
fn write(link: &mut Link) -> bool {
    match link.socket.write(link.io.tx.pending()) {
        Ok(n) => link.io.tx.sent(n),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
        Err(_) => link.io.tx.fail(TransportError::Reset),
    }
    true
}

/// Prints how long each body is, at its end.
fn print_lengths() -> impl FnMut(CallId, Event, &Io) {
    let mut bodies: BTreeMap<CallId, usize> = BTreeMap::new();
    move |call, event, _| match event {
        Event::Data(len) => *bodies.entry(call).or_default() += len,
        Event::End { .. } => println!("{} bytes", bodies.remove(&call).unwrap_or_default()),
        Event::Failed(error) => println!("{error}"),
        Event::Head(_) | Event::Interim(_) | Event::Passing(_) | Event::Hop(_) => {}
        Event::NeedBody { .. } | Event::Upgraded(_) => {}
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let config = Config { tls: Some(Tls::default().into()), ..Config::default() };
    let engine = Engine::new(options, Arc::new(config));
    let mut driver = Driver { engine, links: BTreeMap::new(), started: Clock::now(), user: print_lengths() };
    for url in std::env::args().skip(1) {
        driver.engine.start(http::Request::get(&url).body(())?, BodyPlan::empty(), driver.now())?;
    }
    driver.carry_out();
    while driver.engine.calls() > 0 {
        driver.sleep(None)?;
        driver.carry_out();
    }
    Ok(())
}

#[cfg(test)]
#[path = "own_adapter/conformance.rs"]
mod conformance;
#[cfg(test)]
#[path = "own_adapter/https.rs"]
mod https;
