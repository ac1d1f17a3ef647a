//! A server answers a long request that it does not read: the answer is seen.

use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{End, Reply, Request, Server};

const LEN: u64 = 1 << 40;

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Uploads)?;
    let server = Server::start(|request: &Request| {
        let no = Reply::status(413, "Content Too Large").body("no").early();
        let no = no.then(End::Hold(Duration::from_secs(3600)));
        // Late enough for the client to stand before full buffers.
        if request.target == "/late" { no.pause(Duration::from_millis(150)) } else { no }
    });
    let client = scene.client(Setup::default());
    scene.expect(Rule::LookForAnAnswer, "the answer of a server that reads no more of a long body");
    for (path, size) in [("/", Some(LEN)), ("/late", Some(LEN)), ("/late", None)] {
        let post = request(Method::POST, &server.url(path));
        let endless = Upload::Reader(size, Box::new(std::io::repeat(b'x')));
        let whole = scene.answer(scene.begin_whole(&client, post, endless))?;
        scene.ensure(whole.status == 413 && whole.body == b"no", || {
            format!("the status was {}", whole.status)
        })?;
    }
    scene.expect(Rule::Order, "connections whose request is half sent not to be used again");
    let accepted = server.stats().accepted;
    scene.ensure(accepted == 3, || format!("the server accepted {accepted}"))
}
