//! What can't be trusted is refused with a reason, never tried again, and harms no other request.

use std::io::{Read, Write};
use std::net::TcpListener;

use httpocean_core::layer::LayerFault;
use httpocean_std::policy::Retries;
use httpocean_std::rustls::Tls;
use httpocean_std::{Config, Error, ErrorKind, Fault, NotRetried, Phase, ProtocolError};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Authority, Client, Identity, On, TlsServer, at_rest, get, on_both_adapters};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};

on_both_adapters!(
    "secured":
    certificates_that_can_not_be_trusted,
    a_server_that_wants_to_know_its_client,
    a_server_that_knows_no_such_name,
    a_server_of_another_protocol,
    https_to_a_port_of_http,
    http_to_a_port_of_https,
    dangerous_options_of_one_request_are_nobody_elses,
);

struct World {
    authority: Authority,
    server: Server,
    client: Client,
    /// A server with nothing wrong.
    good: httpocean_tests::TlsFront,
}

impl World {
    /// With a client who would retry what can be retried.
    fn new(on: On) -> Self {
        let authority = Authority::new("a CA");
        let server = Server::start(|_| Reply::ok("hello"));
        let config =
            Config { tls: Some(authority.trusted().into()), retries: Retries::new(3), ..Config::default() };
        let client = on.builder().config(config).build();
        let good = TlsServer::new(authority.issue(&["localhost", "127.0.0.1"])).before(server.addr());
        Self { authority, server, client, good }
    }

    /// Why localhost is refused if it speaks TLS in this way.
    #[track_caller]
    fn refuses(&self, tls: TlsServer) -> Error {
        let front = tls.before(self.server.addr());
        let before = self.server.stats().requests;
        let error = self.client.get(front.url("localhost", "/")).send().expect_err("it is not refused");
        assert_eq!(front.stats().accepted, 1, "tried again after {error}");
        assert_eq!(error.not_retried(), Some(NotRetried::Permanent), "{error}");
        assert_eq!(self.server.stats().requests, before, "the request was sent all the same");
        self.is_unharmed();
        error
    }

    #[track_caller]
    fn is_unharmed(&self) {
        assert_eq!(get(&self.client, &self.good.url("localhost", "/")), "hello");
        let stats = at_rest(&self.client);
        assert_eq!(stats.open, 1, "{stats:?}");
    }
}

#[track_caller]
fn is_refused(error: &Error, fault: LayerFault, why: &str) {
    let ErrorKind::Tls(what) = error.kind() else { panic!("{error:?}") };
    assert!(
        what.fault() == fault && what.what().contains(why),
        "{error}, where {fault:?} {why:?} was expected"
    );
    assert_eq!(error.fault(), Fault::Peer);
}

fn certificates_that_can_not_be_trusted(on: On) {
    let it = World::new(on);
    let long_ago = |params: &mut rcgen::CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    };
    let long_from_now = |params: &mut rcgen::CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2096, 1, 1), date_time_ymd(2097, 1, 1));
    };
    let for_clients = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let name = ["localhost"];
    for (identity, why) in [
        (it.authority.issue_with(&name, long_ago), "expired"),
        (it.authority.issue_with(&name, long_from_now), "not valid yet"),
        (it.authority.issue_with(&name, for_clients), "not one for servers"),
        (it.authority.issue(&["other.test"]), "is for other.test, not for localhost"),
        (it.authority.issue(&["127.0.0.1"]), "not for localhost"),
        (it.authority.issue(&["*.localhost"]), "not for localhost"),
        (it.authority.issue(&[]), "not for localhost"),
        (Identity::self_signed(&name), "self-signed"),
        (Authority::new("another CA").issue(&name), "nobody who is trusted"),
        (Authority::new("a CA").issue(&name), "not from whom it names"),
    ] {
        let error = it.refuses(TlsServer::new(identity));
        is_refused(&error, LayerFault::Identity, why);
        assert_eq!(error.phase(), Phase::Tls);
    }
}

fn a_server_that_wants_to_know_its_client(on: On) {
    use httpocean_std::rustls::rustls::version::{TLS12, TLS13};
    let it = World::new(on);
    let clients = Authority::new("a CA of clients");
    let server = || TlsServer::new(it.authority.issue(&["localhost"])).asks_clients(&clients);
    for version in [&TLS12, &TLS13] {
        // By TLS 1.3 the client is done before the server has looked.
        is_refused(
            &it.refuses(server().only(version)),
            LayerFault::Refused,
            "wants a certificate of its client",
        );
        let Identity { certificate, key } = clients.issue_with(&["somebody"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        let tls =
            Tls::builder().ca_pem(it.authority.pem()).client_pem(certificate, key).build().expect("TLS");
        let front = server().only(version).before(it.server.addr());
        assert_eq!(get(&on.builder().tls(tls).build(), &front.url("localhost", "/")), "hello");
    }
}

fn a_server_that_knows_no_such_name(on: On) {
    let it = World::new(on);
    let server = || TlsServer::new(it.authority.issue(&["known.test"])).knows_only("known.test");
    is_refused(&it.refuses(server()), LayerFault::Refused, "gives no access");
}

fn a_server_of_another_protocol(on: On) {
    let it = World::new(on);
    let server = TlsServer::new(it.authority.issue(&["localhost"])).alpn("h2");
    is_refused(&it.refuses(server), LayerFault::Refused, "does not speak http/1.1");
}

fn https_to_a_port_of_http(on: On) {
    let it = World::new(on);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("it is bound"));
    let in_clear = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.read_exact(&mut [0; 5]).expect("what it takes for a request");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("an answer");
        let mut rest = Vec::new();
        // It may hear of a reset instead, of what it has not read.
        let _ = stream.read_to_end(&mut rest);
        listener.set_nonblocking(true).expect("a socket");
        assert!(listener.accept().is_err(), "tried again");
    });
    let error = it.client.get(url).send().expect_err("it does not speak TLS");
    is_refused(&error, LayerFault::Protocol, "the peer does not speak TLS");
    assert_eq!(error.not_retried(), Some(NotRetried::Permanent));
    in_clear.join().expect("one connection");
    it.is_unharmed();
}

fn http_to_a_port_of_https(on: On) {
    let it = World::new(on);
    let url = format!("http://{}/", it.good.addr());
    let error = it.client.get(url).send().expect_err("it does not speak in clear");
    assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{error}");
    assert_eq!(error.not_retried(), Some(NotRetried::Permanent));
    assert_eq!(it.server.stats().requests, 0);
}

fn dangerous_options_of_one_request_are_nobody_elses(on: On) {
    let it = World::new(on);
    let front = |identity| TlsServer::new(identity).before(it.server.addr());
    let untrusted = front(Identity::self_signed(&["localhost"]));
    let other_name = front(it.authority.issue(&["other.test"]));
    let anybody = Tls::builder().danger_accept_any_certificate().build().expect("TLS");
    let any_name = Tls::builder().ca_pem(it.authority.pem()).danger_accept_any_name().build().expect("TLS");
    let get = |front: &httpocean_tests::TlsFront, tls: Option<&Tls>| {
        let request = it.client.get(front.url("localhost", "/"));
        let request = match tls {
            Some(tls) => request.change(|config| config.tls = Some(tls.clone().into())),
            None => request,
        };
        request.send().map(|mut response| response.body_mut().read_to_vec(10).expect("a body"))
    };
    for round in 0..2 {
        for front in [&untrusted, &other_name] {
            get(front, Some(&anybody)).expect("anybody will do");
            get(front, None).expect_err("it got the connection of somebody who trusts anybody");
        }
        get(&other_name, Some(&any_name)).expect("any name will do");
        let error = get(&untrusted, Some(&any_name)).expect_err("not of anybody");
        is_refused(&error, LayerFault::Identity, "self-signed");
        let made = at_rest(&it.client).connections_opened;
        assert_eq!(made, 3, "each way has a connection of its own, which is used again, in round {round}");
    }
}
