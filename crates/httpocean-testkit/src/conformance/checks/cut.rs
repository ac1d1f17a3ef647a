//! A response that is cut short is a failure, and at once.

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| {
        let cut = match request.target.as_str() {
            "/sized" => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "/chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            _ => "HTTP/1.1 200 OK\r\nContent-Le",
        };
        Reply::raw(cut).then(End::Close)
    });
    let client = scene.client(Setup::default());
    for path in ["/sized", "/chunked", "/head"] {
        scene.expect(
            Rule::ForgottenEnd,
            format!("a response whose connection ends ({path}) to fail for that"),
        );
        let (failure, _) = scene.failure(&client, get(&server.url(path)))?;
        scene.ensure(!failure.timed_out, || format!("it failed with {}", failure.text))?;
    }
    Ok(())
}
