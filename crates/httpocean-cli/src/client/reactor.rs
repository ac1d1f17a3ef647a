//! A mio client on a thread of its own, for threads that wait for what it tells.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use httpocean_mio::http::{HeaderMap, Request, Uri};
use httpocean_mio::mio::{Poll, Token, Waker};
use httpocean_mio::{CallId, Client, ErrorKind, Hop, Options, Phase, Stats, core};

use super::response::Ending;
use super::service::{Caller, Command, Head, MANY, News, Service, Start};
use super::source::{Feed, Source};
use super::{Failure, source};
use crate::output::note;

/// Hands requests of any thread to the one that turns the client.
pub(crate) struct Reactor {
    line: Option<Line>,
    thread: Option<JoinHandle<()>>,
}

/// The way to the thread.
#[derive(Clone)]
struct Line {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

impl Reactor {
    pub(crate) fn start(options: Options) -> io::Result<Self> {
        let poll = Poll::new()?;
        // Four generations of each token, and one for the waker.
        let tokens = 4 * options.tokens();
        let waker = Arc::new(Waker::new(poll.registry(), Token(tokens))?);
        let options = Options { waker: Some(waker.clone()), ..options };
        let client = Client::new(poll.registry(), 0..tokens, options)?;
        let (send, commands) = channel();
        let service = Service { poll, client, commands, callers: BTreeMap::new() };
        let thread = std::thread::Builder::new().name("httpocean-loop".into()).spawn(move || {
            if let Err(error) = service.run() {
                note(format_args!("httpocean: the poll failed: {error}"));
            }
        })?;
        Ok(Self { line: Some(Line { commands: send, waker }), thread: Some(thread) })
    }

    /// Sends a request and waits for the head of its response.
    pub(super) fn send(&self, request: Request<()>, source: Source) -> Result<Incoming, Failure> {
        let uri = request.uri().clone();
        let feed = Feed::new(source).map_err(|error| source::failed(error, uri.clone()))?;
        let Some(line) = self.line.clone() else { return Err(deserted(uri)) };
        let (send, news) = channel();
        let unread = Arc::new(AtomicUsize::new(0));
        let caller = Caller { news: send, unread: unread.clone(), questions: 0 };
        line.say(Command::Start(Box::new(Start { request, plan: feed.plan(), caller })));
        let mut incoming = Incoming {
            line,
            news,
            unread,
            feed,
            uri,
            call: None,
            head: None,
            interim: Vec::new(),
            hops: Vec::new(),
            data: VecDeque::new(),
            trailers: None,
            parked: None,
        };
        while incoming.head.is_none() {
            incoming.hear()?;
        }
        Ok(incoming)
    }

    pub(super) fn stats(&self) -> io::Result<Stats> {
        let gone = || io::Error::other("the loop has ended");
        let (send, answer) = channel();
        self.line.as_ref().ok_or_else(gone)?.say(Command::Stats(send));
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

/// A response on its way.
pub(super) struct Incoming {
    line: Line,
    news: Receiver<News>,
    unread: Arc<AtomicUsize>,
    feed: Feed,
    uri: Uri,
    call: Option<CallId>,
    head: Option<Box<Head>>,
    pub(super) interim: Vec<u16>,
    pub(super) hops: Vec<Hop>,
    data: VecDeque<u8>,
    trailers: Option<Box<HeaderMap>>,
    /// Known at its end.
    parked: Option<bool>,
}

impl Incoming {
    pub(super) fn take_head(&mut self) -> Head {
        self.head.take().map_or_else(Head::default, |head| *head)
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        while self.data.is_empty() {
            if self.parked.is_some() {
                return Ok(0);
            }
            self.hear()?;
        }
        Ok(io::Read::read(&mut self.data, buffer).unwrap_or(0))
    }

    pub(super) fn ending(&mut self) -> Ending {
        Ending { trailers: self.trailers.take().map(|trailers| *trailers), parked: self.parked == Some(true) }
    }

    /// Takes one piece of news.
    fn hear(&mut self) -> Result<(), Failure> {
        let Ok(news) = self.news.recv() else { return Err(deserted(self.uri.clone())) };
        match news {
            News::Started(call) => self.call = Some(call),
            News::NeedBody { from, question } => {
                let piece = self.feed.piece(from);
                if let Some(call) = self.call {
                    self.line.say(Command::Body { call, question, piece });
                }
            }
            News::Hop(hop) => self.hops.push(hop),
            News::Interim(status) => self.interim.push(status),
            News::Head(head) => self.head = Some(head),
            News::Data(bytes) => {
                let before = self.unread.fetch_sub(bytes.len(), Relaxed);
                self.data.extend(&bytes);
                let (few, call) = (MANY / 2, self.call);
                if let Some(call) = call.filter(|_| before >= few && before - bytes.len() < few) {
                    self.line.say(Command::Resume(call));
                }
            }
            News::End { trailers, parked } => {
                (self.trailers, self.parked, self.call) = (trailers, Some(parked), None);
            }
            News::Failed(error) => {
                self.call = None;
                return Err(error.with_source(self.feed.trouble.take()));
            }
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.line.say(Command::Cancel(call));
        }
    }
}

/// Nobody is there any more to carry it out.
fn deserted(uri: Uri) -> Failure {
    Failure::new(core::Error::new(ErrorKind::Cancelled, Phase::Start), uri)
}
