//! Reads, writes and waits of stream sockets, by system calls that never wait longer than they are told.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};
use smallvec::SmallVec;
use socket2::Socket;

use crate::transport::{Ready, Transport};

/// How long a read may sleep in the kernel without a look at the clocks. It is set once a socket, so that a
/// read costs one system call.
const NAP: Duration = Duration::from_secs(1);

/// A connected stream socket, TCP or Unix, as a [`Transport`].
#[derive(Debug)]
pub struct SocketTransport {
    socket: Socket,
}

impl SocketTransport {
    /// Takes over a connected socket that is in blocking mode: a `TcpStream`, a `UnixStream`.
    pub fn new(stream: impl Into<OwnedFd>) -> io::Result<Self> {
        let socket = Socket::from(stream.into());
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(NAP))?;
        Ok(Self { socket })
    }
}

impl Transport for SocketTransport {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        read(self.socket.as_fd(), buf, until)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(retry(|| send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL))?)
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        wait_for(self.socket.as_fd(), read, write, left)
    }

    fn probe(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        probe(self.socket.as_fd(), buf)
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.socket.peer_addr().ok()?.as_socket()
    }
}

fn read(fd: BorrowedFd<'_>, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
    let soon = until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| *left <= NAP);
    if let Some(left) = soon {
        if !wait_for(fd, true, false, Some(left))?.read {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        return probe(fd, buf);
    }
    // A signal ends the nap, and a new one must not begin without a look at the clocks: with a signal every now and
    // then, as of a profiler, no deadline would ever be seen.
    let (n, _) = recv(fd, &mut *buf, RecvFlags::empty())?;
    Ok(n)
}

fn probe(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    let (n, _) = retry(|| recv(fd, &mut *buf, RecvFlags::DONTWAIT))?;
    Ok(n)
}

fn wait_for(fd: BorrowedFd<'_>, read: bool, write: bool, left: Option<Duration>) -> io::Result<Ready> {
    let mut interest = PollFlags::empty();
    interest.set(PollFlags::IN, read);
    interest.set(PollFlags::OUT, write);
    let mut fds = [PollFd::from_borrowed_fd(fd, interest)];
    if !poll_for(&mut fds, left)? {
        return Ok(Ready::default());
    }
    let seen = fds[0].revents();
    let broken = seen.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
    Ok(Ready {
        read: read && (broken || seen.contains(PollFlags::IN)),
        write: write && (broken || seen.contains(PollFlags::OUT)),
    })
}

/// Sleeps until one of those is writable or has failed: which.
pub(crate) fn wait_for_any(
    fds: &[BorrowedFd<'_>],
    until: Option<Instant>,
) -> io::Result<SmallVec<[usize; 4]>> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let mut polled: SmallVec<[PollFd<'_>; 4]> =
        fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::OUT)).collect();
    if !poll_for(&mut polled, left)? {
        return Ok(SmallVec::new());
    }
    let ready = |(i, polled): (usize, &PollFd<'_>)| (!polled.revents().is_empty()).then_some(i);
    Ok(polled.iter().enumerate().filter_map(ready).collect())
}

/// Whether anything happened. A signal is nothing: the caller looks at its clocks and waits again.
fn poll_for(fds: &mut [PollFd<'_>], left: Option<Duration>) -> io::Result<bool> {
    let timeout = left.map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) => Ok(true),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}
