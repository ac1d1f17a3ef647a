//! What bodies are made of, and what compressed ones mean.

use std::io::Write as _;
use std::path::PathBuf;

use httpocean_testkit::server::{Received, Reply, Request, Server};

use super::command::{run, run_with};

fn server() -> Server {
    Server::start(|request: &Request| match request.target.as_str() {
        "/moved" => Reply::status(307, "Moved").header("location", "/"),
        _ => Reply::ok("fine"),
    })
}

/// What came of a run with these arguments.
fn sent(args: &[&str], input: &str) -> Received {
    let server = server();
    let url = server.url("/");
    let said = run_with(&[&["get", &url], args].concat(), input);
    assert_eq!((said.code, said.text()), (0, "fine"), "{}", said.stderr);
    server.requests().remove(0)
}

fn field(received: &Received, name: &str) -> String {
    assert!(received.request.header_count(name) <= 1, "{name} stands twice");
    String::from_utf8(received.request.header(name).unwrap_or_default().to_vec()).unwrap()
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn json_is_said_to_be_json() {
    for (args, input) in [(&["--json", "{\"a\": 1}"], ""), (&["--json", "@-"], "{\"a\": 1}")] {
        let received = sent(args, input);
        assert_eq!((received.request.method.as_str(), &received.body[..]), ("POST", &b"{\"a\": 1}"[..]));
        for name in ["content-type", "accept"] {
            assert_eq!(field(&received, name), "application/json");
        }
    }
    let received = sent(&["--json", "1", "-H", "Accept: text/plain", "-X", "PUT"], "");
    assert_eq!(
        (field(&received, "accept").as_str(), received.request.method.as_str()),
        ("text/plain", "PUT")
    );
}

#[test]
fn pieces_of_a_form_are_escaped_and_joined() {
    let from = file("urlencoded", b"a&b\xff");
    let at = format!("f@{}", from.display());
    let args = ["q=two words", "=x=y", "plain ü", &at].map(|piece| ["--data-urlencode", piece]).concat();
    let received = sent(&args, "");
    assert_eq!(String::from_utf8_lossy(&received.body), "q=two+words&x%3Dy&plain+%C3%BC&f=a%26b%FF");
    assert_eq!(field(&received, "content-type"), "application/x-www-form-urlencoded");
}

#[test]
fn a_form_has_parts_and_files() {
    let from = file("part.txt", &vec![b'x'; 100_000]);
    let at = format!("f=@{}", from.display());
    let typed = format!("t=@{};type=a/b", from.display());
    let name = from.file_name().unwrap().to_str().unwrap();
    let args = ["--form", "a=b=c", "-F", &at, "-F", &typed, "-F", "i=@-"];
    let received = sent(&args, "from stdin");
    let of = field(&received, "content-type");
    let boundary = of.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(field(&received, "content-length"), received.body_len.to_string());
    let body = String::from_utf8(received.body).unwrap();
    let part = |named: &str, of: &str, content: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; {named}\r\n{of}\r\n{content}\r\n")
    };
    let content = "x".repeat(100_000);
    let expected = [
        part("name=\"a\"", "", "b=c"),
        part(&format!("name=\"f\"; filename=\"{name}\""), "Content-Type: text/plain\r\n", &content),
        part(&format!("name=\"t\"; filename=\"{name}\""), "Content-Type: a/b\r\n", &content),
        part("name=\"i\"; filename=\"-\"", "Content-Type: application/octet-stream\r\n", "from stdin"),
        format!("--{boundary}--\r\n"),
    ];
    assert!(body == expected.concat(), "{}", body.replace(&content, "..."));
}

#[test]
fn a_form_goes_on_with_a_redirect() {
    let from = file("moved.bin", &[b'y'; 70_000]);
    let server = server();
    let said = run(&["get", &server.url("/moved"), "-F", &format!("f=@{}", from.display())]);
    assert_eq!((said.code, said.text()), (0, "fine"), "{}", said.stderr);
    let lengths: Vec<_> = server.requests().iter().map(|received| received.body_len).collect();
    assert!(lengths[1] > 70_000, "{lengths:?}");
}

#[test]
fn a_request_has_one_body() {
    for args in [
        &["-d", "a", "--json", "b"][..],
        &["-F", "a=b", "--data-urlencode", "c"],
        &["--json", "a", "-F", "b=c"],
        &["-F", "a"],
    ] {
        let said = run(&[&["get", "http://127.0.0.1:1/"], args].concat());
        assert_eq!(said.code, 2, "{args:?}: {}", said.stderr);
    }
    let said = run(&["get", "http://127.0.0.1:1/", "-F", "a=@/nowhere"]);
    assert_ne!(said.code, 0);
    assert!(said.stderr.contains("/nowhere can't be sent"), "{}", said.stderr);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_compressed_is_decoded_if_asked_for() {
    let wire = gzip(b"hello");
    let content = wire.clone();
    let server =
        Server::start(move |_: &Request| Reply::ok(content.clone()).header("content-encoding", "gzip"));
    let said = run(&["get", "--compressed", &server.url("/")]);
    assert_eq!((said.code, said.text()), (0, "hello"), "{}", said.stderr);
    let said = run(&["get", &server.url("/")]);
    assert_eq!((said.code, said.stdout), (0, wire));
    let said = run(&["get", "--compressed", "-H", "Accept-Encoding: br", "-I", &server.url("/")]);
    assert!(said.text().contains("content-encoding: gzip\n"), "{}", said.text());
    let asked: Vec<_> = server.requests().iter().map(|received| field(received, "accept-encoding")).collect();
    assert_eq!(asked, ["gzip,deflate,br,zstd", "", "br"]);
}

#[test]
fn what_can_not_be_decoded_is_the_peers_fault() {
    for (content, why) in [
        (gzip(&vec![0; 20_000_000]), "blown up more than is allowed"),
        (gzip(b"hello")[..20].to_vec(), "ends too early"),
    ] {
        let server =
            Server::start(move |_: &Request| Reply::ok(content.clone()).header("content-encoding", "gzip"));
        let said = run(&["get", "--compressed", &server.url("/")]);
        assert_eq!(said.code, 1);
        assert!(said.stderr.contains(why) && said.stderr.contains("the peer's fault"), "{}", said.stderr);
        assert!(said.stdout.len() <= 8 << 20);
    }
}
