//! A URL of 8000 octets, which everybody should be able to handle (RFC 9110 section 4.1), is sent whole, also if a
//! `Location` gives it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::{On, at_rest, get, on_both_adapters};

on_both_adapters!(one_of_8000_octets_is_sent_whole, a_redirect_to_one_of_8000_octets_is_followed);

/// What stands behind the authority.
fn target(server: &Server) -> String {
    let length = 8000 - server.url("").len() - 2;
    format!("/{}?{}", "a".repeat(length / 2), "b".repeat(length - length / 2))
}

/// A server that says what it was asked for.
fn echo(on: On) -> Server {
    on.serve(|request: &Request| Reply::ok(request.target.clone()))
}

fn one_of_8000_octets_is_sent_whole(on: On) {
    let (server, client) = (echo(on), on.client());
    let target = target(&server);
    assert_eq!(server.url(&target).len(), 8000);
    assert_eq!(get(&client, &server.url(&target)), target);
    at_rest(&client);
}

fn a_redirect_to_one_of_8000_octets_is_followed(on: On) {
    let (server, client) = (echo(on), on.client());
    let target = target(&server);
    let location = server.url(&target);
    let first = on.serve(move |_: &Request| Reply::status(302, "Far").header("location", location.as_str()));
    assert_eq!(get(&client, &first.url("/")), target);
    at_rest(&client);
}
