//! Requests that follow each other share a connection, however their responses are framed.

use http::Method;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/sized" => Reply::ok("hello"),
        "/chunked" => Reply::ok("").chunked(["hel", "lo"], [("X-Trailer", "t")]),
        "/interim" => Reply::ok("hello").interim(103, "Early Hints", [("Link", "</a.css>")]),
        _ => Reply::status(204, "No Content"),
    });
    let client = scene.client(Setup::default());
    scene.expect(Rule::Facts, "each response as it was sent");
    for _ in 0..5 {
        for path in ["/sized", "/chunked", "/interim", "/none"] {
            let body = scene.get(&client, server.url(path))?.body;
            let sent: &[u8] = if path == "/none" { b"" } else { b"hello" };
            scene.ensure(body == sent, || format!("{path} brought {:?}", String::from_utf8_lossy(&body)))?;
        }
        let head = request(Method::HEAD, &server.url("/sized"));
        let body = scene.answer(scene.begin_whole(&client, head, Upload::None))?.body;
        scene.ensure(body.is_empty(), || "the answer to a HEAD had content".into())?;
    }
    scene
        .expect(Rule::Ends, "one connection for 25 requests, because each was released in time for the next");
    let stats = server.stats();
    scene.ensure(stats.accepted == 1, || format!("the server saw {stats:?}"))
}
