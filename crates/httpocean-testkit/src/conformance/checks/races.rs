//! A host has an address that does not answer, one that refuses and one that is there: the last is found in time.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use httpocean_core::{Config, dial};

use crate::conformance::adapter::{Lack, Setup};
use crate::conformance::by_hand::Hanging;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, skipped};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Addresses)?;
    scene.needs(Lack::FreeConnects)?;
    let Some(hanging) = Hanging::start() else { return Err(skipped("no connect hangs on this system")) };
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let Ok(refusing) = free else { return Err(skipped("the system has no free port")) };
    let server = Server::start(|_| Reply::ok("here"));
    let long = Some(scene.patience() * 10);
    let dial = dial::Options {
        connect: long,
        connect_each: long,
        attempt_delay: Duration::from_millis(20),
        ..dial::Options::default()
    };
    let config = Config { dial, ..Config::default() };
    let addresses = Some(vec![hanging.addr, refusing, server.addr()]);
    let client = scene.client(Setup { config, addresses, ..Setup::default() });
    let all = "the address that answers to be found while another one hangs";
    scene.expect(Rule::ConnectsAnswered, all);
    scene.get(&client, "http://several.test/".into())?;
    scene.expect(Rule::Ends, "what won the race to serve the next request as well");
    scene.get(&client, "http://several.test/".into())?;
    let stats = server.stats();
    scene.ensure(stats.accepted == 1, || format!("the server saw {stats:?}"))
}
