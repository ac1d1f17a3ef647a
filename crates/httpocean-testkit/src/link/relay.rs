//! One connection through the link: two directions, each with a thread that reads and one that writes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use super::LinkOptions;
use super::counters::{Counters, Turns};
use super::delay_line::{DelayLine, Item};
use super::slow_start::SlowStart;
use crate::acceptor::reset_on_close;
use crate::switch::{Switch, lock};

const BLOCK: usize = 64 * 1024;
/// Attempts are short, because nothing interrupts them when the link stops.
const CONNECT_ATTEMPT: Duration = Duration::from_millis(50);
const CONNECT_ATTEMPTS: usize = 200;

/// Carries one accepted connection until both sides have ended it.
pub(crate) fn run(
    client: TcpStream,
    target: SocketAddr,
    switch: &Switch,
    options: LinkOptions,
    counters: &Counters,
) {
    let accepted = Instant::now();
    let client = switch.watch(client);
    let server = match connect(target, switch) {
        Ok(server) => switch.watch(server),
        Err(_) => {
            switch.pause(options.rtt);
            let _ = reset_on_close(&client);
            return;
        }
    };
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_ok() {
        Relay::new(client, server, switch, options, accepted, counters).carry(options);
    }
}

/// Only a full backlog is worth a second attempt.
fn connect(target: SocketAddr, switch: &Switch) -> io::Result<TcpStream> {
    for _ in 0..CONNECT_ATTEMPTS {
        match TcpStream::connect_timeout(&target, CONNECT_ATTEMPT) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut && !switch.is_off() => {}
            result => return result,
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

struct Relay<'a> {
    up: Way,
    down: Way,
    turns: Mutex<Turns>,
    switch: &'a Switch,
    counters: &'a Counters,
}

/// One direction.
struct Way {
    from: Arc<TcpStream>,
    to: Arc<TcpStream>,
    line: Arc<DelayLine>,
    delay: Duration,
    /// Nothing leaves before: the handshake is not over.
    opened: Instant,
    ended: AtomicBool,
}

impl<'a> Relay<'a> {
    fn new(
        client: Arc<TcpStream>,
        server: Arc<TcpStream>,
        switch: &'a Switch,
        options: LinkOptions,
        accepted: Instant,
        counters: &'a Counters,
    ) -> Self {
        let there = options.rtt / 2;
        let back = options.rtt - there;
        let opened = accepted + options.rtt;
        let way = |from: &Arc<TcpStream>, to: &Arc<TcpStream>, delay, opened| Way {
            from: Arc::clone(from),
            to: Arc::clone(to),
            line: switch.watch(DelayLine::default()),
            delay,
            opened,
            ended: AtomicBool::new(false),
        };
        let up = way(&client, &server, there, opened);
        // The server hears of the connection with the handshake's last packet.
        let down = way(&server, &client, back, opened + there);
        Self { up, down, turns: Mutex::new(Turns::new(options.rtt)), switch, counters }
    }

    fn carry(&self, options: LinkOptions) {
        thread::scope(|scope| {
            let started = spawn(scope, || self.read_down(options))
                .and_then(|()| spawn(scope, || self.write_up()))
                .and_then(|()| spawn(scope, || self.write_down()));
            match started {
                Ok(()) => self.read_up(),
                Err(_) => self.abandon(),
            }
        });
    }

    fn read_up(&self) {
        self.read(&self.up, |now, ready, bytes| {
            if lock(&self.turns).ask(now) {
                self.counters.round_trip();
            }
            self.up.line.push(ready + self.up.delay, bytes.to_vec())
        });
    }

    fn read_down(&self, options: LinkOptions) {
        let mut slow_start = SlowStart::new(options.rtt, options.initial_window);
        self.read(&self.down, |_, ready, mut bytes| {
            while !bytes.is_empty() {
                let grant = slow_start.admit(ready, bytes.len());
                if grant.held_back {
                    self.counters.round_trip();
                }
                let (granted, rest) = bytes.split_at(grant.len);
                if !self.down.line.push(grant.at + self.down.delay, granted.to_vec()) {
                    return false;
                }
                bytes = rest;
            }
            true
        });
    }

    fn write_up(&self) {
        self.write(&self.up, &self.down, |len| self.counters.up(len));
    }

    /// Counts before it writes, so that a client which has the bytes finds them counted.
    fn write_down(&self) {
        self.write(&self.down, &self.up, |len| {
            lock(&self.turns).answer();
            self.counters.down(len);
        });
    }

    /// Reads from `way` until the end. `arrived` is told the time, the time when the bytes may leave, and the
    /// bytes; it returns `false` when nobody wants more.
    fn read(&self, way: &Way, mut arrived: impl FnMut(Instant, Instant, &[u8]) -> bool) {
        let mut block = vec![0; BLOCK];
        while !self.switch.is_off() {
            let result = (&*way.from).read(&mut block);
            let now = Instant::now();
            let ready = now.max(way.opened);
            match result {
                Ok(0) => return way.line.push_end(ready + way.delay),
                Ok(len) if arrived(now, ready, &block[..len]) => {}
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return way.line.push_reset(ready + way.delay),
            }
        }
    }

    /// Delivers what arrives on `way`. After its end there may still be a reset.
    fn write(&self, way: &Way, opposite: &Way, count: impl Fn(usize)) {
        while let Some(item) = way.line.pop().filter(|_| !self.switch.is_off()) {
            match item {
                Item::Bytes(bytes) => {
                    count(bytes.len());
                    if (&*way.to).write_all(&bytes).is_err() {
                        opposite.line.push_reset(Instant::now() + opposite.delay);
                        way.line.close();
                    }
                }
                Item::End => {
                    let _ = way.to.shutdown(Shutdown::Write);
                    way.ended.store(true, Ordering::SeqCst);
                    if opposite.ended.load(Ordering::SeqCst) {
                        self.close_lines();
                    }
                }
                Item::Reset => {
                    let _ = reset_on_close(&way.to);
                    self.close_lines();
                    // Sends nothing, but wakes the thread that reads from there, the last to let go.
                    let _ = way.to.shutdown(Shutdown::Read);
                }
            }
        }
    }

    fn close_lines(&self) {
        self.up.line.close();
        self.down.line.close();
    }

    fn abandon(&self) {
        self.close_lines();
        let _ = self.up.from.shutdown(Shutdown::Both);
        let _ = self.up.to.shutdown(Shutdown::Both);
    }
}

fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, run: impl FnOnce() + Send + 'scope) -> io::Result<()> {
    thread::Builder::new().name("testkit-link".into()).spawn_scoped(scope, run).map(drop)
}
