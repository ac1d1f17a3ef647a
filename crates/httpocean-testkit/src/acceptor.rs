//! A listening socket and one thread for each connection that it accepts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use crate::switch::{Slot, Switch, lock};

/// Accepts until it is stopped, which joins every thread that it started.
#[derive(Debug)]
pub(crate) struct Acceptor {
    addr: SocketAddr,
    switch: Arc<Switch>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Acceptor {
    /// `accepted` runs on the accepting thread, in accept order; what it returns runs on a thread of its own.
    pub(crate) fn start<Job>(
        listener: TcpListener,
        switch: Arc<Switch>,
        max_connections: usize,
        accepted: impl FnMut(TcpStream, SocketAddr) -> Job + Send + 'static,
    ) -> io::Result<Self>
    where
        Job: FnOnce() + Send + 'static,
    {
        let addr = listener.local_addr()?;
        let loop_switch = Arc::clone(&switch);
        let thread = thread::Builder::new()
            .name("testkit-accept".into())
            .spawn(move || accept_loop(&listener, &loop_switch, max_connections, accepted))?;
        Ok(Self { addr, switch, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn stop(&self) {
        self.switch.turn_off();
        let Some(thread) = lock(&self.thread).take() else { return };
        // accept(2) has no portable interruption other than a connection; one that fails found the queue full,
        // and then accept(2) is not waiting.
        let _ = TcpStream::connect_timeout(&reachable(self.addr), Duration::from_millis(20));
        let _ = thread.join();
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Binds and listens with a queue of about `backlog` connections.
pub(crate) fn listen(addr: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&addr.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

/// Dropping the last owner of the stream will send a reset instead of a FIN.
pub(crate) fn reset_on_close(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

fn accept_loop<Job>(
    listener: &TcpListener,
    switch: &Arc<Switch>,
    max_connections: usize,
    mut accepted: impl FnMut(TcpStream, SocketAddr) -> Job,
) where
    Job: FnOnce() + Send + 'static,
{
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    while let Some(slot) = switch.take_slot(max_connections) {
        let connection = listener.accept();
        if switch.is_off() {
            break;
        }
        threads.retain(|thread| !thread.is_finished());
        match connection {
            Ok((stream, peer)) => threads.extend(spawn(slot, accepted(stream, peer))),
            // Out of descriptors, or the peer was gone before it was accepted: neither is worth spinning on.
            Err(_) => _ = switch.pause(Duration::from_millis(5)),
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn spawn(slot: Slot, job: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let run = move || {
        job();
        drop(slot);
    };
    thread::Builder::new().name("testkit-connection".into()).spawn(run).ok()
}

/// Where a listener can be connected to: an unspecified address stands for loopback.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, addr.port())
}
