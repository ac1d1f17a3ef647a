//! An event loop on a thread of its own, as a client for all other threads.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode, Uri};
use httpocean_core::{BodyPlan, Phase};

use super::adapter::{Answer, Client, Counts, Failure, Pieces, Upload};
use crate::switch::lock;

/// An adapter that has an event loop, as its thread sees it.
pub trait EventLoop {
    /// What names a request.
    type Call: Copy + Ord;

    /// Begins a request.
    fn start(&mut self, request: Request<()>, body: BodyPlan) -> Result<Self::Call, Failure>;

    /// The next thing to tell; `None` when there is nothing before the next turn.
    fn next(&mut self) -> Option<(Self::Call, News)>;

    /// Sleeps, exactly as the core says, until a socket stirs, a deadline is there, or the loop is woken.
    fn turn(&mut self);

    /// The user of a request wants no more of it, whether its head has come or not. It may still end with news.
    fn give_up(&mut self, call: Self::Call);

    /// The user of a response is busy: nothing more is read for them until they [resume](Self::resume).
    fn pause(&mut self, _call: Self::Call) {}

    /// The user of a response is ready for more.
    fn resume(&mut self, _call: Self::Call) {}

    /// The answer to [`News::NeedBody`]: the next bytes; none at the end.
    fn body(&mut self, _call: Self::Call, _piece: &[u8]) {}

    /// The answer to [`News::NeedBody`], when it can't be had.
    fn body_failed(&mut self, _call: Self::Call) {}

    /// See [`Client::preconnect`].
    fn preconnect(&mut self, _url: &Uri, _count: usize) -> bool {
        false
    }

    /// What it holds; see [`Client::counts`].
    fn counts(&self) -> Option<Counts> {
        None
    }

    /// See [`Client::stir`].
    fn stir(&mut self) -> bool {
        false
    }
}

/// What the user of a request is told by an [`EventLoop`]. Of anything else they need not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The next piece of the body is wanted, from there on.
    NeedBody {
        /// Bytes before it.
        from: u64,
    },
    /// The final head has come.
    Head(StatusCode),
    /// Bytes of the body.
    Data(Vec<u8>),
    /// The response is whole.
    End,
    /// There is none, or no whole one.
    Failed(Failure),
}

/// A client whose event loop is turned by a thread of its own. The loop is made there, so it need not be `Send`; it
/// is dropped with the client.
pub struct Turned {
    line: Arc<Line>,
}

struct Line {
    orders: Mutex<Sender<Order>>,
    wake: Box<dyn Fn() + Send + Sync>,
    numbers: std::sync::atomic::AtomicU64,
}

enum Order {
    Start { number: u64, request: Box<Request<()>>, plan: BodyPlan, user: Sender<(u64, News)> },
    Body { number: u64, question: u64, piece: Option<Vec<u8>> },
    Resume(u64),
    GiveUp(u64),
    Preconnect { url: Uri, count: usize, asker: Sender<bool> },
    Counts(Sender<Option<Counts>>),
    Stir(Sender<bool>),
    Stop,
}

impl Turned {
    /// `make` makes the loop, and what wakes its [`turn`](EventLoop::turn): one that is about to begin as well.
    ///
    /// # Panics
    /// When the system has no thread left.
    pub fn start<L: EventLoop, W: Fn() + Send + Sync + 'static>(
        make: impl FnOnce() -> (L, W) + Send + 'static,
    ) -> Self {
        let (orders, ordered) = channel();
        let (made, wake) = channel::<Box<dyn Fn() + Send + Sync>>();
        let run = move || {
            let (event_loop, wake) = make();
            if made.send(Box::new(wake)).is_ok() {
                Turning { event_loop, ordered, users: BTreeMap::new(), calls: BTreeMap::new() }.run();
            }
        };
        std::thread::Builder::new().name("conformance-loop".into()).spawn(run).expect("a free thread");
        let wake = wake.recv().expect("a loop that was made says what wakes it");
        Self { line: Arc::new(Line { orders: Mutex::new(orders), wake, numbers: 0.into() }) }
    }
}

impl Drop for Turned {
    fn drop(&mut self) {
        self.line.say(Order::Stop);
    }
}

impl Client for Turned {
    fn send(&self, request: Request<()>, body: Upload) -> Result<Box<dyn Answer>, Failure> {
        let mut flow = Flow::begin(&self.line, request, body);
        match flow.next()? {
            News::Head(status) => {
                flow.status = status;
                Ok(Box::new(flow))
            }
            early @ (News::NeedBody { .. } | News::Data(_) | News::End | News::Failed(_)) => {
                Err(failure(format!("{early:?} before the head")))
            }
        }
    }

    fn send_and_cancel(&self, request: Request<()>, after: Duration) -> bool {
        let flow = Flow::begin(&self.line, request, Upload::None);
        std::thread::sleep(after);
        drop(flow);
        true
    }

    fn preconnect(&self, url: &str, count: usize) -> bool {
        let Ok(url) = url.parse() else { return false };
        self.line.ask(|asker| Order::Preconnect { url, count, asker }).unwrap_or(false)
    }

    fn counts(&self) -> Option<Counts> {
        self.line.ask(Order::Counts).flatten()
    }

    fn stir(&self) -> bool {
        self.line.ask(Order::Stir).unwrap_or(false)
    }
}

impl Line {
    /// That the loop is gone, who waits for an answer notices.
    fn say(&self, order: Order) {
        let _ = lock(&self.orders).send(order);
        (self.wake)();
    }

    fn ask<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> Option<T> {
        let (send, answer) = channel();
        self.say(order(send));
        answer.recv().ok()
    }
}

fn failure(text: impl Into<String>) -> Failure {
    Failure { timed_out: false, phase: Phase::Start, text: text.into() }
}

/// A request of one thread, which reads its body too.
struct Flow {
    line: Arc<Line>,
    number: u64,
    news: Receiver<(u64, News)>,
    pieces: Pieces,
    status: StatusCode,
    /// Received, and not read yet.
    rest: Vec<u8>,
    /// The last that there is to say was said.
    over: bool,
    /// The loop waits until more is wanted.
    held: bool,
}

impl Flow {
    fn begin(line: &Arc<Line>, request: Request<()>, body: Upload) -> Self {
        let number = line.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (user, news) = channel();
        line.say(Order::Start { number, request: Box::new(request), plan: body.plan(), user });
        Self {
            line: line.clone(),
            number,
            news,
            pieces: body.into_pieces(),
            status: StatusCode::OK,
            rest: Vec::new(),
            over: false,
            held: false,
        }
    }

    /// The next thing that is not about the request's body.
    fn next(&mut self) -> Result<News, Failure> {
        loop {
            let (question, news) = self.news.recv().map_err(|_| failure("the loop has ended"))?;
            match news {
                News::NeedBody { from } => {
                    let piece = self.pieces.next(from).ok();
                    self.line.say(Order::Body { number: self.number, question, piece });
                }
                News::Failed(failure) => {
                    self.over = true;
                    return Err(failure);
                }
                News::Head(_) | News::Data(_) | News::End => return Ok(news),
            }
        }
    }
}

impl Answer for Flow {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
        while self.rest.is_empty() && !self.over {
            if std::mem::take(&mut self.held) {
                self.line.say(Order::Resume(self.number));
            }
            match self.next()? {
                News::Data(bytes) => (self.rest, self.held) = (bytes, true),
                News::End => self.over = true,
                News::Head(_) | News::NeedBody { .. } | News::Failed(_) => {}
            }
        }
        let len = self.rest.len().min(into.len());
        into[..len].copy_from_slice(&self.rest[..len]);
        self.rest.drain(..len);
        Ok(len)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        if !self.over {
            self.line.say(Order::GiveUp(self.number));
        }
    }
}

/// What is known of a request while it lives.
struct User<C> {
    call: C,
    news: Sender<(u64, News)>,
    /// How often the loop asked for a piece: after a hop, the answer to an older question means nothing.
    questions: u64,
}

struct Turning<L: EventLoop> {
    event_loop: L,
    ordered: Receiver<Order>,
    users: BTreeMap<u64, User<L::Call>>,
    calls: BTreeMap<L::Call, u64>,
}

impl<L: EventLoop> Turning<L> {
    fn run(mut self) {
        loop {
            loop {
                match self.ordered.try_recv() {
                    Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return,
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                }
            }
            self.tell_all();
            self.event_loop.turn();
        }
    }

    fn tell_all(&mut self) {
        while let Some((call, news)) = self.event_loop.next() {
            self.tell(call, news);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Start { number, request, plan, user } => match self.event_loop.start(*request, plan) {
                Ok(call) => {
                    self.users.insert(number, User { call, news: user, questions: 0 });
                    self.calls.insert(call, number);
                }
                Err(failure) => _ = user.send((0, News::Failed(failure))),
            },
            Order::Body { number, question, piece } => {
                let Some(user) = self.users.get(&number).filter(|user| user.questions == question) else {
                    return;
                };
                match piece {
                    Some(piece) => self.event_loop.body(user.call, &piece),
                    None => self.event_loop.body_failed(user.call),
                }
            }
            Order::Resume(number) => {
                if let Some(user) = self.users.get(&number) {
                    self.event_loop.resume(user.call);
                }
            }
            Order::GiveUp(number) => {
                if let Some(user) = self.users.get(&number) {
                    self.event_loop.give_up(user.call);
                }
            }
            Order::Preconnect { url, count, asker } => {
                let _ = asker.send(self.event_loop.preconnect(&url, count));
            }
            Order::Counts(asker) => _ = asker.send(self.event_loop.counts()),
            Order::Stir(asker) => {
                let stirred = self.event_loop.stir();
                // What comes of it comes before anything else.
                self.tell_all();
                let _ = asker.send(stirred);
            }
            Order::Stop => {}
        }
    }

    fn tell(&mut self, call: L::Call, news: News) {
        let Some(number) = self.calls.get(&call).copied() else { return };
        let Some(user) = self.users.get_mut(&number) else { return };
        match &news {
            News::NeedBody { .. } => user.questions += 1,
            News::Data(_) => self.event_loop.pause(call),
            News::Head(_) => {}
            News::End | News::Failed(_) => {
                self.calls.remove(&call);
                let Some(user) = self.users.remove(&number) else { return };
                let _ = user.news.send((0, news));
                return;
            }
        }
        // One who is gone has given up.
        let _ = user.news.send((user.questions, news));
    }
}
