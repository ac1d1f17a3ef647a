//! httpocean-std, which blocks.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response, StatusCode};
use httpocean_std::core::dial::Route;
use httpocean_std::{Body, Client, Connect, Key, Started, TcpConnector, Transport};
use httpocean_testkit::conformance::{self, Adapter, Answer, Counts, Failure, Lack, Setup, Upload};
use httpocean_tests::of_reading;

use super::failure;

pub(crate) struct Std;

impl Adapter for Std {
    fn name(&self) -> &str {
        "httpocean-std"
    }

    fn client(&self, setup: Setup) -> Arc<dyn conformance::Client> {
        let builder = Client::builder().pool(setup.pool).config(setup.config);
        Arc::new(Blocking(match setup.addresses {
            Some(addresses) => builder.connector(Pinned(addresses)).build(),
            None => builder.build(),
        }))
    }

    fn lacks(&self) -> &[Lack] {
        &[Lack::WatchedIdle]
    }
}

struct Blocking(Client);

impl conformance::Client for Blocking {
    fn send(&self, request: Request<()>, body: Upload) -> Result<Box<dyn Answer>, Failure> {
        let body = match body {
            Upload::None => Body::empty(),
            Upload::Bytes(bytes) => Body::from(bytes),
            Upload::Reader(Some(size), reader) => Body::from_sized_reader(reader, size),
            Upload::Reader(None, reader) => Body::from_reader(reader),
        };
        let response = self.0.send(request.map(|()| body)).map_err(|error| failure(&error))?;
        Ok(Box::new(Reading(response.into_http())))
    }

    fn preconnect(&self, url: &str, count: usize) -> bool {
        self.0.preconnect(url, count).is_ok()
    }

    fn counts(&self) -> Option<Counts> {
        let stats = self.0.stats();
        Some(Counts { open: stats.open, idle: stats.idle, waiting: stats.waiting, late: None })
    }

    fn tend(&self) -> bool {
        self.0.tend();
        true
    }
}

struct Reading(Response<Body>);

impl Answer for Reading {
    fn status(&self) -> StatusCode {
        self.0.status()
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
        self.0.body_mut().read(into).map_err(|error| failure(&of_reading(error)))
    }
}

/// Every host has these addresses.
struct Pinned(Vec<SocketAddr>);

impl Connect for Pinned {
    fn resolve(&self, _: &Key, _: Option<Instant>) -> io::Result<Route> {
        Ok(Route::Addresses(self.0.iter().copied().collect()))
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        TcpConnector::default().connect(key, addr, until)
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        TcpConnector::default().start(key, addr)
    }
}
