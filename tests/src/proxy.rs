//! A proxy to look into: it forwards requests, makes tunnels by CONNECT and SOCKS, and keeps all that it was told.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;

use crate::lock;
use crate::names::Names;

/// What a proxy is like.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Where names and ports such as `a.test:443` lead. What is not here is taken for an address.
    pub names: BTreeMap<String, SocketAddr>,
    /// User and password that it wants to be told.
    pub login: Option<(&'static str, &'static str)>,
    /// Who knows the addresses of what is not there, if anybody does.
    pub resolver: Option<Names>,
    /// So many bytes it says in a handshake, then it closes the connection.
    pub dies_after: Option<usize>,
    /// What goes through its tunnels is not kept.
    pub forgets: bool,
    /// Counts the tunnels that it made.
    pub tunnels: Arc<AtomicUsize>,
}

/// Bytes from a server, for each connection by the port at its other end.
pub type Sent = BTreeMap<u16, usize>;

/// What it was told on one connection.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// All that was for itself: heads of requests, words of SOCKS.
    pub itself: Vec<u8>,
    /// What went through its tunnel, from the client.
    pub through: Vec<u8>,
    /// Where it was to connect to.
    pub targets: Vec<String>,
}

/// A running proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    over: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<Told>>>,
    /// What it handed on, in the tunnels that are open.
    down: Arc<Mutex<Sent>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When the system has no port left.
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let (over, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let down = Arc::<Mutex<Sent>>::default();
        let (stop, log, handed) = (over.clone(), told.clone(), down.clone());
        let thread = thread::spawn(move || {
            let mut threads = Vec::new();
            for client in listener.incoming() {
                if stop.load(SeqCst) {
                    break;
                }
                let Ok(client) = client else { continue };
                let number = {
                    let mut told = lock(&log);
                    told.push(Told::default());
                    told.len() - 1
                };
                let side = Side {
                    client,
                    manner: manner.clone(),
                    said: 0,
                    log: log.clone(),
                    number,
                    down: handed.clone(),
                    over: stop.clone(),
                };
                // Whatever goes wrong ends the connection; what that means is for the client to say.
                threads.push(thread::spawn(move || drop(side.serve())));
            }
            for thread in threads {
                let _ = thread.join();
            }
        });
        Self { addr, over, told, down, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its URL: a kind such as `socks5h`, and who asks, such as `ann:s3cret@`.
    pub fn url(&self, kind: &str, who: &str) -> String {
        format!("{kind}://{who}{}", self.addr)
    }

    /// Whether it handed on all that was sent, in the tunnels that are open.
    pub fn has_handed_on(&self, sent: &Sent) -> bool {
        lock(&self.down).iter().all(|(port, down)| sent.get(port).is_none_or(|sent| down >= sent))
    }

    /// What it was told so far, by connection.
    pub fn told(&self) -> Vec<Told> {
        lock(&self.told).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Told {
    /// What it was told itself, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.itself).into_owned()
    }
}

/// One connection.
struct Side {
    client: TcpStream,
    manner: Manner,
    said: usize,
    log: Arc<Mutex<Vec<Told>>>,
    number: usize,
    down: Arc<Mutex<Sent>>,
    over: Arc<AtomicBool>,
}

impl Side {
    fn serve(mut self) -> io::Result<()> {
        self.client.set_nodelay(true)?;
        self.client.set_read_timeout(Some(Duration::from_millis(20)))?;
        match self.hear(1)?[0] {
            4 => self.socks_4(),
            5 => self.socks_5(),
            first => self.http(first),
        }
    }

    fn http(mut self, first: u8) -> io::Result<()> {
        let mut server: Option<TcpStream> = None;
        let mut first = Some(first);
        loop {
            let mut head: Vec<u8> = first.take().into_iter().collect();
            while !head.ends_with(b"\r\n\r\n") {
                head.extend(self.hear(1)?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let (line, fields) = head.split_once("\r\n").ok_or(io::ErrorKind::InvalidData)?;
            let words: Vec<_> = line.split(' ').collect();
            let [method, target, _] = words[..] else { return Err(io::ErrorKind::InvalidData.into()) };
            if !self.lets_in(fields) {
                self.say(b"HTTP/1.1 407 Who Are You\r\nproxy-authenticate: Basic realm=\"r\"\r\ncontent-length: 11\r\n\r\nwho are you")?;
                continue;
            }
            if method == "CONNECT" {
                let server = self.reach(target)?;
                self.say(b"HTTP/1.1 200 Made\r\ncontent-length: 7\r\n\r\n")?;
                return self.tunnel(server);
            }
            let rest = target.strip_prefix("http://").ok_or(io::ErrorKind::InvalidData)?;
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if server.is_none() {
                let made = self.reach(&with_port(authority))?;
                let (mut down, mut client) = (made.try_clone()?, self.client.try_clone()?);
                thread::spawn(move || {
                    let _ = io::copy(&mut down, &mut client).and(client.shutdown(Shutdown::Write));
                });
                server = Some(made);
            }
            let kept = fields.split_inclusive("\r\n").filter(|line| !line.starts_with("proxy-authorization"));
            let forwarded = format!("{method} {path} HTTP/1.1\r\n{}", kept.collect::<String>());
            server.as_mut().ok_or(io::ErrorKind::NotConnected)?.write_all(forwarded.as_bytes())?;
        }
    }

    fn socks_4(mut self) -> io::Result<()> {
        let start = self.hear(7)?;
        let port = u16::from_be_bytes([start[1], start[2]]);
        self.hear_to_zero()?;
        let host = if start[3..6] == [0; 3] && start[6] != 0 {
            self.hear_to_zero()?
        } else {
            Ipv4Addr::new(start[3], start[4], start[5], start[6]).to_string()
        };
        let server = self.reach(&format!("{host}:{port}"))?;
        self.say(&[0, 90, 0, 0, 0, 0, 0, 0])?;
        self.tunnel(server)
    }

    fn socks_5(mut self) -> io::Result<()> {
        let count = self.hear(1)?[0];
        let methods = self.hear(count.into())?;
        let wanted = if self.manner.login.is_some() { 2 } else { 0 };
        if !methods.contains(&wanted) {
            return self.say(&[5, 255]);
        }
        self.say(&[5, wanted])?;
        if let Some((user, password)) = self.manner.login {
            self.hear(1)?;
            let (given_user, given_password) = (self.hear_counted()?, self.hear_counted()?);
            let known = given_user == user.as_bytes() && given_password == password.as_bytes();
            self.say(&[1, u8::from(!known)])?;
            if !known {
                return Ok(());
            }
        }
        let kind = self.hear(4)?[3];
        let host = match kind {
            1 => {
                let bytes = self.hear(4)?;
                Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).to_string()
            }
            3 => String::from_utf8_lossy(&self.hear_counted()?).into_owned(),
            _ => {
                let bytes: [u8; 16] = self.hear(16)?.try_into().map_err(|_| io::ErrorKind::InvalidData)?;
                format!("[{}]", Ipv6Addr::from(bytes))
            }
        };
        let port = self.hear(2)?;
        let server = self.reach(&format!("{host}:{}", u16::from_be_bytes([port[0], port[1]])));
        let Ok(server) = server else { return self.say(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]) };
        self.say(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        self.tunnel(server)
    }

    fn lets_in(&self, fields: &str) -> bool {
        self.manner.login.is_none_or(|(user, password)| {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            fields.contains(&format!("proxy-authorization: Basic {pair}\r\n"))
        })
    }

    fn reach(&self, target: &str) -> io::Result<TcpStream> {
        lock(&self.log)[self.number].targets.push(target.to_owned());
        if let Some(addr) = self.manner.names.get(target) {
            return TcpStream::connect(addr);
        }
        match (target.parse::<SocketAddr>(), &self.manner.resolver) {
            (Ok(addr), _) => TcpStream::connect(addr),
            (Err(_), Some(names)) => TcpStream::connect(&names.of(target)?[..]),
            (Err(_), None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn tunnel(mut self, server: TcpStream) -> io::Result<()> {
        server.set_nodelay(true)?;
        self.manner.tunnels.fetch_add(1, SeqCst);
        let (from, to, down) = (server.try_clone()?, self.client.try_clone()?, self.down.clone());
        let port = server.local_addr()?.port();
        lock(&down).insert(port, 0);
        thread::spawn(move || {
            hand_down(&from, &to, |n| _ = lock(&down).entry(port).and_modify(|down| *down += n));
            lock(&down).remove(&port);
        });
        self.hand_up(&server).inspect_err(|_| reset(&server))
    }

    fn hand_up(&mut self, server: &TcpStream) -> io::Result<()> {
        server.set_write_timeout(Some(Duration::from_millis(20)))?;
        let mut block = [0; 16 * 1024];
        loop {
            let n = self.read(&mut block)?;
            if n == 0 {
                return server.shutdown(Shutdown::Write);
            }
            if !self.manner.forgets {
                lock(&self.log)[self.number].through.extend_from_slice(&block[..n]);
            }
            self.write(server, &block[..n])?;
        }
    }

    /// Looks up now and then whether all is over: a server may be deaf.
    fn write(&self, mut server: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match server.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.over.load(SeqCst) => {}
                written => bytes = &bytes[written?..],
            }
        }
        Ok(())
    }

    fn say(&mut self, words: &[u8]) -> io::Result<()> {
        let left = self.manner.dies_after.map_or(words.len(), |most| most.saturating_sub(self.said));
        let now = &words[..left.min(words.len())];
        self.said += now.len();
        self.client.write_all(now)?;
        if now.len() < words.len() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    fn hear(&mut self, n: usize) -> io::Result<Vec<u8>> {
        let mut words = vec![0; n];
        let mut heard = 0;
        while heard < n {
            match self.read(&mut words[heard..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => heard += more,
            }
        }
        lock(&self.log)[self.number].itself.extend_from_slice(&words);
        Ok(words)
    }

    fn hear_counted(&mut self) -> io::Result<Vec<u8>> {
        let n = self.hear(1)?[0];
        self.hear(n.into())
    }

    fn hear_to_zero(&mut self) -> io::Result<String> {
        let mut words = Vec::new();
        loop {
            match self.hear(1)?[0] {
                0 => return Ok(String::from_utf8_lossy(&words).into_owned()),
                byte => words.push(byte),
            }
        }
    }

    /// Looks up now and then whether all is over.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.client.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.over.load(SeqCst) => {}
                read => return read,
            }
        }
    }
}

/// From the server to the client, a reset too.
fn hand_down(mut server: &TcpStream, mut client: &TcpStream, handed: impl Fn(usize)) {
    let mut block = [0; 16 * 1024];
    loop {
        match server.read(&mut block) {
            Ok(0) => return drop(client.shutdown(Shutdown::Write)),
            Ok(n) if client.write_all(&block[..n]).is_ok() => handed(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) => return reset(server),
            Err(_) => return reset(client),
        }
    }
}

/// The other side learns of it when the last who holds the socket lets go, which is soon.
fn reset(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Read);
}

fn with_port(authority: &str) -> String {
    let has_port =
        authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port { authority.to_owned() } else { format!("{authority}:80") }
}
