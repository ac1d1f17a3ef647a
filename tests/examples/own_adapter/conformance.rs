//! The driver keeps the rules of the adapter guide, as far as it goes.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant as Clock;

use http::{Request, Uri};
use httpocean_core::{BodyPlan, CallId, Engine, Event, Io};
use httpocean_testkit::conformance::{
    self, Adapter, Client, Counts, EventLoop, Failure, Lack, News, Setup, Turned,
};

use super::Driver;

struct Example;

impl Adapter for Example {
    fn name(&self) -> &str {
        "the example"
    }

    fn client(&self, setup: Setup) -> Arc<dyn Client> {
        Arc::new(Turned::start(|| {
            let engine = Engine::new(setup.pool, Arc::new(setup.config));
            let (tell, told) = channel();
            let user = move |call, event, io: &Io| {
                // Nobody here asks for more than these.
                _ = news(event, io).map(|news| tell.send((call, news)));
            };
            let driver = Driver { engine, links: Default::default(), started: Clock::now(), user };
            let (wake, woken) = UnixStream::pair().unwrap();
            wake.set_nonblocking(true).unwrap();
            woken.set_nonblocking(true).unwrap();
            // If it is full, it is woken already.
            (Turning { driver, told, woken }, move || _ = (&wake).write(&[0]))
        }))
    }

    fn lacks(&self) -> &[Lack] {
        &[Lack::Uploads, Lack::SlowUsers, Lack::FreeConnects, Lack::Addresses]
    }
}

fn news(event: Event, io: &Io) -> Option<News> {
    match event {
        Event::Head(len) => Some(News::Head(io.head(len).status())),
        Event::Data(len) => Some(News::Data(io.data(len).to_vec())),
        Event::End { .. } => Some(News::End),
        Event::Failed(error) => Some(News::Failed(error.into())),
        Event::Hop(_)
        | Event::Interim(_)
        | Event::Passing(_)
        | Event::NeedBody { .. }
        | Event::Upgraded(_) => None,
    }
}

struct Turning<U> {
    driver: Driver<U>,
    told: Receiver<(CallId, News)>,
    woken: UnixStream,
}

impl<U: FnMut(CallId, Event, &Io)> EventLoop for Turning<U> {
    type Call = CallId;

    fn start(&mut self, request: Request<()>, body: BodyPlan) -> Result<CallId, Failure> {
        Ok(self.driver.engine.start(request, body, self.driver.now())?)
    }

    fn next(&mut self) -> Option<(CallId, News)> {
        self.driver.carry_out();
        self.told.try_recv().ok()
    }

    fn turn(&mut self) {
        self.driver.sleep(Some(&self.woken)).unwrap();
        while self.woken.read(&mut [0; 64]).is_ok_and(|len| len > 0) {}
    }

    fn give_up(&mut self, call: CallId) {
        self.driver.engine.discard(call, self.driver.now());
    }

    fn preconnect(&mut self, url: &Uri, count: usize) -> bool {
        self.driver.engine.preconnect(url, count, self.driver.now()).is_ok()
    }

    fn counts(&self) -> Option<Counts> {
        let counts = self.driver.engine.counts();
        let late = Some(counts.stale_inputs);
        Some(Counts { open: counts.open, idle: counts.idle, waiting: counts.waiting, late })
    }

    fn stir(&mut self) -> bool {
        let now = self.driver.now();
        self.driver.links.keys().for_each(|conn| self.driver.engine.ready(*conn, now));
        true
    }
}

#[test]
fn the_example_keeps_the_rules() {
    let report = conformance::run(Example);
    println!("{report}");
    report.assert();
}
