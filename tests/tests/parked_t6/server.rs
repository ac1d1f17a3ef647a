//! A server that answers, and then does to the connection what nobody asked for, when it is told to.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use httpocean_tests::{BOUND, lock, wait_until};

/// What is done: bytes, then an end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stray {
    pub(crate) bytes: &'static str,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Open,
    Fin,
    Reset,
}

pub(crate) struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    command: Sender<()>,
}

struct Shared {
    is_bytewise: bool,
    scene: Mutex<Option<Scene>>,
    commands: Mutex<Receiver<()>>,
    is_played: AtomicBool,
    seconds: AtomicU64,
    over: AtomicBool,
}

#[derive(Clone, Copy)]
struct Scene {
    response: &'static str,
    stray: Stray,
    is_together: bool,
}

impl Server {
    pub(crate) fn start(is_bytewise: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (addr, (command, commands)) = (listener.local_addr().unwrap(), channel());
        let shared = Arc::new(Shared {
            is_bytewise,
            scene: Mutex::default(),
            commands: Mutex::new(commands),
            is_played: AtomicBool::new(false),
            seconds: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.over.load(SeqCst) {
                    break;
                }
                let shared = serving.clone();
                // Whatever goes wrong ends the connection; the client says what that means.
                std::thread::spawn(move || shared.serve(stream?));
            }
        });
        Self { addr, shared, command }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The next request for `/first` gets this response, and together with it or on command the stray.
    pub(crate) fn plays(&self, response: &'static str, stray: Stray, is_together: bool) {
        self.shared.is_played.store(false, SeqCst);
        *lock(&self.shared.scene) = Some(Scene { response, stray, is_together });
    }

    /// Does it, and returns when it is done.
    pub(crate) fn stray(&self) {
        self.command.send(()).unwrap();
        self.wait_until_played();
    }

    pub(crate) fn wait_until_played(&self) {
        wait_until("the stray is sent", || self.shared.is_played.load(SeqCst));
    }

    /// How many requests for `/second` came.
    pub(crate) fn seconds(&self) -> u64 {
        self.shared.seconds.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, SeqCst);
        let _woken = TcpStream::connect(self.addr);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(BOUND))?;
        loop {
            let target = request(&mut stream)?;
            if target == "/second" {
                self.seconds.fetch_add(1, SeqCst);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")?;
                continue;
            }
            let scene = lock(&self.scene).take().expect("a scene");
            // A client that has seen enough of it closes; then the rest goes nowhere.
            let left = self.play(stream, scene);
            self.is_played.store(true, SeqCst);
            let Some(open) = left? else { return Ok(()) };
            stream = open;
        }
    }

    /// The connection, unless it was reset.
    fn play(&self, mut stream: TcpStream, scene: Scene) -> io::Result<Option<TcpStream>> {
        let Scene { response, stray, is_together } = scene;
        if is_together {
            self.send(&mut stream, &[response, stray.bytes].concat())?;
        } else {
            self.send(&mut stream, response)?;
            lock(&self.commands).recv().map_err(io::Error::other)?;
            self.send(&mut stream, stray.bytes)?;
        }
        match stray.end {
            End::Open => {}
            End::Fin => stream.shutdown(Shutdown::Write)?,
            End::Reset => {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
                return Ok(None);
            }
        }
        Ok(Some(stream))
    }

    fn send(&self, stream: &mut TcpStream, text: &str) -> io::Result<()> {
        let piece = if self.is_bytewise { 1 } else { text.len().max(1) };
        text.as_bytes().chunks(piece).try_for_each(|piece| stream.write_all(piece))
    }
}

/// Reads a whole request; its target.
fn request(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)])?;
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}
