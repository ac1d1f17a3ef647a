//! Requests that are taken back give everything back.

use std::time::Duration;

use httpocean_core::pool;

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, skipped};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/silent" => Reply::script([]).then(End::Hold(Duration::from_secs(3600))),
        _ => Reply::ok("fine"),
    });
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    scene.expect(Rule::DroppedLease, "the only connection to come back from a request that was taken back");
    for millis in [0, 1, 20, 60] {
        let (user, silent) = (client.clone(), get(&server.url("/silent")));
        let after = Duration::from_millis(millis);
        if !scene.in_time(move || user.send_and_cancel(silent, after))? {
            return Err(skipped("the adapter has no way to take a request back before its head"));
        }
        scene.get(&client, server.url("/"))?;
    }
    Ok(())
}
