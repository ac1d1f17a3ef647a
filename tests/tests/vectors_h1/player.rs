//! A server that plays cases, and says when it is done with one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use httpocean_std::rustls::rustls::ServerConfig;
use httpocean_testkit::reference::exchange::Ending;
use httpocean_tests::proxy::Sent;
use httpocean_tests::{BOUND, Way, lock, wait_until};

use super::cases::{Case, Step};
use super::wire::Wire;

/// How a case is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Whole,
    /// Byte by byte, but for the middle of what is long.
    Bytewise,
}

/// A running server; its threads end with their connections.
pub(crate) struct Player {
    addr: SocketAddr,
    is_secured: bool,
    playing: Arc<AtomicUsize>,
    sent: Arc<Mutex<Sent>>,
}

#[derive(Clone)]
struct Side {
    cases: &'static [Case],
    pace: Pace,
    tls: Option<Arc<ServerConfig>>,
    playing: Arc<AtomicUsize>,
    sent: Arc<Mutex<Sent>>,
}

impl Player {
    /// The answer to a request that names no case.
    pub(crate) const NEXT: &'static [u8] = b"next";

    pub(crate) fn start(cases: &'static [Case], pace: Pace, way: Way) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let (playing, sent) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Sent>>::default());
        let tls = (way != Way::Plain).then(|| Way::server().config());
        let is_secured = tls.is_some();
        let side = Side { cases, pace, tls, playing: playing.clone(), sent: sent.clone() };
        std::thread::spawn(move || {
            // Each case may take two connections, and one more each time that its request is made again.
            for stream in listener.incoming().take(4 * side.cases.len()) {
                let side = side.clone();
                std::thread::spawn(move || side.serve(stream?));
            }
        });
        Self { addr, is_secured, playing, sent }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn url(&self) -> String {
        format!("http{}://{}/", if self.is_secured { "s" } else { "" }, self.addr)
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Sent {
        lock(&self.sent).clone()
    }

    /// All that belongs to a case was sent, its end included.
    pub(crate) fn wait_until_played(&self) {
        wait_until("the case is played", || self.playing.load(SeqCst) == 0);
    }
}

impl Side {
    /// Whatever goes wrong ends the connection.
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(BOUND))?;
        let mut stream = Wire::new(stream, self.tls.clone(), self.sent.clone())?;
        while let Some(case) = request(&mut stream)? {
            let Some(case) = case.and_then(|index| self.cases.get(index)) else {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")?;
                stream.write_all(Player::NEXT)?;
                continue;
            };
            self.playing.fetch_add(1, SeqCst);
            let played = self.play(stream, case);
            self.playing.fetch_sub(1, SeqCst);
            let Some(left) = played? else { return Ok(()) };
            stream = left;
            if case.ending == Ending::Fin {
                // What still comes is read, so that nothing is lost to a reset.
                return io::copy(&mut stream, &mut io::sink()).map(drop);
            }
        }
        Ok(())
    }

    /// The connection, unless it was reset.
    fn play(&self, mut stream: Wire, case: &Case) -> io::Result<Option<Wire>> {
        for step in &case.steps {
            match step {
                Step::Delay(length) => std::thread::sleep(*length),
                Step::Send(bytes) => self.send(&mut stream, bytes)?,
            }
        }
        match case.ending {
            Ending::Open => {}
            Ending::Fin => stream.finish()?,
            Ending::Reset => return stream.reset().map(|()| None),
        }
        Ok(Some(stream))
    }

    fn send(&self, stream: &mut Wire, bytes: &[u8]) -> io::Result<()> {
        const EDGE: usize = 4096;
        match self.pace {
            Pace::Whole => stream.write_all(bytes),
            Pace::Bytewise if bytes.len() <= 2 * EDGE => {
                bytes.chunks(1).try_for_each(|byte| stream.write_all(byte))
            }
            Pace::Bytewise => {
                let (start, rest) = bytes.split_at(EDGE);
                let (middle, end) = rest.split_at(rest.len() - EDGE);
                let pieces = start.chunks(1).chain(middle.chunks(997)).chain(end.chunks(1));
                pieces.into_iter().try_for_each(|piece| stream.write_all(piece))
            }
        }
    }
}

/// Reads a request, and says which case it names; `None` at the end.
fn request(stream: &mut Wire) -> io::Result<Option<Option<usize>>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let number = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    let length = number("content-length:").unwrap_or(0);
    stream.read_exact(&mut vec![0; length])?;
    Ok(Some(number("x-case:")))
}
