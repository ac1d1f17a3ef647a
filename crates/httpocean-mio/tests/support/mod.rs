//! Runs calls to their ends and says what came of them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs, and fails if it cannot go on"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use httpocean_mio::http::{HeaderMap, Request};
use httpocean_mio::{BodyPlan, CallId, Connection, Error, Event, Hop, Loop, Options, Upgraded, pool};

/// So long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a call came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passing: Vec<u16>,
    pub(crate) interims: Vec<u16>,
    pub(crate) status: Option<u16>,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) body_len: u64,
    pub(crate) trailers: Option<Box<HeaderMap>>,
    pub(crate) parked: Option<bool>,
    pub(crate) connection: Option<Connection>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) upgraded: Option<Upgraded>,
    pub(crate) error: Option<Error>,
    pub(crate) asked_for_body: usize,
}

impl Outcome {
    pub(crate) fn text(&self) -> &str {
        assert!(self.error.is_none(), "{}", self.error.as_ref().unwrap());
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Notes what an event says; `true` at the last one.
    pub(crate) fn note(&mut self, event: Event<'_>) -> bool {
        match event {
            Event::Hop(hop) => self.hops.push(*hop),
            Event::Interim(head) => self.interims.push(head.status().as_u16()),
            Event::Passing(head) => self.passing.push(head.status().as_u16()),
            Event::Head(head) => {
                self.status = Some(head.status().as_u16());
                self.fields = head.to_response().headers().clone();
            }
            Event::Data(bytes) => {
                self.body_len += bytes.len() as u64;
                if self.body.len() < 1 << 20 {
                    self.body.extend_from_slice(bytes);
                }
            }
            Event::NeedBody { .. } => self.asked_for_body += 1,
            Event::End { trailers, parked } => {
                (self.trailers, self.parked) = (trailers, Some(parked));
                return true;
            }
            Event::Upgraded(upgraded) => {
                self.upgraded = Some(upgraded);
                return true;
            }
            Event::Failed(error) => {
                self.error = Some(error);
                return true;
            }
        }
        false
    }
}

pub(crate) fn get(url: &str) -> Request<()> {
    Request::get(url).body(()).unwrap()
}

/// A loop that keeps `n` connections of a key at most.
pub(crate) fn loop_of(n: usize) -> Loop {
    let pool = pool::Options { max_per_key: n, max_idle_per_key: n, ..pool::Options::default() };
    Loop::new(Options { pool, ..Options::default() }).unwrap()
}

/// Runs every call to its end.
pub(crate) fn run(looped: &mut Loop) -> BTreeMap<CallId, Outcome> {
    run_with(looped, |_, _| unreachable!("no call has a body"))
}

/// The same; `feed` answers when the body is wanted from an offset on.
pub(crate) fn run_with(
    looped: &mut Loop,
    mut feed: impl FnMut(&mut Loop, (CallId, u64)),
) -> BTreeMap<CallId, Outcome> {
    let mut outcomes = BTreeMap::<CallId, Outcome>::new();
    loop {
        let Some((call, event)) = looped.next_event().unwrap() else { return outcomes };
        let wanted = if let Event::NeedBody { from } = event { Some(from) } else { None };
        outcomes.entry(call).or_default().note(event);
        let connection = looped.client().connection(call).copied();
        outcomes.entry(call).or_default().connection = connection;
        if let Some(from) = wanted {
            feed(looped, (call, from));
        }
    }
}

/// Runs one GET.
pub(crate) fn fetch(looped: &mut Loop, url: &str) -> Outcome {
    let call = looped.client().start(get(url), BodyPlan::empty()).unwrap();
    run(looped).remove(&call).unwrap()
}

/// Turns until `done`, noting nothing: for what happens without a call. `false` when it does not.
pub(crate) fn turn_until(looped: &mut Loop, mut done: impl FnMut(&mut Loop) -> bool) -> bool {
    for _ in 0..2_000 {
        while looped.client().next_event().is_some() {}
        if done(looped) {
            return true;
        }
        looped.turn(Some(Duration::from_millis(10))).unwrap();
    }
    false
}

/// Asks for events until `last` says of one that it is enough.
pub(crate) fn until(looped: &mut Loop, mut last: impl FnMut(CallId, &Event<'_>) -> bool) {
    while let Some((call, event)) = looped.next_event().unwrap() {
        if last(call, &event) {
            return;
        }
    }
    panic!("all calls ended before");
}

/// A listener that has no room: a connection to it is never made. Keep the guard.
pub(crate) fn full_listener() -> (impl Sized, std::net::SocketAddr) {
    use socket2::{Domain, Socket, Type};
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let addr = listener.local_addr().unwrap().as_socket().unwrap();
    let fillers: Vec<_> = (0..4)
        .map(|_| {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&addr.into());
            filler
        })
        .collect();
    ((listener, fillers), addr)
}
