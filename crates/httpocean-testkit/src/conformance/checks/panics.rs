//! A user whose code panics costs others nothing.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use http::Method;
use httpocean_core::pool;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{Reply, Server};

struct Panics;

impl Read for Panics {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        // Without the hook, which would print a story about it.
        resume_unwind(Box::new("a user's code panics"))
    }
}

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Uploads)?;
    let server = Server::start(|_| Reply::ok(""));
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    scene.expect(Rule::Panics, "the only connection to come back after a body's reader panicked");
    let (user, url) = (client.clone(), server.url("/"));
    scene.in_time(move || {
        let upload = Upload::Reader(None, Box::new(Panics));
        let _ = catch_unwind(AssertUnwindSafe(|| user.send(request(Method::POST, &url), upload).map(drop)));
    })?;
    scene.get(&client, server.url("/")).map(drop)
}
