//! What a server says on an idle connection is nobody's response.

use http::Method;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::by_hand::Unasked;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request, skipped};

pub(super) fn check(scene: &Scene) -> Checking {
    let unasked = Unasked::start(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked");
    let Ok(server) = unasked else { return Err(skipped("the system has no free port")) };
    let client = scene.client(Setup::default());
    scene.expect(Rule::IdleConnections, "bytes on an idle connection to close it, and to reach no request");
    for nth in 1..=5 {
        let post = request(Method::POST, &server.url());
        let whole = scene.answer(scene.begin_whole(&client, post, Upload::None))?;
        let body = String::from_utf8_lossy(&whole.body).into_owned();
        scene.ensure(body == "asked", || format!("the answer was {body:?}"))?;
        server.speak(nth);
    }
    Ok(())
}
