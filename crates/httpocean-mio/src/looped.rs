//! A loop of its own, for programs that have none.

use std::io;
use std::time::Duration;

use httpocean_core::CallId;
use mio::{Events, Poll};

use crate::client::Client;
use crate::event::Event;
use crate::options::Options;

/// A [`Client`] with a poll of its own.
///
/// ```
/// # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
/// # let url = server.url("/");
/// use httpocean_mio::{BodyPlan, Event, Loop, Options, http::Request};
///
/// let mut looped = Loop::new(Options::default())?;
/// for _ in 0..10 {
///     looped.client().start(Request::get(&url).body(()).unwrap(), BodyPlan::empty()).unwrap();
/// }
/// let mut done = 0;
/// while let Some((call, event)) = looped.next_event()? {
///     match event {
///         Event::Head(head) => assert_eq!(head.status(), 200),
///         Event::End { .. } => done += 1,
///         Event::Failed(error) => panic!("{call:?}: {error}"),
///         _ => {}
///     }
/// }
/// assert_eq!(done, 10);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Loop {
    poll: Poll,
    events: Events,
    client: Client,
}

impl Loop {
    /// A client of these options and a poll for it. The options bring no waker: it would be another poll's.
    ///
    /// # Errors
    /// When the system gives no poll.
    pub fn new(options: Options) -> io::Result<Self> {
        let poll = Poll::new()?;
        // Four generations of each token.
        let tokens = 0..4 * options.tokens();
        let client = Client::new(poll.registry(), tokens, Options { waker: None, ..options })?;
        Ok(Self { poll, events: Events::with_capacity(256), client })
    }

    /// The client, to start calls and to answer events.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Waits for the next thing to know, and says which call it is about; `None` when no call is left. A paused
    /// call is one that is left.
    ///
    /// # Errors
    /// When the poll fails.
    pub fn next_event(&mut self) -> io::Result<Option<(CallId, Event<'_>)>> {
        loop {
            if let Some((call, said)) = self.client.advance() {
                return Ok(Some((call, self.client.lend(said))));
            }
            if self.client.calls() == 0 {
                return Ok(None);
            }
            self.turn(None)?;
        }
    }

    /// Polls once, for so long at most, for instance to let idle connections be tended: afterwards ask the client
    /// for its [`next_event`](Client::next_event)s.
    ///
    /// # Errors
    /// When the poll fails.
    pub fn turn(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        let timeout = self.client.next_timeout().into_iter().chain(at_most).min();
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        for event in &self.events {
            self.client.handle(event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Event, Loop, Options};
    use httpocean_core::BodyPlan;
    use httpocean_testkit::server::{Reply, Server};

    #[test]
    fn connections_that_wait_for_their_peers_own_no_memory_to_read_into() {
        let server = Server::start(|request| {
            std::thread::sleep(Duration::from_millis(if request.target == "/late" { 300 } else { 0 }));
            Reply::ok("here")
        });
        let mut looped = Loop::new(Options::default()).unwrap();
        // Used once, so that what they had for it they might have kept.
        for path in ["/", "/late"] {
            for _ in 0..8 {
                let request = http::Request::get(server.url(path)).body(()).unwrap();
                looped.client().start(request, BodyPlan::empty()).unwrap();
            }
            let mut least = usize::MAX;
            while looped.client.calls() > 0 {
                while looped.client.next_event().is_some() {}
                if looped.client.links.with_buffers() == 8 {
                    least = least.min(looped.client.links.bytes_of_buffers());
                }
                looped.turn(Some(Duration::from_millis(10))).unwrap();
            }
            assert!(path == "/" || least < 8 * 4096, "{least}");
        }
        assert_eq!(server.stats().requests, 16);
    }

    #[test]
    fn idle_connections_own_no_buffers() {
        let server = Server::start(|_| Reply::generated(100_000));
        let mut looped = Loop::new(Options::default()).unwrap();
        for _ in 0..3 {
            for _ in 0..10 {
                let request = http::Request::get(server.url("/")).body(()).unwrap();
                looped.client().start(request, BodyPlan::empty()).unwrap();
            }
            let mut most = 0;
            while let Some((_, event)) = looped.next_event().unwrap() {
                assert!(!matches!(event, Event::Failed(_)), "{event:?}");
                most = most.max(looped.client.links.with_buffers());
            }
            assert!(most > 0);
            assert_eq!(looped.client.links.with_buffers(), 0);
            assert!(looped.client.stats().idle > 0);
        }
    }
}
