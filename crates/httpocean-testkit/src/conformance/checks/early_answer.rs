//! A server answers a long request that it does not read: the answer is seen.

use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{End, Reply, Server};

const LEN: u64 = 1 << 40;

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Uploads)?;
    let hold = End::Hold(Duration::from_secs(3600));
    let server =
        Server::start(move |_| Reply::status(413, "Content Too Large").body("no").early().then(hold.clone()));
    let client = scene.client(Setup::default());
    scene.expect(Rule::LookForAnAnswer, "the answer of a server that reads no more of a long body");
    for size in [Some(LEN), None] {
        let post = request(Method::POST, &server.url("/"));
        let endless = Upload::Reader(size, Box::new(std::io::repeat(b'x')));
        let whole = scene.answer(scene.begin_whole(&client, post, endless))?;
        scene.ensure(whole.status == 413 && whole.body == b"no", || {
            format!("the status was {}", whole.status)
        })?;
    }
    scene.expect(Rule::Order, "connections whose request is half sent to be closed");
    let accepted = server.stats().accepted;
    scene.ensure(accepted == 2, || format!("the server accepted {accepted}"))
}
