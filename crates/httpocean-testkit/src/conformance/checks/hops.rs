//! Redirects, retries and replays: the next request gets its connection, and its body from the start.

use http::{Method, StatusCode};
use httpocean_core::Config;
use httpocean_core::policy::Retries;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let tries = std::sync::atomic::AtomicU64::default();
    let other = Server::start(|_| Reply::ok("there"));
    let there = other.url("/");
    let server = Server::start(move |request: &Request| match request.target.as_str() {
        "/elsewhere" => Reply::status(307, "Temporary Redirect").header("Location", there.clone()),
        "/busy" if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 => Reply::status(503, "Busy"),
        "/stale" => Reply::ok("").then(End::CloseOnNextRequest),
        _ => Reply::ok("here"),
    });
    let retries = Retries { statuses: vec![StatusCode::SERVICE_UNAVAILABLE], ..Retries::new(2) };
    let client = scene.client(Setup { config: Config { retries, ..Config::default() }, ..Setup::default() });
    scene.expect(Rule::Hops, "a redirect to another host to be followed");
    let whole = scene.get(&client, server.url("/elsewhere"))?;
    scene.ensure(whole.body == b"there", || format!("the status was {}", whole.status))?;
    scene.expect(Rule::Hops, "a request to be sent again after a wait without a connection");
    let whole = scene.get(&client, server.url("/busy"))?;
    scene.ensure(whole.body == b"here", || format!("the status was {}", whole.status))?;
    scene.expect(Rule::Hops, "a request to be sent again whose connection ended before the answer");
    scene.get(&client, server.url("/stale"))?;
    scene.get(&client, server.url("/"))?;
    body_again(scene, &client, &server, &other)
}

fn body_again(
    scene: &Scene,
    client: &std::sync::Arc<dyn crate::conformance::Client>,
    server: &Server,
    other: &Server,
) -> Checking {
    if scene.needs(Lack::Uploads).is_err() {
        return Ok(());
    }
    scene.expect(Rule::Hops, "a redirect to take the whole body along");
    let body = vec![b'x'; 100_000];
    let put = request(Method::PUT, &server.url("/elsewhere"));
    scene.answer(scene.begin_whole(client, put, Upload::Bytes(body.clone())))?;
    let requests = other.requests();
    let arrived = requests.last().map(|received| &received.body);
    let len = arrived.map(Vec::len);
    scene.ensure(arrived == Some(&body), || {
        format!("{len:?} bytes of {} arrived there, or others", body.len())
    })
}
