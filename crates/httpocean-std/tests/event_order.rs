//! An observer hears of a dial before what came of it, though several threads tell.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

use std::sync::{Arc, Mutex};

use httpocean_std::{Client, Observed, Observer};
use httpocean_testkit::server::{Reply, Server};

#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<&'static str>>>);

impl Observer for Names {
    fn observe(&self, event: &Observed<'_>) {
        self.0.lock().unwrap().push(match event {
            Observed::Dialing { .. } => "dialing",
            Observed::Dialed { .. } => "dialed",
            Observed::Granted { .. } => "granted",
            Observed::Response { .. } => "response",
            Observed::Closed { .. } => "closed",
            // What is waited for, and the like, is another story.
            _ => return,
        });
    }
}

#[test]
fn events_come_in_the_order_of_their_causes() {
    let server = Server::start(|_| Reply::ok("hello").close());
    let names = Names::default();
    let client = Client::builder().observer(names.clone()).build();
    for _ in 0..200 {
        client.get(server.url("/")).unwrap().send().unwrap().body_mut().read_to_vec(5).unwrap();
        let seen = std::mem::take(&mut *names.0.lock().unwrap());
        assert_eq!(seen, ["dialing", "dialed", "granted", "response", "closed"]);
    }
}
