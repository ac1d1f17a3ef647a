//! A body whose pieces come slowly holds up nobody.

use std::io::{self, Read};
use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{Reply, Server};

struct Slow(u8);

impl Read for Slow {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.0.checked_sub(1) else { return Ok(0) };
        std::thread::sleep(Duration::from_millis(40));
        self.0 = left;
        let len = into.len().min(3);
        into[..len].fill(b'x');
        Ok(len)
    }
}

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Uploads)?;
    let server = Server::start(|_| Reply::ok(""));
    let client = scene.client(Setup::default());
    let put = request(Method::PUT, &server.url("/slow"));
    scene.expect(Rule::Bodies, "a request to go out while another one's body is not there yet");
    let slow = scene.begin_whole(&client, put, Upload::Reader(None, Box::new(Slow(5))));
    scene.get(&client, server.url("/other"))?;
    scene.expect(Rule::Bodies, "every piece of a slow body to be sent");
    scene.answer(slow)?;
    let requests = server.requests();
    let body =
        requests.iter().find(|received| received.request.method == "PUT").map(|received| &received.body);
    scene.ensure(body.is_some_and(|body| body == &[b'x'; 15]), || format!("the server saw {body:?}"))
}
