//! A response on its way, as its reader sees it.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};

use httpocean_mio::http::{HeaderMap, Request, Response, Uri};
use httpocean_mio::{CallId, Error, ErrorKind, Hop, Upgraded};

use super::service::{Caller, Command, Head, MANY, News, Start};
use super::source::{Feed, Source};
use super::{Line, Pace, deserted, unreadable};

/// A response: its head has come, its body is read piece by piece. Dropped early, what is left is read within the
/// limits, so that its connection can be used again.
#[derive(Debug)]
pub struct Incoming {
    line: Line,
    pace: Pace,
    news: Receiver<News>,
    unread: Arc<AtomicUsize>,
    feed: Feed,
    uri: Uri,
    call: Option<CallId>,
    head: Option<Box<Head>>,
    interim: Vec<Response<()>>,
    /// Known with the head.
    hops: Vec<Hop>,
    data: VecDeque<u8>,
    trailers: Option<Box<HeaderMap>>,
    upgraded: Option<Upgraded>,
    /// Known at its end.
    parked: Option<bool>,
    failed: Option<Error>,
    /// All has been heard that there is to say at the moment.
    quiet: bool,
}

impl Incoming {
    pub(super) fn begin(
        line: Line,
        pace: Pace,
        request: Request<()>,
        source: Source,
        trailers: Option<HeaderMap>,
    ) -> Result<Self, Error> {
        let uri = request.uri().clone();
        let feed = Feed::new(source, trailers).map_err(|error| unreadable(error, uri.clone()))?;
        let (send, news) = channel();
        let unread = Arc::new(AtomicUsize::new(0));
        let caller = Caller { news: send, unread: unread.clone(), questions: 0, memory: feed.memory() };
        line.say(Command::Start(Box::new(Start { request, plan: feed.plan(), caller })));
        let mut incoming = Self {
            line,
            pace,
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
            upgraded: None,
            parked: None,
            failed: None,
            quiet: false,
        };
        while incoming.head.is_none() {
            incoming.hear();
            if let Some(error) = incoming.failed.take() {
                return Err(error);
            }
        }
        incoming.settle();
        Ok(incoming)
    }

    /// The head, once.
    pub fn take_head(&mut self) -> Head {
        self.head.take().map_or_else(Head::default, |head| *head)
    }

    /// The interim responses that came before the head.
    pub fn interim(&self) -> &[Response<()>] {
        &self.interim
    }

    /// The same, once.
    pub fn take_interim(&mut self) -> Vec<Response<()>> {
        std::mem::take(&mut self.interim)
    }

    /// The attempts that were made before the one that brought the head, with their reasons.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// The next bytes of the body; 0 at its end. Of a connection that speaks another protocol now there are none.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while self.data.is_empty() {
            if let Some(error) = self.failed.take() {
                // It stays one.
                self.failed = Some(deserted(self.uri.clone()));
                return Err(error);
            }
            if self.parked.is_some() || self.upgraded.is_some() || buffer.is_empty() {
                return Ok(0);
            }
            self.hear();
        }
        let read = io::Read::read(&mut self.data, buffer).unwrap_or(0);
        if self.data.is_empty() && self.pace == Pace::InStep {
            self.go_on();
        }
        Ok(read)
    }

    /// Whether its connection went back to the pool and stays open, if the end is known.
    pub fn parked(&self) -> Option<bool> {
        self.parked
    }

    /// The trailer fields of a body that was read to its end, once.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.parked.filter(|_| self.data.is_empty())?;
        self.trailers.take().map(|trailers| *trailers)
    }

    /// The connection that speaks another protocol now, if this one does.
    pub fn take_upgraded(&mut self) -> Option<Upgraded> {
        while self.is_being_upgraded() {
            self.hear();
        }
        self.upgraded.take()
    }

    /// Done: what is left is read within the limits. Whether the connection was saved; a response that breaks off
    /// saves none, and is no error of who wants no more of it.
    pub fn finish(mut self) -> Result<bool, Error> {
        if let Some(call) = self.call {
            self.line.say(Command::Discard(call));
        }
        loop {
            match (self.parked, self.failed.take()) {
                (Some(parked), _) => return Ok(parked),
                (None, Some(error)) if matches!(error.kind(), ErrorKind::Cancelled) => return Err(error),
                (None, Some(_)) => return Ok(false),
                (None, None) => self.hear(),
            }
        }
    }

    fn is_being_upgraded(&self) -> bool {
        let ended = self.parked.is_some() || self.failed.is_some() || self.upgraded.is_some();
        !ended && self.data.is_empty() && self.pace == Pace::Ahead
    }

    /// Who reads in step lets the next bytes come only now.
    fn go_on(&mut self) {
        self.unread.store(0, Relaxed);
        if let Some(call) = self.call {
            self.line.say(Command::Resume(call));
            self.settle();
        }
    }

    /// Hears what there is at the moment, without waiting for anything of the peer's.
    fn settle(&mut self) {
        while self.pace == Pace::InStep && !self.quiet && self.failed.is_none() {
            self.hear();
        }
        self.quiet = false;
    }

    /// Takes one piece of news.
    fn hear(&mut self) {
        let Ok(news) = self.news.recv() else {
            self.failed = Some(deserted(self.uri.clone()));
            return;
        };
        match news {
            News::Started(call) => self.call = Some(call),
            News::NeedBody { from, question } => self.answer(from, question),
            // Those of a response that nobody gets to see.
            News::Hop => self.interim.clear(),
            News::Interim(response) => self.interim.push(*response),
            News::Head(mut head) => {
                self.hops = std::mem::take(&mut head.hops);
                self.head = Some(head);
            }
            News::Data(bytes) => self.took(&bytes),
            News::End { trailers, parked } => {
                (self.trailers, self.parked, self.call) = (trailers, Some(parked), None);
            }
            News::Upgraded(upgraded) => (self.upgraded, self.call) = (Some(upgraded), None),
            News::Failed(error) => {
                self.call = None;
                self.failed = Some(match self.feed.trouble.take() {
                    None => error,
                    trouble => error.with_source(trouble),
                });
            }
            News::Quiet => self.quiet = true,
        }
    }

    fn answer(&mut self, from: u64, question: u64) {
        let piece = self.feed.piece(from);
        let Some(call) = self.call else { return };
        let trailers = self.feed.trailers.clone().filter(|_| piece.as_ref().is_ok_and(Vec::is_empty));
        self.line.say(Command::Body { call, question, piece, trailers });
    }

    fn took(&mut self, bytes: &[u8]) {
        self.data.extend(bytes);
        if self.pace == Pace::InStep {
            return;
        }
        let before = self.unread.fetch_sub(bytes.len(), Relaxed);
        let (few, call) = (MANY / 2, self.call);
        if let Some(call) = call.filter(|_| before >= few && before - bytes.len() < few) {
            self.line.say(Command::Resume(call));
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.line.say(Command::Discard(call));
        }
    }
}
