//! A server that plays one script a connection, and writes down what it is asked.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::lock;

/// One thing that happens on a connection.
#[derive(Clone, Debug)]
pub enum Action {
    /// Reads a whole request.
    Request,
    /// Reads the head of one.
    RequestHead,
    /// Sends this.
    Send(Vec<u8>),
    /// Does nothing for so long.
    Pause(Duration),
    /// Closes the connection.
    Close,
    /// Resets it.
    Reset,
    /// Reads whatever comes until the client closes, and takes no note of it.
    Stall,
}

/// A request that a [`Scripted`] server saw, in words that compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// Which server.
    pub server: String,
    /// Which of its connections.
    pub connection: usize,
    /// The first line without the version.
    pub what: String,
    /// Names in lower case, and values.
    pub fields: Vec<(String, String)>,
    /// `none`, `content-length`, `chunked`, or `not-read`.
    pub framing: &'static str,
    /// The content.
    pub body: String,
}

/// What all servers of a scenario saw, in order.
pub type Log = Arc<Mutex<Vec<Asked>>>;

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct Scripted {
    addr: SocketAddr,
    accepted: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// A listener on a free port, and where it is.
    ///
    /// # Panics
    /// When the system has no port left.
    pub fn bind() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        (listener, addr)
    }

    /// Plays these scripts, one a connection in the order in which they come; one beyond them is closed at once.
    ///
    /// # Panics
    /// When the listener can't be asked.
    pub fn start(name: &str, listener: TcpListener, scripts: Vec<Vec<Action>>, log: &Log) -> Self {
        let addr = listener.local_addr().expect("a bound socket has an address");
        let (accepted, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stop, log, name) = (accepted.clone(), over.clone(), log.clone(), name.to_owned());
        let thread = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                if stop.load(SeqCst) {
                    break;
                }
                let (Ok(stream), connection) = (stream, count.fetch_add(1, SeqCst)) else { continue };
                let Some(script) = scripts.get(connection).cloned() else { continue };
                let (log, server, over) = (log.clone(), name.clone(), stop.clone());
                threads.push(std::thread::spawn(move || {
                    let side = Side { stream, over, ahead: Vec::new(), log, server, connection };
                    // Whatever goes wrong ends the connection; what that means is for the client to say.
                    let _ended = side.play(script);
                }));
            }
            for thread in threads {
                let _ = thread.join();
            }
        });
        Self { addr, accepted, over, thread: Some(thread) }
    }

    /// How many connections came.
    pub fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        let _woken = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Side {
    stream: TcpStream,
    over: Arc<AtomicBool>,
    ahead: Vec<u8>,
    log: Log,
    server: String,
    connection: usize,
}

impl Side {
    fn play(mut self, script: Vec<Action>) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        for action in script {
            match action {
                Action::Request => self.request(true)?,
                Action::RequestHead => self.request(false)?,
                Action::Send(bytes) => self.stream.write_all(&bytes)?,
                Action::Pause(length) => std::thread::sleep(length),
                Action::Close => return self.close(),
                Action::Reset => {
                    return socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
                }
                Action::Stall => while self.more()? > 0 {},
            }
        }
        // It stays open, and what comes is noted and never answered.
        loop {
            self.request(true)?;
        }
    }

    /// What is still coming is read, so that nothing sent is lost to a reset.
    fn close(mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        while self.more()? > 0 {}
        Ok(())
    }

    fn request(&mut self, whole: bool) -> io::Result<()> {
        let end = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.take(end)).into_owned();
        let mut lines = head.lines();
        let what = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        let fields: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let value = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        let length = value("content-length").and_then(|length| length.parse().ok());
        let (framing, body) = match (whole, value("transfer-encoding"), length) {
            (false, ..) => ("not-read", Vec::new()),
            (true, Some(_), _) => ("chunked", self.chunks()?),
            (true, None, Some(length)) => ("content-length", self.exactly(length)?),
            (true, None, None) => ("none", Vec::new()),
        };
        let (server, connection) = (self.server.clone(), self.connection);
        let body = body.into_iter().map(char::from).collect();
        lock(&self.log).push(Asked { server, connection, what, fields, framing, body });
        Ok(())
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let end = self.until(b"\r\n")?;
            let line = String::from_utf8_lossy(&self.take(end)).into_owned();
            let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = self.exactly(size + 2)?;
            chunk.truncate(size);
            if size == 0 {
                return Ok(all);
            }
            all.append(&mut chunk);
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < length {
            self.some()?;
        }
        Ok(self.take(length))
    }

    /// Where the first such mark ends.
    fn until(&mut self, mark: &[u8]) -> io::Result<usize> {
        loop {
            let found = self.ahead.windows(mark.len()).position(|window| window == mark);
            match found {
                Some(at) => return Ok(at + mark.len()),
                None => self.some()?,
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.ahead.drain(..length).collect()
    }

    fn some(&mut self) -> io::Result<()> {
        if self.more()? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// 0 at the end, the client's or the server's.
    fn more(&mut self) -> io::Result<usize> {
        let mut block = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut block) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.over.load(SeqCst) {
                        return Ok(0);
                    }
                }
                Ok(read) => {
                    self.ahead.extend_from_slice(&block[..read]);
                    return Ok(read);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
