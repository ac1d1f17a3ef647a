//! httpocean-mio, in a loop that has its own poll.

use std::io::ErrorKind::Interrupted;
use std::sync::Arc;

use http::{Request, Uri};
use httpocean_mio::mio::{Events, Poll, Token, Waker};
use httpocean_mio::{BodyPlan, CallId, Client, Event, Options};
use httpocean_testkit::conformance::{self, Adapter, Counts, EventLoop, Failure, News, Setup, Turned};
use httpocean_tests::Names;

use super::failure;

pub(crate) struct Mio;

impl Adapter for Mio {
    fn name(&self) -> &str {
        "httpocean-mio"
    }

    fn client(&self, setup: Setup) -> Arc<dyn conformance::Client> {
        Arc::new(Turned::start(move || {
            let poll = Poll::new().unwrap();
            let waker = Arc::new(Waker::new(poll.registry(), Token(usize::MAX)).unwrap());
            let names = setup.addresses.map(|addresses| Names::at(&addresses));
            let options = Options { waker: Some(waker.clone()), pool: setup.pool, ..Options::default() };
            let options = Options { config: Arc::new(setup.config), ..options };
            let options = match names {
                Some(names) => Options { resolver: Arc::new(names), ..options },
                None => options,
            };
            let client = Client::new(poll.registry(), 0..4 * options.tokens(), options).unwrap();
            let wake = move || waker.wake().unwrap();
            (Loop { poll, events: Events::with_capacity(64), client }, wake)
        }))
    }
}

struct Loop {
    poll: Poll,
    events: Events,
    client: Client,
}

impl EventLoop for Loop {
    type Call = CallId;

    fn start(&mut self, request: Request<()>, body: BodyPlan) -> Result<CallId, Failure> {
        self.client.start(request, body).map_err(|error| failure(&error))
    }

    fn next(&mut self) -> Option<(CallId, News)> {
        loop {
            let (call, event) = self.client.next_event()?;
            let news = match event {
                Event::NeedBody { from } => News::NeedBody { from },
                Event::Head(head) => News::Head(head.status()),
                Event::Data(bytes) => News::Data(bytes.to_vec()),
                Event::End { .. } => News::End,
                Event::Failed(error) => News::Failed(failure(&error)),
                Event::Hop(_) | Event::Interim(_) | Event::Passing(_) | Event::Upgraded(_) => continue,
            };
            return Some((call, news));
        }
    }

    fn turn(&mut self) {
        match self.poll.poll(&mut self.events, self.client.next_timeout()) {
            Err(error) if error.kind() == Interrupted => {}
            polled => polled.unwrap(),
        }
        for event in &self.events {
            self.client.handle(event);
        }
    }

    fn give_up(&mut self, call: CallId) {
        self.client.discard(call);
    }

    fn pause(&mut self, call: CallId) {
        self.client.pause(call);
    }

    fn resume(&mut self, call: CallId) {
        self.client.resume(call);
    }

    fn body(&mut self, call: CallId, piece: &[u8]) {
        match piece {
            [] => self.client.finish_body(call, None),
            bytes => self.client.send_body(call, bytes),
        };
    }

    fn body_failed(&mut self, call: CallId) {
        self.client.body_failed(call, "reading it failed");
    }

    fn preconnect(&mut self, url: &Uri, count: usize) -> bool {
        self.client.preconnect(url, count).is_ok()
    }

    fn counts(&self) -> Option<Counts> {
        let stats = self.client.stats();
        Some(Counts { open: stats.open, idle: stats.idle, waiting: stats.waiting, late: None })
    }
}
