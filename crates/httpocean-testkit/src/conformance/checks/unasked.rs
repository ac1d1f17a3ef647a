//! What a server says on an idle connection is nobody's response.

use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let unasked = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked".to_vec();
    let server = Server::start(move |request: &Request| {
        let reply = Reply::ok(request.target.clone());
        match request.index {
            0 => reply.then(End::SendUnasked { after: Duration::ZERO, bytes: unasked.clone() }),
            _ => reply,
        }
    });
    let client = scene.client(Setup::default());
    scene.expect(Rule::IdleConnections, "bytes on an idle connection to close it, and to reach no request");
    for round in 0..5 {
        let path = format!("/{round}");
        // Behind the unasked bytes no answer is the right one, so that one must not be lost to a replay either.
        let post = request(Method::POST, &server.url(&path));
        let whole = scene.answer(scene.begin_whole(&client, post, Upload::None))?;
        let body = String::from_utf8_lossy(&whole.body).into_owned();
        scene.ensure(body == path, || format!("the answer to {path} was {body:?}"))?;
        // They are on their way by now; how far, nobody on this side can know.
        std::thread::sleep(Duration::from_millis(40));
    }
    Ok(())
}
