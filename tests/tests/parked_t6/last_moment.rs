//! The last moment at which it can be found: the connection was handed to the next request, of which nothing is
//! written yet.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use httpocean_std::core::dial::Route;
use httpocean_std::http::Method;
use httpocean_std::{Client, Config, Connect, Key, Observed, Observer, Ready, TcpConnector, Transport};
use httpocean_tests::{By, On, Way};

use super::server::Server;
use super::{FIRST, STRAYS, patient};

/// The look at an idle connection, and what happens right before it.
struct Stirring {
    server: Arc<Server>,
    tcp: TcpConnector,
}

struct StirringTransport {
    server: Arc<Server>,
    inner: Box<dyn Transport>,
    /// The connection that serves a second request is stirred once, before it.
    is_done: bool,
}

impl Connect for Stirring {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        self.tcp.resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let inner = self.tcp.connect(key, addr, until)?;
        Ok(Box::new(StirringTransport { server: self.server.clone(), inner, is_done: false }))
    }
}

impl Transport for StirringTransport {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.inner.read(buf, until)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        self.inner.wait(read, write, until)
    }

    fn probe(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.is_done, true) {
            self.server.stray();
        }
        self.inner.probe(buf)
    }
}

#[test]
fn right_before_the_look_of_std() {
    let server = Arc::new(Server::start(false));
    let mut seconds = 0;
    for (method, response, content) in &FIRST {
        for stray in STRAYS {
            let config = Config { call: patient(), ..Config::default() };
            let connector = Stirring { server: server.clone(), tcp: TcpConnector::default() };
            let client = Client::builder().config(config).connector(connector).build();
            server.plays(response, stray, false);
            let mut first = client.request(method.clone(), server.url("/first")).unwrap().send().unwrap();
            assert_eq!(first.body_mut().read_to_string(100).unwrap(), *content);
            assert_eq!(first.body().parked(), Some(true));
            let next = client.request(Method::POST, server.url("/second")).unwrap().body("content").send();
            let mut next = next.unwrap_or_else(|error| panic!("{response:?} {stray:?}: {error}"));
            assert_eq!(next.body_mut().read_to_string(100).unwrap(), "second", "{response:?} {stray:?}");
            assert_eq!(next.body().connection().unwrap().number, 2);
            seconds += 1;
        }
    }
    assert_eq!(server.seconds(), seconds);
}

struct AtTheGrant(Arc<Server>);

impl Observer for AtTheGrant {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Granted { connection, .. } = event {
            if connection.reused > 0 {
                self.0.stray();
            }
        }
    }
}

#[test]
fn at_the_grant_of_mio() {
    let server = Arc::new(Server::start(false));
    let mut seconds = 0;
    for (method, response, content) in &FIRST {
        for stray in STRAYS {
            let client = On::new(By::Mio, Way::Plain)
                .builder()
                .call(patient())
                .observer(AtTheGrant(server.clone()))
                .build();
            server.plays(response, stray, false);
            let mut first = client.request(method.clone(), server.url("/first")).send().unwrap();
            assert_eq!(first.body_mut().read_to_string(100).unwrap(), *content);
            let next = client.request(Method::POST, server.url("/second")).body("content").send();
            let mut next = next.unwrap_or_else(|error| panic!("{response:?} {stray:?}: {error}"));
            assert_eq!(next.body_mut().read_to_string(100).unwrap(), "second", "{response:?} {stray:?}");
            assert_eq!(next.body().connection().unwrap().number, 2);
            seconds += 1;
        }
    }
    assert_eq!(server.seconds(), seconds);
}
