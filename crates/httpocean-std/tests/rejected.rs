//! A response that its reader can't use is no sign that the request was not sent.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

use httpocean_std::{Client, ErrorKind, Fault, Sent};
use httpocean_testkit::server::{Reply, Server};

#[test]
fn the_error_of_a_body_that_is_too_large_or_no_text_says_that_the_request_was_sent() {
    let server = Server::start(|_| Reply::ok(vec![0xFF; 10]));
    let client = Client::new();
    for limit in [3, 10] {
        let mut response = client.post(server.url("/")).unwrap().body("order").send().unwrap();
        let error = response.body_mut().read_to_string(limit).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Content(_)), "{error}");
        assert_eq!((error.sent(), error.fault()), (Sent::All, Fault::Local), "{error}");
        assert!(error.status().is_some() && error.connection().is_some());
    }
}
