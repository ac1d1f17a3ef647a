//! Reads, writes and waits of stream sockets, by system calls that never wait longer than they are told.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};
use smallvec::SmallVec;

use crate::transport::Ready;

/// How long a read may sleep in the kernel without a look at the clocks. It is set once a socket, so that a
/// read costs one system call.
const NAP: Duration = Duration::from_secs(1);

pub(crate) fn prepare(fd: BorrowedFd<'_>) -> io::Result<()> {
    sockopt::set_socket_timeout(fd, sockopt::Timeout::Recv, Some(NAP))?;
    Ok(())
}

pub(crate) fn read(fd: BorrowedFd<'_>, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
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

pub(crate) fn probe(fd: BorrowedFd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    let (n, _) = retry(|| recv(fd, &mut *buf, RecvFlags::DONTWAIT))?;
    Ok(n)
}

pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(retry(|| send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL))?)
}

pub(crate) fn wait(fd: impl AsFd, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    wait_for(fd.as_fd(), read, write, left)
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
