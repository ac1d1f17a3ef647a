//! The fields of an answer.

use httpocean_testkit::server::{Reply, Server};
use serde_json::{Value, json};

use super::command::{batch, decoded};

#[test]
fn every_field_of_a_response() {
    let server = Server::start(|_| {
        Reply::status(201, "Made Up").header("X-A", b"caf\xe9".to_vec()).header("x-b", "2").body("hello")
    });
    let url = server.url("/page");
    let said = batch(&[], &[json!({"id": {"any": [1]}, "method": "GET", "url": url})]);
    let mut answer = said.answer();
    let elapsed = answer.as_object_mut().unwrap().remove("elapsed_ms").unwrap();
    assert!(elapsed.as_f64().unwrap() > 0.0);
    let local = answer["connection"]["local"].clone();
    assert_eq!(local, json!(server.requests()[0].request.peer.to_string()));
    let wanted = json!({
        "id": {"any": [1]},
        "outcome": "response",
        "status": 201,
        "version": "1.1",
        "reason": "Made Up",
        "headers": [["x-a", "caf\u{e9}"], ["x-b", "2"], ["content-length", "5"]],
        "body": "aGVsbG8=",
        "trailers": [],
        "interim": [],
        "url": url,
        "hops": [],
        "connection": {"number": 1, "reused": false, "local": local, "peer": server.addr().to_string()},
        "parked": true,
    });
    assert_eq!(answer, wanted);
    assert_eq!(said.code, 0);
}

#[test]
fn chunks_are_joined_and_trailers_told() {
    let server = Server::start(|_| {
        Reply::status(200, "OK").chunked(["one ", "two"], [("X-Sum", "7"), ("x-sum", "8")])
    });
    let answer = batch(&[], &[json!({"url": server.url("/")})]).answer();
    assert_eq!(decoded(&answer["body"]), b"one two");
    assert_eq!(answer["trailers"], json!([["x-sum", "7"], ["x-sum", "8"]]));
    assert_eq!((&answer["id"], &answer["parked"]), (&Value::Null, &json!(true)));
}

#[test]
fn interim_responses_are_told() {
    let server = Server::start(|_| {
        Reply::ok("end").interim(103, "Early Hints", [("link", "</a>")]).interim::<&str, &str>(
            102,
            "Processing",
            [],
        )
    });
    let answer = batch(&[], &[json!({"url": server.url("/")})]).answer();
    assert_eq!(answer["interim"], json!([103, 102]));
}

#[test]
fn http_1_0_is_told_and_its_connection_not_kept() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.0 200 \r\nContent-Length: 2\r\n\r\nhi").then(httpocean_testkit::server::End::Close)
    });
    let said = batch(&[], &[json!({"url": server.url("/")})]);
    let answer = said.answer();
    assert_eq!((&answer["version"], &answer["reason"]), (&json!("1.0"), &json!("")));
    assert_eq!(answer["parked"], json!(false));
    assert_eq!(said.stats()["closed"], json!({"http10": 1}));
}

#[test]
fn an_upgrade_gives_what_came_along() {
    let server = Server::start(|_| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly";
        Reply::raw(head).then(httpocean_testkit::server::End::Upgrade)
    });
    let answer = batch(&[], &[json!({"url": server.url("/"), "options": {"upgrade": "echo"}})]).answer();
    assert_eq!((&answer["status"], &answer["parked"]), (&json!(101), &json!(false)));
    assert_eq!(decoded(&answer["body"]), b"early");
    let request = server.requests().remove(0).request;
    assert_eq!(request.header("upgrade"), Some(&b"echo"[..]));
    assert_eq!(request.header("connection"), Some(&b"upgrade"[..]));
}

#[test]
fn a_tunnel_has_no_body_whatever_came_along() {
    let server = Server::start(|_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly";
        Reply::raw(head).then(httpocean_testkit::server::End::Upgrade)
    });
    let answer = batch(&[], &[json!({"method": "CONNECT", "url": server.url("")})]).answer();
    assert_eq!((&answer["status"], &answer["parked"]), (&json!(200), &json!(false)));
    assert_eq!(answer["body"], json!(""));
}

#[test]
fn fields_are_told_in_the_order_of_their_arrival() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\nLink: <a>\r\nContent-Length: 0\r\nLink: <b>\r\n\r\n")
    });
    let answer = batch(&[], &[json!({"url": server.url("/")})]).answer();
    assert_eq!(answer["headers"], json!([["link", "<a>"], ["content-length", "0"], ["link", "<b>"]]));
}
