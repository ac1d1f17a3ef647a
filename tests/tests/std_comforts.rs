//! What requests are made of in a word, and what is often wanted of a response.
//!
//! Alone with httpocean-std: with the other adapter these are the words of httpocean-content.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Write};

use httpocean_std::content::{form, json};
use httpocean_std::http::Request;
use httpocean_std::{Body, COLLECT_LIMIT, Client, ErrorKind, Fault, Form, Part, Phase, Sent};
use httpocean_testkit::server::{Received, Reply, Request as Asked, Server};

/// Redirects `/moved` by 307, answers all else with `reply`.
fn server(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Asked| match request.target.as_str() {
        "/moved" => Reply::status(307, "Moved").header("location", "/"),
        _ => reply(request),
    })
}

fn field<'r>(received: &'r Received, name: &str) -> &'r str {
    std::str::from_utf8(received.request.header(name).unwrap_or_default()).unwrap()
}

#[test]
fn a_request_in_a_line() {
    let server = server(|_| Reply::ok(r#"{"sum": 3}"#).header("content-type", "application/json"));
    let client = Client::new();
    let answer: std::collections::BTreeMap<String, u8> = client
        .post(server.url("/add?from=here"))
        .unwrap()
        .query(&[("a", "1"), ("b", "x y")])
        .header("x-y", "z")
        .timeout(std::time::Duration::from_secs(60))
        .json(&[1, 2])
        .send()
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(answer["sum"], 3);
    let received = server.requests().remove(0);
    assert_eq!(received.request.target, "/add?from=here&a=1&b=x+y");
    assert_eq!((field(&received, "content-type"), &received.body[..]), ("application/json", &b"[1,2]"[..]));
}

#[test]
fn a_form_keeps_what_was_said_of_its_type() {
    let server = server(|_| Reply::ok(""));
    let client = Client::new();
    client.post(server.url("/moved")).unwrap().form([("a", "ü&")]).send().unwrap();
    client.post(server.url("/")).unwrap().header("content-type", "x/y").form(&[("a", "b")]).send().unwrap();
    let received = server.requests();
    // The first went on by a redirect, as bytes can.
    for (received, of, body) in
        [(&received[1], "application/x-www-form-urlencoded", "a=%C3%BC%26"), (&received[2], "x/y", "a=b")]
    {
        assert_eq!((field(received, "content-type"), &received.body[..]), (of, body.as_bytes()));
    }
}

#[test]
fn all_of_it_can_be_had_for_a_plain_request() {
    let server = server(|_| Reply::ok("[7]"));
    let client = Client::new();
    let uri = form::with_query(&server.url("/").parse().unwrap(), &[("a", "b")]).unwrap();
    let sent = [
        Request::post(&uri)
            .header("content-type", form::CONTENT_TYPE)
            .body(Body::form(&[("c", "d")]))
            .unwrap(),
        Request::put(&uri)
            .header("content-type", json::CONTENT_TYPE)
            .body(Body::json("text").unwrap())
            .unwrap(),
    ];
    for request in sent {
        assert_eq!(client.send(request).unwrap().json::<Vec<u8>>().unwrap(), [7]);
    }
    let multipart = Form::new().text("e", "f");
    let request = Request::post(&uri).header("content-type", multipart.content_type());
    client.send(request.body(multipart.into_body()).unwrap()).unwrap();
    let bodies: Vec<_> = server.requests().into_iter().map(|received| received.body).collect();
    assert_eq!((&bodies[0][..], &bodies[1][..]), (&b"c=d"[..], &b"\"text\""[..]));
    assert!(String::from_utf8_lossy(&bodies[2]).contains("name=\"e\"\r\n\r\nf\r\n"));
    assert!(server.requests().iter().all(|received| received.request.target == "/?a=b"));
}

#[test]
fn what_can_not_be_made_fails_before_anything_is_sent() {
    let server = server(|_| Reply::ok(""));
    let client = Client::new();
    let post = || client.post(server.url("/")).unwrap();
    let no_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    for request in [post().json(&no_json), post().query(&[("a", "x".repeat(70_000))])] {
        let error = request.send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)) && error.sent() == Sent::Nothing, "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// A file that is removed when the test is over.
struct Temporary(std::path::PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Self {
        let folder = std::env::temp_dir().join(format!("httpocean-comforts-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), content).unwrap();
        Self(folder.join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

#[test]
fn files_are_streamed_with_a_length_and_can_be_sent_again() {
    let server = server(|_| Reply::ok("thanks"));
    let large = Temporary::new("large.bin", &vec![b'x'; 300_000]);
    let form = || Form::new().text("a", "1").file("f", &large.0).unwrap().part("b", Part::new("2"));
    let announced = form().len().unwrap();
    let response = Client::new().post(server.url("/moved")).unwrap().multipart(form()).send().unwrap();
    assert_eq!(response.text().unwrap(), "thanks");
    let received = server.requests().remove(1);
    assert_eq!(field(&received, "content-length"), announced.to_string());
    assert_eq!(received.body_len, announced);
    let of = field(&received, "content-type").to_owned();
    let boundary = of.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--{boundary}\r\n"),
        "Content-Disposition: form-data; name=\"f\"; filename=\"large.bin\"\r\n".to_owned(),
        format!("Content-Type: application/octet-stream\r\n\r\n{}\r\n--{boundary}\r\n", "x".repeat(300_000)),
        format!("Content-Disposition: form-data; name=\"b\"\r\n\r\n2\r\n--{boundary}--\r\n"),
    ];
    assert!(received.body == expected.concat().as_bytes());
}

#[test]
fn a_part_of_unknown_length_is_sent_chunked_and_once() {
    let server = server(|_| Reply::ok(""));
    let form =
        || Form::new().text("a", "1").part("r", Part::new(Body::from_reader(io::Cursor::new("streamed"))));
    Client::new().post(server.url("/")).unwrap().multipart(form()).send().unwrap();
    let received = server.requests().remove(0);
    assert_eq!(field(&received, "transfer-encoding"), "chunked");
    assert!(String::from_utf8_lossy(&received.body).contains("name=\"r\"\r\n\r\nstreamed\r\n--"));
    let error = Client::new().post(server.url("/moved")).unwrap().multipart(form()).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Redirect(_)), "{error}");
}

/// A part that has fewer bytes than it said would shift all that is behind it.
#[test]
fn a_part_that_is_too_short_fails_the_request() {
    let server = server(|_| Reply::ok(""));
    let short = Part::new(Body::from_sized_reader(io::Cursor::new("short"), 6));
    let form = Form::new().part("s", short).text("a", "1");
    let error = Client::new().post(server.url("/")).unwrap().multipart(form).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Body(_)), "{error}");
}

#[test]
fn a_status_is_an_error_for_who_wants_it_to_be() {
    let server = Server::start(|request: &Asked| {
        Reply::status(request.target[1..].parse().unwrap(), "So").body("why")
    });
    let client = Client::new();
    for status in ["200", "299", "301", "399"] {
        let response = client.get(server.url(&format!("/{status}"))).unwrap().send().unwrap();
        assert_eq!(response.error_for_status().unwrap().text().unwrap(), "why");
    }
    for status in ["400", "404", "499", "500", "599"] {
        let response = client.get(server.url(&format!("/{status}"))).unwrap().send().unwrap();
        let error = response.error_for_status().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Status(of) if of.as_str() == status), "{error}");
        assert_eq!((error.fault(), error.phase(), error.sent()), (Fault::Peer, Phase::RecvHead, Sent::All));
        assert_eq!(error.status().unwrap().as_str(), status);
        assert!(error.connection().is_some() && error.uri().path().ends_with(status));
    }
}

#[test]
fn text_is_in_the_charset_that_it_says() {
    let server = Server::start(|request: &Asked| match request.target.as_str() {
        "/latin1" => Reply::ok(*b"na\xefve").header("content-type", "text/plain; charset=iso-8859-1"),
        "/mark" => {
            Reply::ok(*b"\xef\xbb\xbfna\xc3\xafve").header("content-type", "text/plain; charset=iso-8859-1")
        }
        _ => Reply::ok("naïve"),
    });
    let client = Client::new();
    for path in ["/latin1", "/mark", "/"] {
        assert_eq!(client.get(server.url(path)).unwrap().send().unwrap().text().unwrap(), "naïve", "{path}");
    }
}

#[test]
fn what_is_no_json_says_where() {
    let server = server(|_| Reply::ok("{\"a\": \n x}"));
    let error = Client::new().get(server.url("/")).unwrap().send().unwrap().json::<u8>().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        matches!(error.kind(), ErrorKind::Content(_)) && source.contains("line 1 column 0"),
        "{error}: {source}"
    );
}

#[test]
fn what_is_collected_has_a_limit() {
    let server = Server::start(|request: &Asked| Reply::generated(request.target[1..].parse().unwrap()));
    let client = Client::new();
    let get = |client: &Client, len: u64| client.get(server.url(&format!("/{len}"))).unwrap().send().unwrap();
    assert_eq!(get(&client, COLLECT_LIMIT).bytes().unwrap().len() as u64, COLLECT_LIMIT);
    let error = get(&client, COLLECT_LIMIT + 1).bytes().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Content("its body is larger than the limit given"));
    assert_eq!(
        get(&client, COLLECT_LIMIT + 1).limit(u64::MAX).bytes().unwrap().len() as u64,
        COLLECT_LIMIT + 1
    );
    let strict = Client::builder().collect_limit(10).build();
    assert!(get(&strict, 11).text().is_err() && get(&strict, 10).text().is_ok());
    assert!(get(&strict, 11).json::<u8>().is_err());
}

#[test]
fn a_body_is_written_where_it_is_to_go() {
    let server = server(|_| Reply::ok("content"));
    let client = Client::new();
    let get = || client.get(server.url("/")).unwrap().send().unwrap();
    let file = Temporary::new("saved", b"something longer than that");
    assert_eq!(get().save_to(&file.0).unwrap(), 7);
    assert_eq!(std::fs::read(&file.0).unwrap(), b"content");
    let mut all = Vec::new();
    assert_eq!(get().copy_to(&mut all).unwrap(), 7);
    assert_eq!(all, b"content");
    let error = get().save_to(file.0.join("nowhere")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Content(_)) && error.fault() == Fault::Local, "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let error = get().copy_to(Full).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "full");

    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

#[test]
fn a_response_is_a_response_of_http() {
    let server = server(|_| Reply::ok("content").header("x-y", "z"));
    let client = Client::new();
    let mut response = client.get(server.url("/")).unwrap().send().unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-y"]), (200, &"z".parse().unwrap()));
    *response.status_mut() = httpocean_std::http::StatusCode::ACCEPTED;
    let plain: httpocean_std::http::Response<Body> = response.into();
    let (parts, body) = httpocean_std::Response::from(plain).into_parts();
    assert_eq!((parts.status.as_u16(), body.url()), (202, Some(server.url("/"))));
}
