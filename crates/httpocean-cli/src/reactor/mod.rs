//! A mio client on a thread of its own, for threads that wait for what it tells.

mod incoming;
mod service;
mod source;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use httpocean_mio::http::{HeaderMap, Request, Uri};
use httpocean_mio::mio::{Poll, Token, Waker};
use httpocean_mio::{Client, Error, ErrorKind, Options, Phase, Stats, core};

use service::{Command, Service};

pub use incoming::Incoming;
pub use service::Head;
pub use source::{ReadSeek, Source};

/// Hands requests of any thread to the one that turns the client.
#[derive(Debug)]
pub struct Reactor {
    line: Option<Line>,
    pace: Pace,
    thread: Option<JoinHandle<()>>,
}

/// How far a response may run ahead of who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A mebibyte: threads hand over to each other rarely.
    Ahead,
    /// Not at all: the next bytes are read when the last ones were taken, and that the end has come is known with
    /// the last byte. So it is with a blocking client.
    InStep,
}

/// The way to the thread.
#[derive(Clone, Debug)]
struct Line {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

impl Reactor {
    /// A client with these options, and its thread.
    pub fn start(options: Options, pace: Pace) -> io::Result<Self> {
        let poll = Poll::new()?;
        // Four generations of each token, and one for the waker.
        let tokens = 4 * options.tokens();
        let waker = Arc::new(Waker::new(poll.registry(), Token(tokens))?);
        let options = Options { waker: Some(waker.clone()), ..options };
        let client = Client::new(poll.registry(), 0..tokens, options)?;
        let (send, commands) = channel();
        let service = Service { poll, client, commands, pace, callers: BTreeMap::new(), asked: Vec::new() };
        let thread = std::thread::Builder::new().name("httpocean-loop".into()).spawn(move || {
            if let Err(error) = service.run() {
                let _ = writeln!(io::stderr(), "httpocean: the poll failed: {error}");
            }
        })?;
        Ok(Self { line: Some(Line { commands: send, waker }), pace, thread: Some(thread) })
    }

    /// Sends a request and waits for the head of its response. Trailers follow a chunked body.
    pub fn send(
        &self,
        request: Request<()>,
        source: Source,
        trailers: Option<HeaderMap>,
    ) -> Result<Incoming, Error> {
        let Some(line) = self.line.clone() else { return Err(deserted(request.uri().clone())) };
        Incoming::begin(line, self.pace, request, source, trailers)
    }

    /// Makes connections before anybody asks, until so many to that host are there for the taking.
    pub fn preconnect(&self, url: Uri, count: usize) -> Result<(), Error> {
        let gone = deserted(url.clone());
        let told = self.ask(|answer| Command::Preconnect { url, count, answer });
        told.unwrap_or(Err(gone))
    }

    /// What the client did so far, when it has done all that it was asked for before.
    pub fn stats(&self) -> io::Result<Stats> {
        self.ask(Command::Stats)
    }

    /// Closes all idle connections; those in use close when their request is done.
    pub fn clear_idle(&self) -> io::Result<()> {
        self.ask(Command::ClearIdle)
    }

    /// Closes all idle connections, and refuses all requests from now on.
    pub fn close(&self) -> io::Result<()> {
        self.ask(Command::Close)
    }

    /// Leaves the thread to itself: it ends with the last response that somebody still reads.
    pub fn leave(mut self) {
        let _ = self.close();
        self.thread = None;
    }

    fn ask<T>(&self, question: impl FnOnce(Sender<T>) -> Command) -> io::Result<T> {
        let gone = || io::Error::other("the loop has ended");
        let (send, answer) = channel();
        self.line.as_ref().ok_or_else(gone)?.say(question(send));
        answer.recv().map_err(|_| gone())
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        if let Some(Line { commands, waker }) = self.line.take() {
            drop(commands);
            let _ = waker.wake();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Line {
    /// That the thread is gone, who waits for an answer notices.
    fn say(&self, command: Command) {
        let _ = self.commands.send(command);
        let _ = self.waker.wake();
    }
}

/// The error of a request whose body can't be read.
pub fn unreadable(error: io::Error, uri: Uri) -> Error {
    let verdict = core::Error::new(ErrorKind::Body("reading it failed"), Phase::Start);
    Error::new(verdict, uri).with_source(Some(error))
}

/// Nobody is there any more to carry it out, or it failed before.
fn deserted(uri: Uri) -> Error {
    Error::new(core::Error::new(ErrorKind::Cancelled, Phase::Start), uri)
}
