//! A layer is none of an adapter's business: it moves bytes, and the handshake, the data, the tickets and the goodbye
//! of a layer are among them. The layer is a toy, so that nothing here is about cryptography.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use httpocean_core::layer::Security;
use httpocean_core::{HopReason, Sent};
use httpocean_std::policy::Retries;
use httpocean_std::{Config, ErrorKind, Phase, dial};
use httpocean_testkit::front::{Front, Terminal};
use httpocean_testkit::is_pattern;
use httpocean_testkit::server::{Reply, Server};
use httpocean_testkit::toy::{Toy, ToyPeer};
use httpocean_tests::{On, at_rest, get, on_both_adapters, wait_until};

on_both_adapters!(
    "secured":
    one_handshake_serves_many_requests,
    big_bodies_both_ways,
    a_ticket_closes_nothing,
    who_is_not_trusted_is_left_at_once,
    a_handshake_has_a_deadline,
    a_lost_handshake_is_retried,
    options_of_a_request_get_a_connection_of_their_own,
);

fn secured(toy: Toy) -> Config {
    Config { tls: Some(Security::new(toy)), ..Config::default() }
}

fn url(front: &Front) -> String {
    format!("https://{}/", front.addr())
}

fn front(server: &Server) -> Front {
    Front::start(server.addr(), || ToyPeer::new(3)).expect("a port")
}

fn one_handshake_serves_many_requests(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let front = front(&server);
    let client = on.builder().config(secured(Toy::default())).build();
    for _ in 0..20 {
        assert_eq!(get(&client, &url(&front)), "hi");
    }
    assert_eq!((at_rest(&client).connections_opened, front.stats().accepted), (1, 1));
    assert_eq!(server.stats().requests, 20);
    client.close();
    wait_until("the goodbye", || front.stats().goodbyes == 1);
}

fn big_bodies_both_ways(on: On) {
    const SIZE: usize = 3_000_000;
    let server = Server::start(|_| Reply::generated(SIZE as u64));
    let front = front(&server);
    let client = on.builder().config(secured(Toy::default())).build();
    let mut response = client.post(url(&front)).body(vec![b'x'; SIZE]).send().expect("an answer");
    let body = response.body_mut().read_to_vec(SIZE as u64).expect("all of it");
    assert!(body.len() == SIZE && is_pattern(0, &body), "it is another");
    assert_eq!(server.requests()[0].body_len, SIZE as u64);
}

fn a_ticket_closes_nothing(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let ticketing = || {
        let mut peer = ToyPeer::new(3);
        peer.tickets();
        peer
    };
    let front = Front::start(server.addr(), ticketing).expect("a port");
    let client = on.builder().config(secured(Toy::default())).build();
    for _ in 0..5 {
        assert_eq!(get(&client, &url(&front)), "hi");
        // The ticket comes now.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(at_rest(&client).connections_opened, 1);
}

fn who_is_not_trusted_is_left_at_once(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let front = front(&server);
    let toy = Toy { distrusts: Some(3), ..Toy::default() };
    let client = on.builder().config(Config { retries: Retries::new(3), ..secured(toy) }).build();
    for tried in 1..3 {
        let error = client.get(url(&front)).send().expect_err("nobody trusts it");
        assert!(matches!(error.kind(), ErrorKind::Tls(why) if why.what().contains("trusted")), "{error}");
        assert_eq!((error.phase(), error.sent()), (Phase::Tls, Sent::Nothing));
        assert_eq!(front.stats().accepted, tried, "it was tried again");
    }
    assert_eq!(server.stats().requests, 0);
    let stats = at_rest(&client);
    assert_eq!((stats.open, stats.connections_opened, stats.dials_failed), (0, 0, 2), "{stats:?}");
}

fn a_handshake_has_a_deadline(on: On) {
    // The system connects; nobody ever answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("https://{}/", silent.local_addr().expect("it is bound"));
    let dial = dial::Options { tls: Some(Duration::from_millis(50)), ..dial::Options::default() };
    let client = on.builder().config(Config { dial, ..secured(Toy::default()) }).build();
    let error = client.get(url).send().expect_err("nobody answers");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.phase(), Phase::Tls);
}

fn a_lost_handshake_is_retried(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let mut times = 0;
    let moody = move || {
        times += 1;
        Moody { peer: ToyPeer::new(3), leaves: times == 1 }
    };
    let front = Front::start(server.addr(), moody).expect("a port");
    let client = on.builder().config(Config { retries: Retries::new(1), ..secured(Toy::default()) }).build();
    let response = client.post(url(&front)).body("a body").send().expect("at the second time");
    let whys: Vec<HopReason> = response.body().hops().iter().map(|hop| hop.why).collect();
    assert_eq!(whys, [HopReason::ConnectFailed]);
    assert_eq!((front.stats().failed, front.stats().accepted), (1, 2));
}

/// Leaves in the middle of the handshake, or never.
struct Moody {
    peer: ToyPeer,
    leaves: bool,
}

impl Terminal for Moody {
    fn receive(&mut self, wire: &[u8]) -> io::Result<()> {
        if self.leaves { Err(io::ErrorKind::Other.into()) } else { Terminal::receive(&mut self.peer, wire) }
    }

    fn send(&mut self, plain: Option<&[u8]>) {
        Terminal::send(&mut self.peer, plain);
    }

    fn take_plain(&mut self) -> Vec<u8> {
        self.peer.take_plain()
    }

    fn take_wire(&mut self) -> Vec<u8> {
        self.peer.take_wire()
    }

    fn is_closed(&self) -> bool {
        self.peer.is_closed()
    }
}

/// The dial obeys the client's options, but is secured as the request says.
fn options_of_a_request_get_a_connection_of_their_own(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let front = front(&server);
    let client = on.builder().config(secured(Toy::default())).build();
    get(&client, &url(&front));
    let picky = Security::new(Toy { distrusts: Some(3), ..Toy::default() });
    let request = client.get(url(&front)).change(|config| config.tls = Some(picky));
    let error = request.send().expect_err("it got the connection of those who trust");
    assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
    let other = Security::new(Toy::default());
    for _ in 0..2 {
        let other = other.clone();
        let mut answer =
            client.get(url(&front)).change(|config| config.tls = Some(other)).send().expect("hi");
        answer.body_mut().read_to_vec(10).expect("a body");
    }
    get(&client, &url(&front));
    assert_eq!(at_rest(&client).connections_opened, 2);
    // Who says nothing has it as the client has it.
    client.get(url(&front)).change(|config| config.tls = None).send().expect("hi");
}
