//! The end of a server.

use std::net::TcpStream;
use std::time::Duration;

use httpocean_testkit::server::{End, Greeting, Reply, Request, Server};

use crate::client::{BOUND, Client};

const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
fn stopping_wakes_whatever_a_connection_is_doing() {
    let server = Server::builder()
        .idle_timeout(AN_HOUR)
        .on_connect(|number| if number == 0 { Greeting::Silent } else { Greeting::Serve })
        .start(|request: &Request| match &*request.target {
            "/hold" => Reply::script([]).then(End::Hold(AN_HOUR)),
            "/pause" => Reply::ok("").pause(AN_HOUR),
            "/write" => Reply::generated(u64::MAX),
            _ => Reply::ok(""),
        })
        .unwrap();
    let targets = ["/silent", "/hold", "/pause", "/write", "/idle"];
    let clients = targets.map(|target| {
        let mut client = Client::connect(&server);
        client.send(format!("GET {target} HTTP/1.1\r\n\r\n"));
        client
    });
    assert!(server.wait_for(BOUND, |stats| stats.requests == 4));
    server.stop();
    assert_eq!(server.stats().open, 0);
    assert!(TcpStream::connect(server.addr()).is_err());
    server.stop();
    drop(clients);
}

#[test]
fn stopping_does_not_wait_for_connections_that_were_never_accepted() {
    let server = Server::builder().max_connections(1).backlog(1).start(|_| Reply::ok("")).unwrap();
    let waiting: Vec<_> = (0..2).map(|_| Client::connect(&server)).collect();
    drop(server);
    drop(waiting);
}

#[test]
fn a_handler_that_panics_ends_its_connection_only() {
    let server = Server::start(|request: &Request| {
        assert_ne!(request.target, "/panic", "on purpose");
        Reply::ok("fine")
    });
    let mut client = Client::connect(&server);
    client.send("GET /panic HTTP/1.1\r\n\r\n");
    assert_eq!(client.rest().unwrap(), b"");
    assert_eq!(Client::connect(&server).get("/").body, b"fine");
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
}
