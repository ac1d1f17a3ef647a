//! A server in a process of its own, with one thread for all its connections: what the client holds is counted
//! apart from it, and each of the two has all descriptors for itself.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use httpocean_mio::mio::net::{TcpListener, TcpStream};
use httpocean_mio::mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Socket, Type};

/// Says in the environment of the process that it is a server, and on how many addresses.
const ADDRESSES: &str = "HTTPOCEAN_TEST_SERVER";
/// Marks what the server says among what the test harness prints.
const MARK: &str = "server: ";

/// The handle of such a process, which ends with it.
pub(crate) struct Server {
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub(crate) addrs: Vec<SocketAddr>,
}

impl Server {
    /// Runs the test `entry` of this binary again, which has to call [`serve`]. It listens on 127.0.0.1, 127.0.0.2
    /// and so on, on `addresses` in all.
    pub(crate) fn start(entry: &str, addresses: u8) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", entry, "--nocapture"])
            .env(ADDRESSES, addresses.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { child, questions, answers, addrs: Vec::new() };
        server.addrs = server.answer().split(' ').map(|addr| addr.parse().unwrap()).collect();
        server
    }

    /// From now on nobody is answered.
    pub(crate) fn hold(&mut self) {
        self.ask("hold");
    }

    /// Everybody is answered, now and from now on; how many had to wait for it.
    pub(crate) fn release(&mut self) -> usize {
        self.ask("release")
    }

    /// How many connections it has.
    pub(crate) fn open(&mut self) -> usize {
        self.ask("open")
    }

    /// How many it had at a time, at most.
    pub(crate) fn peak(&mut self) -> usize {
        self.ask("peak")
    }

    /// How many requests have come.
    pub(crate) fn requests(&mut self) -> usize {
        self.ask("requests")
    }

    /// Closes all connections; how many it were.
    pub(crate) fn close_all(&mut self) -> usize {
        self.ask("close")
    }

    fn ask(&mut self, question: &str) -> usize {
        writeln!(self.questions, "{question}").unwrap();
        self.answer().parse().unwrap()
    }

    fn answer(&mut self) -> String {
        loop {
            let line = self.answers.next().expect("the server has ended").unwrap();
            if let Some((_, answer)) = line.split_once(MARK) {
                return answer.to_owned();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until nobody asks any more, if that is what this process was started for. Whether it was.
pub(crate) fn serve() -> bool {
    let Ok(addresses) = std::env::var(ADDRESSES) else { return false };
    let mut serving = Serving::start(addresses.parse().unwrap());
    let addrs: Vec<_> =
        serving.listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect();
    println!("{MARK}{}", addrs.join(" "));
    serving.run();
    true
}

/// The tokens of listeners are their numbers; this one is the waker's, those of connections follow.
const QUESTION: usize = 256;
const GUESTS: usize = QUESTION + 1;

/// Connections that the server has not come to yet. Where there is no room for more of them, the client's system asks
/// again after a second, then two.
const BACKLOG: i32 = 4096;

fn listener(ip: [u8; 4]) -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((ip, 0)).into()).unwrap();
    socket.listen(BACKLOG).unwrap();
    socket.set_nonblocking(true).unwrap();
    TcpListener::from_std(socket.into())
}

struct Serving {
    poll: Poll,
    listeners: Vec<TcpListener>,
    questions: Receiver<String>,
    guests: Vec<Option<Guest>>,
    free: Vec<usize>,
    open: usize,
    peak: usize,
    requests: usize,
    holds: bool,
    /// Who waits for an answer.
    held: Vec<usize>,
}

/// One connection, and what was read of its request's head.
struct Guest {
    stream: TcpStream,
    head: Vec<u8>,
}

impl Serving {
    fn start(addresses: u8) -> Self {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(QUESTION)).unwrap());
        let (ask, questions) = channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lines() {
                ask.send(line.unwrap()).unwrap();
                waker.wake().unwrap();
            }
            // Whoever asked has gone.
            drop(ask);
            waker.wake().unwrap();
        });
        let listen = |n: u8| {
            let mut listener = listener([127, 0, 0, n + 1]);
            poll.registry().register(&mut listener, Token(n.into()), Interest::READABLE).unwrap();
            listener
        };
        let listeners = (0..addresses).map(listen).collect();
        let (guests, free, held) = (Vec::new(), Vec::new(), Vec::new());
        Self { poll, listeners, questions, guests, free, open: 0, peak: 0, requests: 0, holds: false, held }
    }

    fn run(&mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            self.poll.poll(&mut events, None).unwrap();
            for event in &events {
                match event.token().0 {
                    QUESTION => {}
                    listener if listener < QUESTION => self.accept(listener),
                    guest => self.read(guest - GUESTS),
                }
            }
            if !self.answer_questions() {
                return;
            }
        }
    }

    fn accept(&mut self, listener: usize) {
        while let Ok((mut stream, _)) = self.listeners[listener].accept() {
            let place = self.free.pop().unwrap_or(self.guests.len());
            if place == self.guests.len() {
                self.guests.push(None);
            }
            self.poll.registry().register(&mut stream, Token(GUESTS + place), Interest::READABLE).unwrap();
            self.guests[place] = Some(Guest { stream, head: Vec::new() });
            self.open += 1;
            self.peak = self.peak.max(self.open);
        }
    }

    /// A connection has one request at a time.
    fn read(&mut self, place: usize) {
        let Some(guest) = &mut self.guests[place] else { return };
        let mut bytes = [0; 1024];
        loop {
            match guest.stream.read(&mut bytes) {
                Ok(n) if n > 0 => guest.head.extend_from_slice(&bytes[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // It has ended, one way or the other.
                Ok(_) | Err(_) => return self.leave(place),
            }
        }
        if guest.head.ends_with(b"\r\n\r\n") {
            self.requests += 1;
            if self.holds {
                self.held.push(place);
            } else {
                self.answer(place);
            }
        }
    }

    fn release(&mut self) -> usize {
        self.holds = false;
        let held = std::mem::take(&mut self.held);
        for place in &held {
            self.answer(*place);
        }
        held.len()
    }

    /// With the path that was asked for.
    fn answer(&mut self, place: usize) {
        let Some(guest) = &mut self.guests[place] else { return };
        let head = String::from_utf8(std::mem::take(&mut guest.head)).unwrap();
        let path = head.split(' ').nth(1).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len());
        // So little fits into the socket, unless the connection has ended.
        if guest.stream.write_all(answer.as_bytes()).is_err() {
            self.leave(place);
        }
    }

    fn leave(&mut self, place: usize) {
        self.guests[place] = None;
        self.free.push(place);
        self.open -= 1;
    }

    /// Whether there may be more.
    fn answer_questions(&mut self) -> bool {
        loop {
            let question = match self.questions.try_recv() {
                Ok(question) => question,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            };
            let number = match question.as_str() {
                "hold" => {
                    self.holds = true;
                    self.held.len()
                }
                "release" => self.release(),
                "open" => self.open,
                "peak" => self.peak,
                "requests" => self.requests,
                "close" => self.close_all(),
                _ => panic!("what is {question:?}?"),
            };
            println!("{MARK}{number}");
        }
    }

    fn close_all(&mut self) -> usize {
        let open = self.open;
        for place in 0..self.guests.len() {
            if self.guests[place].is_some() {
                self.leave(place);
            }
        }
        open
    }
}
