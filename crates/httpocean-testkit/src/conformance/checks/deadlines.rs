//! A server that says nothing is waited for until the deadline: not longer, and not shorter.

use std::time::Duration;

use httpocean_core::{call, pool};

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get_with};
use crate::server::{End, Reply, Request, Server};

const LIMIT: Duration = Duration::from_millis(80);

pub(super) fn check(scene: &Scene) -> Checking {
    let silent = || Reply::script([]).then(End::Hold(Duration::from_secs(3600)));
    let server = Server::start(move |request: &Request| match request.target.as_str() {
        "/silent" => silent(),
        _ => Reply::ok(""),
    });
    let no_limit = call::Options::default();
    let clocks = [
        call::Options { total: Some(LIMIT), ..no_limit.clone() },
        call::Options { first_byte: Some(LIMIT), ..no_limit },
    ];
    for call in clocks {
        let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
        let client = scene.client(Setup { pool, ..Setup::default() });
        scene.expect(Rule::Sleep, format!("a request to end at its deadline of {LIMIT:?}"));
        let (failure, after) = scene.failure(&client, get_with(&server.url("/silent"), call))?;
        scene.ensure(failure.timed_out, || format!("it failed with {}", failure.text))?;
        scene.expect(Rule::Time, format!("a request to be given all of its {LIMIT:?}"));
        scene.ensure(after >= LIMIT, || format!("it failed after {after:?}"))?;
        scene
            .expect(Rule::Ends, "the next request to get a connection in place of the one that was given up");
        scene.get(&client, server.url("/"))?;
    }
    Ok(())
}
