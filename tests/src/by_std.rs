//! Scenarios on httpocean-std.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, Request, Uri};
use httpocean_cli::reactor::Source;
use httpocean_std::core::dial::Route;
use httpocean_std::{
    Client, ClientBuilder, Connect, Decoding, Error, Key, Observed, Observer, Started, Stats, TcpConnector,
    Transport, UnixConnector,
};

use crate::adapter::{Adapter, Answer, Received, Setup, Stream};
use crate::body::Body;
use crate::counted::{Counted, Open};
use crate::names::Names;

pub(crate) fn build(setup: Setup) -> Arc<dyn Adapter> {
    // The other adapter decodes nothing: what both do alike is compared byte for byte.
    let mut builder = Client::builder()
        .pool(setup.pool)
        .config((*setup.config).clone())
        .retry_budget(setup.budget)
        .names_for(setup.names_for)
        .decoding(Decoding::Raw)
        .session(setup.session);
    if let Some(observer) = setup.observer {
        builder = builder.observer(Shared(observer));
    }
    let builder = match (setup.unix, setup.names) {
        (Some(path), _) => connected(builder, UnixConnector::new(path), setup.open),
        (None, Some(names)) => connected(builder, Named { names, tcp: TcpConnector::default() }, setup.open),
        (None, None) => connected(builder, TcpConnector::default(), setup.open),
    };
    Arc::new(builder.build())
}

fn connected(builder: ClientBuilder, way: impl Connect, open: Option<Open>) -> ClientBuilder {
    match open {
        Some(open) => builder.connector(Counted::with(way, open)),
        None => builder.connector(way),
    }
}

impl Adapter for Client {
    fn send(&self, request: Request<()>, body: Body) -> Result<Answer, Error> {
        let body = std_body(body).expect("a test's bodies can be read");
        let (parts, body) = self.send(request.map(|()| body))?.into_parts();
        Ok(Answer {
            head: http::Response::from_parts(parts, ()),
            reason: body.reason().unwrap_or_default().to_vec(),
            interim: body.interim().iter().map(copy).collect(),
            hops: body.hops().to_vec(),
            connection: body.connection().copied(),
            url: body.url().unwrap_or_default(),
            body: Box::new(body),
        })
    }

    fn stats(&self) -> Stats {
        self.stats()
    }

    fn preconnect(&self, url: Uri, count: usize) -> Result<(), Error> {
        self.preconnect(url.to_string(), count)
    }

    fn tend(&self) {
        self.tend();
    }

    fn clear_idle(&self) {
        self.clear_idle();
    }

    fn close(&self) {
        self.close();
    }
}

impl Received for httpocean_std::Body {
    fn parked(&self) -> Option<bool> {
        self.parked()
    }

    fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.take_trailers()
    }

    fn finish(self: Box<Self>) -> Result<bool, Error> {
        (*self).finish()
    }

    fn upgrade(self: Box<Self>) -> Result<Box<dyn Stream>, Box<dyn Received>> {
        match (*self).upgrade() {
            Ok(stream) => Ok(Box::new(stream)),
            Err(body) => Err(Box::new(body)),
        }
    }
}

fn std_body(body: Body) -> io::Result<httpocean_std::Body> {
    use httpocean_std::Body;
    let (source, trailers) = body.into_source()?;
    let body = match source {
        Source::Bytes(bytes) => Body::from(bytes),
        Source::Seekable(source) => Body::from_seekable(source)?,
        Source::Reader(source) => Body::from_reader(source),
        Source::Sized(source, size) => Body::from_sized_reader(source, size),
    };
    Ok(match trailers {
        Some(trailers) => body.with_trailers(trailers),
        None => body,
    })
}

fn copy(head: &http::Response<()>) -> http::Response<()> {
    let mut copy = http::Response::new(());
    (*copy.status_mut(), *copy.version_mut()) = (head.status(), head.version());
    *copy.headers_mut() = head.headers().clone();
    copy
}

struct Shared(Arc<dyn Observer>);

impl Observer for Shared {
    fn observe(&self, event: &Observed<'_>) {
        self.0.observe(event);
    }
}

/// By TCP to what the test says.
struct Named {
    names: Names,
    tcp: TcpConnector,
}

impl Connect for Named {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        // As the other adapter has it: a host that is an address needs no look-up.
        match key.address() {
            Some(_) => self.tcp.resolve(key, until),
            None => Ok(Route::Addresses(self.names.look_up(key, until)?.into_iter().collect())),
        }
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        self.tcp.connect(key, addr, until)
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        self.tcp.start(key, addr)
    }
}
