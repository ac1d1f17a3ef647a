//! https: whom to trust, and what is said of those who are not.

use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::Home;
use httpocean_tests::{Authority, TlsFront, TlsServer};
use serde_json::json;

use super::command::{batch, run};

struct World {
    _server: Server,
    front: TlsFront,
    home: Home,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new("a CA");
        let server = Server::start(|_| Reply::ok("secret"));
        let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
        let home = Home::new();
        std::fs::write(home.path("ca.pem"), authority.pem()).unwrap();
        Self { _server: server, front, home }
    }

    fn url(&self) -> String {
        self.front.url("localhost", "/")
    }

    fn ca_file(&self) -> String {
        self.home.path("ca.pem").to_string_lossy().into_owned()
    }
}

#[test]
fn an_authority_of_ones_own() {
    let it = World::new();
    for transport in ["std", "mio"] {
        let said = run(&["get", "--transport", transport, "--ca-file", &it.ca_file(), &it.url()]);
        assert_eq!((said.code, said.text()), (0, "secret"), "{}", said.stderr);
        let said = run(&["get", "--transport", transport, &it.url()]);
        assert_eq!(said.code, 1);
        assert!(said.stderr.contains("issued by nobody who is trusted"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: if you know who it is, --ca-file FILE"), "{}", said.stderr);
    }
}

#[test]
fn anybody_at_all_is_warned_of() {
    let it = World::new();
    for more in [&[][..], &["--ca-file", &it.ca_file()]] {
        let said = run(&[&["get", "--insecure", "-n", "3", &it.url()], more].concat());
        assert_eq!((said.code, said.text()), (0, "secretsecretsecret"), "{}", said.stderr);
        let warned = said.stderr.matches("warning: certificates are not checked").count();
        assert_eq!(warned, 1, "{}", said.stderr);
    }
    let said = run(&["get", "--ca-file", &it.ca_file(), &it.url()]);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
}

#[test]
fn a_file_that_is_none_is_wrong_usage() {
    let said = run(&["get", "--ca-file", "/nowhere/at/all", "https://localhost/"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("/nowhere/at/all can't be read"), "{}", said.stderr);
}

#[test]
fn a_request_can_say_whom_it_trusts() {
    let it = World::new();
    let trusting = json!({"url": it.url(), "options": {"ca_file": it.ca_file()}});
    let insecure = json!({"url": it.url(), "options": {"insecure": true}});
    let said = batch(&[], &[trusting.clone(), json!({"url": it.url()}), insecure, trusting]);
    let answers = said.answers();
    for answer in [&answers[0], &answers[2], &answers[3]] {
        assert_eq!(answer["status"], 200, "{answer}");
    }
    let refused = &answers[1];
    let words = ["kind", "detail", "phase", "fault", "sent"].map(|name| refused[name].as_str().unwrap());
    assert_eq!(words, ["tls", "identity", "tls", "peer", "nothing"], "{refused}");
    assert_eq!(answers[3]["connection"]["reused"], true, "those who trust the same share a connection");
    assert_eq!(it.front.handshakes().0, 2);
}

#[test]
fn securing_a_connection_has_a_limit_of_its_own() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let said = batch(&["--options", r#"{"timeout_ms": {"tls": 30}}"#], &[json!({"url": url})]);
    let answer = said.answer();
    assert_eq!((&answer["kind"], &answer["phase"]), (&json!("timeout"), &json!("tls")), "{answer}");
    let said = run(&["get", "--tls-timeout", "30ms", &url]);
    assert!(said.stderr.contains("--tls-timeout"), "{}", said.stderr);
}
