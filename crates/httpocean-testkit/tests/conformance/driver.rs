//! A small driver that keeps all rules, unless it is told to break one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use http::{Request, Uri};
use httpocean_core::dial::Route;
use httpocean_core::{
    BodyPlan, CallId, ConnId, Driven, Engine, Event, Instant, Io, Task, TransportError, Want,
};
use httpocean_testkit::conformance::{Counts, EventLoop, Failure, News, Setup};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Socket, Type};

use super::fault::Fault;

pub(crate) struct Driver {
    fault: Fault,
    engine: Engine,
    started: Clock,
    woken: UnixStream,
    addresses: Option<Vec<SocketAddr>>,
    dialing: Vec<Dialing>,
    links: BTreeMap<ConnId, Link>,
    /// What [`Fault::ForgetsToClose`] leaves open.
    unclosed: Vec<Link>,
    paused: BTreeSet<CallId>,
    /// Its last bytes are with their user.
    lent: Option<ConnId>,
    /// What [`Fault::SleepsOnAWish`] sleeps on.
    wished: bool,
    said: VecDeque<(CallId, News)>,
}

struct Dialing {
    conn: ConnId,
    attempt: u8,
    socket: TcpStream,
}

struct Link {
    socket: TcpStream,
    io: Io,
    want: Option<Want>,
    /// Its end was read: there is no use in waiting for it to be readable.
    ended: bool,
}

/// The driver, and what wakes it.
pub(crate) fn start(setup: Setup, fault: Fault) -> (Driver, impl Fn() + Send + Sync + 'static) {
    let (wake, woken) = UnixStream::pair().unwrap();
    wake.set_nonblocking(true).unwrap();
    woken.set_nonblocking(true).unwrap();
    let driver = Driver {
        fault,
        engine: Engine::new(setup.pool, Arc::new(setup.config)),
        started: Clock::now(),
        woken,
        addresses: setup.addresses,
        dialing: Vec::new(),
        links: BTreeMap::new(),
        unclosed: Vec::new(),
        paused: BTreeSet::new(),
        lent: None,
        wished: false,
        said: VecDeque::new(),
    };
    // Full is as good as woken.
    (driver, move || _ = (&wake).write(&[0]))
}

impl EventLoop for Driver {
    type Call = CallId;

    fn start(&mut self, request: Request<()>, body: BodyPlan) -> Result<CallId, Failure> {
        self.wished = false;
        Ok(self.engine.start(request, body, self.now())?)
    }

    fn next(&mut self) -> Option<(CallId, News)> {
        if let Some(conn) = self.lent.take() {
            self.ready(conn);
        }
        while self.said.is_empty() && !self.wished {
            let task = self.engine.next_task(self.now())?;
            self.carry_out(task);
        }
        self.said.pop_front()
    }

    fn turn(&mut self) {
        let (stirred, dialed) = self.sleep();
        for conn in stirred {
            self.ready(conn);
        }
        for at in dialed.into_iter().rev() {
            let Dialing { conn, attempt, socket } = self.dialing.swap_remove(at);
            self.dialed(conn, attempt, socket);
        }
    }

    fn preconnect(&mut self, url: &Uri, count: usize) -> bool {
        self.wished = self.has(Fault::SleepsOnAWish);
        self.engine.preconnect(url, count, self.now()).is_ok()
    }

    fn give_up(&mut self, call: CallId) {
        if self.has(Fault::LeaksALease) {
            return;
        }
        self.paused.remove(&call);
        self.engine.discard(call, self.now());
    }

    fn pause(&mut self, call: CallId) {
        if !self.has(Fault::ReadsAhead) {
            self.paused.insert(call);
        }
    }

    fn resume(&mut self, call: CallId) {
        self.paused.remove(&call);
        if let Some((conn, _)) = self.engine.connection(call) {
            self.ready(conn);
        }
    }

    fn body(&mut self, call: CallId, piece: &[u8]) {
        let Some(link) = self.engine.connection(call).and_then(|(conn, _)| self.links.get_mut(&conn)) else {
            return;
        };
        match piece {
            [] => self.engine.finish_body(call, None, &mut link.io),
            bytes => self.engine.send_body(call, bytes, &mut link.io),
        }
    }

    fn body_failed(&mut self, call: CallId) {
        self.engine.body_failed(call, "reading it failed");
    }

    fn counts(&self) -> Option<Counts> {
        let counts = self.engine.counts();
        let late = Some(counts.stale_inputs);
        Some(Counts { open: counts.open, idle: counts.idle, waiting: counts.waiting, late })
    }

    fn stir(&mut self) -> bool {
        let all: Vec<ConnId> = self.links.keys().copied().collect();
        all.into_iter().for_each(|conn| self.ready(conn));
        true
    }
}

impl Driver {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn now(&self) -> Instant {
        let haste = if self.has(Fault::ClockRunsFast) { 100 } else { 1 };
        Instant::from_micros(self.started.elapsed().as_micros() as u64 * haste)
    }

    fn ready(&mut self, conn: ConnId) {
        self.engine.ready(conn, self.now());
    }

    fn carry_out(&mut self, task: Task) {
        match task {
            Task::Resolve(conn) => {
                let Some(key) = self.engine.target(conn) else { return };
                let addresses = self.addresses.clone().filter(|_| key.address().is_none());
                let own = || key.address().map(|ip| vec![(ip, key.port()).into()]);
                let route = addresses.or_else(own).map(|addrs| Route::Addresses(addrs.into_iter().collect()));
                self.engine.resolved(conn, route.ok_or(TransportError::NotFound), self.now());
            }
            Task::Connect { conn, attempt, addr } => self.connect(conn, attempt, addr),
            Task::Abandon { conn, attempt } => {
                self.dialing.retain(|dialing| (dialing.conn, dialing.attempt) != (conn, attempt));
            }
            Task::Drive(conn) => self.drive(conn),
            Task::Close { conn, .. } => self.close(conn),
            Task::Event { call, event } => self.tell(call, event, &Io::default()),
            Task::Dial { .. } => {}
        }
    }

    fn close(&mut self, conn: ConnId) {
        self.dialing.retain(|dialing| dialing.conn != conn);
        if self.has(Fault::ForgetsToClose) {
            self.unclosed.extend(self.links.remove(&conn));
        } else if self.has(Fault::DrivesTheDead) {
            // The peer sees an end; the socket goes on being polled.
            self.links.get(&conn).map(|link| link.socket.shutdown(std::net::Shutdown::Both));
        } else {
            self.links.remove(&conn);
        }
    }

    fn connect(&mut self, conn: ConnId, attempt: u8, addr: Option<SocketAddr>) {
        let begun = addr.ok_or(io::ErrorKind::NotFound.into()).and_then(|addr| {
            if self.has(Fault::ConnectsOnItsThread) {
                return TcpStream::connect_timeout(&addr, Duration::from_secs(3));
            }
            let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            match socket.connect(&addr.into()) {
                Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                    Err(error)
                }
                _ => Ok(socket.into()),
            }
        });
        match begun {
            Ok(socket) if self.has(Fault::TakesBegunForConnected) => self.connected(conn, attempt, socket),
            Ok(socket) => self.dialing.push(Dialing { conn, attempt, socket }),
            Err(_) => self.failed(conn, attempt),
        }
    }

    /// The socket of an attempt stirred: only its error tells what that means.
    fn dialed(&mut self, conn: ConnId, attempt: u8, socket: TcpStream) {
        match socket.take_error() {
            Ok(None) => self.connected(conn, attempt, socket),
            Ok(Some(_)) | Err(_) => self.failed(conn, attempt),
        }
    }

    fn connected(&mut self, conn: ConnId, attempt: u8, socket: TcpStream) {
        socket.set_nonblocking(true).unwrap();
        let link = Link { socket, io: Io::default(), want: None, ended: false };
        self.dialing.retain(|dialing| dialing.conn != conn);
        self.links.insert(conn, link);
        self.engine.connected(conn, attempt, Ok(()), self.now());
    }

    fn failed(&mut self, conn: ConnId, attempt: u8) {
        if !self.has(Fault::ForgetsAFailedConnect) {
            self.engine.connected(conn, attempt, Err(TransportError::Refused), self.now());
        }
    }

    fn drive(&mut self, conn: ConnId) {
        if self.engine.serves(conn).is_some_and(|call| self.paused.contains(&call)) {
            return;
        }
        if self.has(Fault::TakesConnectedForReady) && self.engine.is_dialing(conn) {
            return;
        }
        let Some(mut link) = self.links.remove(&conn) else { return };
        if self.looks_at(&link) {
            self.read(conn, &mut link);
        }
        loop {
            match self.engine.drive(conn, &mut link.io, self.now()) {
                Driven::Event { event: Event::Upgraded(_), .. } => return,
                Driven::Event { call, event } => {
                    let lends = matches!(event, Event::Data(_));
                    self.tell(call, event, &link.io);
                    if lends {
                        self.lent = Some(conn);
                        break;
                    }
                }
                Driven::Wait(want) => {
                    let wrote = !link.io.tx.pending().is_empty() && self.write(&mut link);
                    link.want = Some(want);
                    if !wrote {
                        break;
                    }
                }
                Driven::Free => {
                    link.want = None;
                    break;
                }
            }
        }
        self.links.insert(conn, link);
    }

    fn looks_at(&self, link: &Link) -> bool {
        if link.ended && self.has(Fault::SwallowsErrors) {
            return false;
        }
        let unseen = self.has(Fault::UsesIdleUnseen) && link.want.is_none();
        let deaf = self.has(Fault::DeafWhileWriting) && !link.io.tx.pending().is_empty();
        !unseen && !deaf
    }

    /// Only what is read is shown, as bytes, as an end or as a failure.
    fn read(&self, conn: ConnId, link: &mut Link) {
        let idle = self.engine.serves(conn).is_none() && !self.engine.is_dialing(conn);
        match link.socket.read(link.io.rx.space(64 * 1024)) {
            Ok(0) => {
                link.ended = true;
                let forgets = self.has(Fault::ForgetsTheEnd) || idle && self.has(Fault::ForgetsTheEndOfIdle);
                if !forgets {
                    link.io.rx.set_eof();
                }
            }
            Ok(n) => link.io.rx.filled(n),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if self.has(Fault::ClosesWhatStirs) && idle {
                    link.io.rx.set_eof();
                }
            }
            Err(_) => {
                link.ended = true;
                if !self.has(Fault::SwallowsErrors) {
                    link.io.rx.fail(TransportError::Reset);
                }
            }
        }
    }

    /// Whether anything changed.
    fn write(&self, link: &mut Link) -> bool {
        let all = link.io.tx.pending().len();
        match link.socket.write(link.io.tx.pending()) {
            Ok(_) if self.has(Fault::ReportsWhatItMeantToWrite) => link.io.tx.sent(all),
            Ok(n) => link.io.tx.sent(n),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => link.io.tx.fail(TransportError::Reset),
        }
        true
    }

    fn tell(&mut self, call: CallId, event: Event, io: &Io) {
        let news = match event {
            Event::NeedBody { from } => News::NeedBody { from },
            Event::Head(len) => News::Head(io.head(len).status()),
            Event::Data(len) => News::Data(io.data(len).to_vec()),
            Event::End { .. } => News::End,
            Event::Failed(error) => News::Failed(error.into()),
            Event::Hop(_) | Event::Interim(_) | Event::Passing(_) | Event::Upgraded(_) => return,
        };
        self.said.push_back((call, news));
    }

    /// Sleeps until a socket stirs or the engine's next deadline. The connections that stirred, and the places of the
    /// attempts that did.
    fn sleep(&mut self) -> (Vec<ConnId>, Vec<usize>) {
        let deadline = self.engine.next_timeout().filter(|_| !self.has(Fault::IgnoresDeadlines));
        let late =
            if self.has(Fault::SleepsPastDeadlines) { Duration::from_secs(3600) } else { Duration::ZERO };
        let timeout = deadline
            .map(|at| at - self.now() + late)
            .map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) });
        let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN)];
        fds.extend(self.dialing.iter().map(|dialing| PollFd::new(&dialing.socket, PollFlags::OUT)));
        let watched: Vec<(&ConnId, &Link, PollFlags)> = self
            .links
            .iter()
            .map(|(conn, link)| (conn, link, self.interest(*conn, link)))
            .filter(|(_, _, flags)| !flags.is_empty())
            .collect();
        fds.extend(watched.iter().map(|(_, link, flags)| PollFd::new(&link.socket, *flags)));
        poll(&mut fds, timeout.as_ref()).unwrap();
        let stirs = |at: usize| !fds[at].revents().is_empty();
        let dialed: Vec<usize> = (0..self.dialing.len()).filter(|at| stirs(1 + at)).collect();
        let first = 1 + self.dialing.len();
        let stirred =
            watched.iter().enumerate().filter(|(at, _)| stirs(first + at)).map(|(_, (conn, ..))| **conn);
        let stirred = stirred.collect();
        while (&self.woken).read(&mut [0; 64]).is_ok_and(|len| len > 0) {}
        (stirred, dialed)
    }

    /// What is gone is not there, unless by [`Fault::DrivesTheDead`].
    fn interest(&self, conn: ConnId, link: &Link) -> PollFlags {
        if self.engine.target(conn).is_none() {
            return PollFlags::IN;
        }
        let paused = self.engine.serves(conn).is_some_and(|call| self.paused.contains(&call));
        let deaf = paused || link.ended || !self.looks_at(link);
        let mut flags = if deaf { PollFlags::empty() } else { PollFlags::IN };
        flags.set(PollFlags::OUT, !paused && link.want.is_some_and(|want| want.write));
        flags
    }
}
