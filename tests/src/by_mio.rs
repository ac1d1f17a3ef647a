//! Scenarios on httpocean-mio: its client is turned by a thread of its own, and the others wait for what it tells.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Uri};
use httpocean_cli::reactor::{Incoming, Pace, Reactor};
use httpocean_core::Channel;
use httpocean_mio::{Connector, Observed, Observer, Options, UnixConnector, Upgraded};
use httpocean_std::{Error, Stats};

use crate::adapter::{Adapter, Answer, Received, Setup, Stream};
use crate::body::Body;
use crate::counted::{One, Open};
use crate::lock;

pub(crate) fn build(setup: Setup) -> Arc<dyn Adapter> {
    let mut options =
        Options { pool: setup.pool, config: setup.config, budget: setup.budget, ..Options::default() };
    options.session = setup.session;
    if let Some(path) = setup.unix {
        options.connector = Connector::Unix(UnixConnector::new(path));
    }
    options.names_for = setup.names_for;
    if let Some(names) = setup.names {
        // As many as may stand before a gate.
        (options.resolver, options.resolver_threads) = (Arc::new(names), 64);
    }
    options.observer = setup.observer;
    if let Some(open) = setup.open {
        let (sockets, other) = (Mutex::default(), options.observer.take());
        options.observer = Some(Arc::new(Watching { open, sockets, other }));
    }
    Arc::new(Turned(Some(Reactor::start(options, Pace::InStep).expect("a poll and a thread"))))
}

/// There until it is dropped.
struct Turned(Option<Reactor>);

impl Turned {
    fn reactor(&self) -> &Reactor {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Turned {
    fn drop(&mut self) {
        if let Some(reactor) = self.0.take() {
            reactor.leave();
        }
    }
}

impl Adapter for Turned {
    fn send(&self, request: Request<()>, body: Body) -> Result<Answer, Error> {
        let (source, trailers) = body.into_source().expect("a test's bodies can be read");
        let mut incoming = self.reactor().send(request, source, trailers)?;
        let head = incoming.take_head();
        Ok(Answer {
            head: head.response,
            reason: head.reason,
            interim: incoming.take_interim(),
            hops: incoming.hops().to_vec(),
            connection: head.connection,
            url: head.url,
            body: Box::new(Reading(incoming)),
        })
    }

    fn stats(&self) -> Stats {
        self.reactor().stats().expect("the loop runs")
    }

    fn preconnect(&self, url: Uri, count: usize) -> Result<(), Error> {
        self.reactor().preconnect(url, count)
    }

    fn clear_idle(&self) {
        self.reactor().clear_idle().expect("the loop runs");
    }

    fn close(&self) {
        self.reactor().close().expect("the loop runs");
    }
}

struct Reading(Incoming);

impl Read for Reading {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.0.read(buf)?)
    }
}

impl Received for Reading {
    fn parked(&self) -> Option<bool> {
        self.0.parked()
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.0.take_trailers()
    }

    fn finish(self: Box<Self>) -> Result<bool, Error> {
        self.0.finish()
    }

    fn upgrade(mut self: Box<Self>) -> Result<Box<dyn Stream>, Box<dyn Received>> {
        match self.0.take_upgraded() {
            Some(upgraded) => Ok(blocking(upgraded).expect("a socket can be made to wait")),
            None => Err(self),
        }
    }
}

/// A socket that waits from now on, and what is spoken over it.
fn blocking(upgraded: Upgraded) -> io::Result<Box<dyn Stream>> {
    let Upgraded { stream, channel } = upgraded;
    Ok(match stream {
        httpocean_mio::Stream::Tcp(stream) => {
            let stream = TcpStream::from(OwnedFd::from(stream));
            stream.set_nonblocking(false)?;
            Box::new(Spoken { channel, stream })
        }
        httpocean_mio::Stream::Unix(stream) => {
            let stream = UnixStream::from(OwnedFd::from(stream));
            stream.set_nonblocking(false)?;
            Box::new(Spoken { channel, stream })
        }
        other => panic!("{other:?}"),
    })
}

struct Spoken<S> {
    channel: Box<Channel>,
    stream: S,
}

impl<S: Read> Read for Spoken<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(n) = self.channel.read(buf).map_err(|error| io::Error::other(error.to_string()))? {
                return Ok(n);
            }
            let rx = &mut self.channel.io().rx;
            match self.stream.read(rx.space(4096))? {
                0 => rx.set_eof(),
                n => rx.filled(n),
            }
        }
    }
}

impl<S: Write> Write for Spoken<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.channel.write(buf);
        self.flush().map(|()| buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let tx = &mut self.channel.io().tx;
        self.stream.write_all(tx.pending())?;
        tx.sent(usize::MAX);
        Ok(())
    }
}

/// Counts sockets by what is told: on one thread, a dial before its socket is opened, a close after it is done.
struct Watching {
    open: Open,
    sockets: Mutex<Vec<One>>,
    other: Option<Arc<dyn Observer>>,
}

impl Observer for Watching {
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else opens or closes a socket")]
    fn observe(&self, event: &Observed<'_>) {
        match event {
            Observed::Dialing { .. } => lock(&self.sockets).push(self.open.another()),
            Observed::DialFailed { .. } | Observed::Closed { .. } => _ = lock(&self.sockets).pop(),
            _ => {}
        }
        if let Some(other) = &self.other {
            other.observe(event);
        }
    }
}
