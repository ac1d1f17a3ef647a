//! A request whose own connect hangs takes a connection that comes free.

use std::time::Duration;

use httpocean_core::{Config, dial};

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::by_hand::fill;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, skipped};
use crate::server::{Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::FreeConnects)?;
    let one = Server::builder().max_connections(1).backlog(0);
    let started = one.start(|request: &Request| {
        let reply = Reply::ok("");
        if request.target == "/first" { reply.pause(Duration::from_millis(500)) } else { reply }
    });
    let Ok(server) = started else { return Err(skipped("the system has no free port")) };
    let long = Some(scene.patience() * 10);
    let dial = dial::Options { connect: long, connect_each: long, ..dial::Options::default() };
    let client = scene.client(Setup { config: Config { dial, ..Config::default() }, ..Setup::default() });
    scene.expect(Rule::Sleep, "a request to be sent at once");
    let first = scene.begin_whole(&client, get(&server.url("/first")), Upload::None);
    scene.server_sees(&server, |stats| stats.requests == 1)?;
    let Some(_filling) = fill(server.addr()) else { return Err(skipped("no connect hangs on this system")) };
    scene.expect(
        Rule::CallersThread,
        "a connection that came free to serve a request whose own connect hangs",
    );
    let second = scene.begin_whole(&client, get(&server.url("/second")), Upload::None);
    scene.answer(first)?;
    scene.answer(second)?;
    let stats = server.stats();
    scene.ensure(stats.accepted == 1, || format!("the server saw {stats:?}"))
}
