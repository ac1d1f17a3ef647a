//! The thread that turns a mio client for all others.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use bytes::Bytes;
use httpocean_mio::http::{HeaderMap, Request, Response, Uri};
use httpocean_mio::mio::{Events, Poll};
use httpocean_mio::{BodyPlan, CallId, Client, Connection, Error, Event, Hop, Stats, Upgraded};

use super::Pace;
use super::source::PIECE;

/// Bytes of one response that nobody has read yet, from where on it has to wait.
pub(super) const MANY: usize = 1024 * 1024;

/// What other threads want.
#[derive(Debug)]
pub(super) enum Command {
    Start(Box<Start>),
    /// The answer to the question of that number.
    Body {
        call: CallId,
        question: u64,
        piece: Result<Vec<u8>, &'static str>,
        trailers: Option<HeaderMap>,
    },
    Resume(CallId),
    Discard(CallId),
    Preconnect {
        url: Uri,
        count: usize,
        answer: Sender<Result<(), Error>>,
    },
    Stats(Sender<Stats>),
    ClearIdle(Sender<()>),
    Close(Sender<()>),
}

/// Who is told when there is nothing left to do at the moment.
pub(super) enum Asked {
    Quiet(Sender<News>),
    Stats(Sender<Stats>),
    Done(Sender<()>),
}

#[derive(Debug)]
pub(super) struct Start {
    pub(super) request: Request<()>,
    pub(super) plan: BodyPlan,
    pub(super) caller: Caller,
}

/// Who waits for a response.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) news: Sender<News>,
    /// How many bytes of the body are on their way.
    pub(super) unread: Arc<AtomicUsize>,
    /// How often a piece of the request's body was asked for.
    pub(super) questions: u64,
    /// A body that lies in memory goes out with the head, without a question.
    pub(super) memory: Option<Memory>,
}

#[derive(Debug)]
pub(super) struct Memory {
    pub(super) bytes: Bytes,
    pub(super) trailers: Option<HeaderMap>,
}

/// What a caller is told.
#[derive(Debug)]
pub(super) enum News {
    Started(CallId),
    NeedBody {
        from: u64,
        question: u64,
    },
    Hop,
    Interim(Box<Response<()>>),
    Head(Box<Head>),
    Data(Vec<u8>),
    End {
        trailers: Option<Box<HeaderMap>>,
        parked: bool,
    },
    Upgraded(Upgraded),
    Failed(Error),
    /// That is all at the moment.
    Quiet,
}

/// The head of a response.
#[derive(Debug, Default)]
pub struct Head {
    /// Its status, version and fields.
    pub response: Response<()>,
    /// Its reason phrase as the server sent it, maybe empty.
    pub reason: Vec<u8>,
    /// The connection that it came on.
    pub connection: Option<Connection>,
    /// Where it came from, redirects and all, with its fragment.
    pub url: String,
    /// The attempts before it.
    pub hops: Vec<Hop>,
}

pub(super) struct Service {
    pub(super) poll: Poll,
    pub(super) client: Client,
    pub(super) commands: Receiver<Command>,
    pub(super) pace: Pace,
    pub(super) callers: BTreeMap<CallId, Caller>,
    pub(super) asked: Vec<Asked>,
}

impl Service {
    /// Until nobody is left to send commands, and all calls have ended.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        loop {
            let deserted = self.obey_all();
            while self.tell_next() {}
            self.answer_all();
            if deserted && self.client.calls() == 0 {
                return Ok(());
            }
            match self.poll.poll(&mut events, self.client.next_timeout()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.client.handle(event);
            }
        }
    }

    /// `true`: there will be no more commands.
    fn obey_all(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(start) => self.start(*start),
            Command::Body { call, question, piece, trailers } => {
                // After a hop the answer to an older question means nothing.
                if self.callers.get(&call).is_some_and(|caller| caller.questions == question) {
                    match piece {
                        Ok(bytes) if bytes.is_empty() => self.client.finish_body(call, trailers.as_ref()),
                        Ok(bytes) => self.client.send_body(call, &bytes),
                        Err(why) => self.client.body_failed(call, why),
                    };
                }
            }
            Command::Resume(call) => {
                self.client.resume(call);
                if let Some(caller) = self.callers.get(&call) {
                    self.asked.push(Asked::Quiet(caller.news.clone()));
                }
            }
            Command::Discard(call) => {
                self.client.discard(call);
                // A connection that this saves is there for the next request.
                while self.tell_next() {}
            }
            Command::Preconnect { url, count, answer } => {
                let _ = answer.send(self.client.preconnect(&url, count));
            }
            Command::Stats(asker) => self.asked.push(Asked::Stats(asker)),
            Command::ClearIdle(asker) => {
                self.client.clear_idle();
                self.asked.push(Asked::Done(asker));
            }
            Command::Close(asker) => {
                self.client.close();
                self.asked.push(Asked::Done(asker));
            }
        }
    }

    /// Who does not wait for it any more needs no answer.
    fn answer_all(&mut self) {
        for asked in std::mem::take(&mut self.asked) {
            match asked {
                Asked::Quiet(caller) => _ = caller.send(News::Quiet),
                Asked::Stats(asker) => _ = asker.send(self.client.stats()),
                Asked::Done(asker) => _ = asker.send(()),
            }
        }
    }

    fn start(&mut self, start: Start) {
        let Start { request, plan, caller } = start;
        match self.client.start(request, plan) {
            Ok(call) => {
                caller.tell(News::Started(call));
                self.callers.insert(call, caller);
            }
            Err(error) => caller.tell(News::Failed(error)),
        }
    }

    /// `false`: there is nothing to tell.
    fn tell_next(&mut self) -> bool {
        let Some((call, event)) = self.client.next_event() else { return false };
        if let Event::NeedBody { from } = event {
            self.need_body(call, from);
            return true;
        }
        let mut ended = false;
        let mut news = match event {
            Event::Hop(_) => News::Hop,
            Event::Interim(head) => News::Interim(Box::new(head.to_response())),
            Event::Passing(_) => return true,
            Event::Head(head) => News::Head(Box::new(Head {
                response: head.to_response(),
                reason: head.reason().to_vec(),
                connection: None,
                url: String::new(),
                hops: Vec::new(),
            })),
            Event::Data(bytes) => News::Data(bytes.to_vec()),
            Event::NeedBody { from } => News::NeedBody { from, question: 0 },
            Event::End { trailers, parked } => {
                ended = true;
                News::End { trailers, parked }
            }
            Event::Upgraded(upgraded) => {
                ended = true;
                News::Upgraded(upgraded)
            }
            Event::Failed(error) => {
                ended = true;
                News::Failed(error)
            }
        };
        if let News::Head(head) = &mut news {
            head.url = self.client.url(call).unwrap_or_default();
            head.hops = self.client.hops(call).to_vec();
            head.connection = self.client.connection(call).copied();
        }
        self.tell(call, news);
        if ended {
            self.callers.remove(&call);
        }
        true
    }

    fn need_body(&mut self, call: CallId, from: u64) {
        let memory = self.callers.get(&call).and_then(|caller| caller.memory.as_ref());
        let Some(Memory { bytes, trailers }) = memory else {
            return self.tell(call, News::NeedBody { from, question: 0 });
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        match &bytes[from..] {
            [] => self.client.finish_body(call, trailers.as_ref()),
            rest => self.client.send_body(call, &rest[..rest.len().min(PIECE)]),
        };
    }

    fn tell(&mut self, call: CallId, mut news: News) {
        let Some(caller) = self.callers.get_mut(&call) else { return };
        match &mut news {
            News::Data(bytes) => {
                let unread = caller.unread.fetch_add(bytes.len(), Relaxed) + bytes.len();
                if unread > MANY || self.pace == Pace::InStep {
                    self.client.pause(call);
                }
            }
            News::NeedBody { question, .. } => {
                caller.questions += 1;
                *question = caller.questions;
            }
            News::Started(_)
            | News::Hop
            | News::Interim(_)
            | News::Head(_)
            | News::End { .. }
            | News::Upgraded(_)
            | News::Failed(_)
            | News::Quiet => {}
        }
        if matches!(news, News::Head(_)) && self.pace == Pace::InStep {
            self.asked.push(Asked::Quiet(caller.news.clone()));
        }
        caller.tell(news);
    }
}

impl Caller {
    fn tell(&self, news: News) {
        // A caller that is gone has cancelled.
        let _ = self.news.send(news);
    }
}
