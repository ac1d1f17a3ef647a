//! https is a matter of the options: the loop knows nothing of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant as Clock;

use httpocean_core::{BodyPlan, Config, Engine, Event, Io, pool};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Authority, TlsServer};

use super::Driver;

#[test]
fn it_speaks_https() {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret"));
    let front = TlsServer::new(authority.issue(&["127.0.0.1"])).before(server.addr());
    let config = Config { tls: Some(authority.trusted().into()), ..Config::default() };
    let engine = Engine::new(pool::Options::default(), Arc::new(config));
    let mut bodies = Vec::new();
    let user = |_, event, io: &Io| match event {
        Event::Data(len) => bodies.push(io.data(len).to_vec()),
        Event::Failed(error) => panic!("{error}"),
        Event::Hop(_) | Event::Interim(_) | Event::Passing(_) | Event::Head(_) => {}
        Event::NeedBody { .. } | Event::End { .. } | Event::Upgraded(_) => {}
    };
    let mut driver = Driver { engine, links: BTreeMap::new(), started: Clock::now(), user };
    for _ in 0..3 {
        let request = http::Request::get(front.url("127.0.0.1", "/")).body(()).unwrap();
        driver.engine.start(request, BodyPlan::empty(), driver.now()).unwrap();
        driver.carry_out();
        while driver.engine.calls() > 0 {
            driver.sleep(None).unwrap();
            driver.carry_out();
        }
    }
    drop(driver);
    assert_eq!(bodies, [b"secret", b"secret", b"secret"]);
    assert_eq!(front.handshakes(), (1, 0));
}
