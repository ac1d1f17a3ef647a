//! How much of a request the peer may have seen, when more of it goes out after the answer.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Refusal};
use httpocean_core::{BodyPlan, Config, Sent};

#[test]
fn what_is_sent_while_a_redirect_is_drained_counts() {
    let get = request("GET", "http://example.com/", &[]);
    let mut it = Scenario::start(get, BodyPlan::empty(), Config::default());
    it.acquire(Facts::default());
    assert!(it.wait().write);
    it.feed("HTTP/1.1 307 There\r\nlocation: /there\r\ncontent-length: 5\r\n\r\nb");
    assert!(it.wait().write, "the rest of the body, and the request, are still under way");
    it.flush();
    it.feed("ye!!");
    let said = it.run();
    assert!(matches!(said.last(), Some(Said::Acquire { .. })), "{said:?}");
    it.call.refused(Refusal::ShutDown, None, it.now);
    let (_, failure) = it.failure();
    assert_eq!(failure.sent, Sent::All);
}
