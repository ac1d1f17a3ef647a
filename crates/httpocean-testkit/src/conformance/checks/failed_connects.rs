//! A connect that fails is told, as what it is, and leaves nothing behind.

use std::net::{Ipv4Addr, TcpListener};

use httpocean_core::{Phase, pool};

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, skipped};

pub(super) fn check(scene: &Scene) -> Checking {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let Ok(addr) = free else { return Err(skipped("the system has no free port")) };
    let pool = pool::Options { max_per_key: 1, max_total: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    for (rule, what) in [
        (Rule::ConnectsAnswered, "a refused connect to be told at once"),
        (Rule::Sleep, "another one to be made, and told, when the host's rest after the first is over"),
    ] {
        scene.expect(rule, what);
        let (failure, _) = scene.failure(&client, get(&format!("http://{addr}/")))?;
        scene.ensure(!failure.timed_out, || format!("the request failed with {}", failure.text))?;
        scene.expect(Rule::WritableIsNotConnected, "a refused connect to be told as one");
        let connecting = failure.phase == Phase::Connect;
        scene.ensure(connecting, || format!("it failed in {:?}, with {}", failure.phase, failure.text))?;
    }
    Ok(())
}
