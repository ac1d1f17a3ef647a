//! The picture of a pool shows what happened, whoever carried it out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_std::http::Method;
use httpocean_std::policy::{Backoff, Retries};
use httpocean_std::timeline::Timeline;
use httpocean_std::{CloseReason, pool};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::{
    Authority, On, TlsServer, at_rest, exchange, get, on_both_adapters, refusing_url, wait_until,
};

on_both_adapters!(
    "drawn":
    who_waits_is_drawn_with_what_was_waited_for,
    a_redirect_and_a_retry_link_what_they_lead_to,
    the_making_of_a_secure_connection_is_drawn_by_its_phases,
    a_slow_answer_is_time_until_the_first_byte,
    a_dropped_response_is_over,
    a_failure_is_drawn_with_its_reason,
    what_a_server_writes_is_text,
);

/// The row of the request of that number.
fn row(page: &str, number: usize) -> &str {
    let begin = page.find(&format!("id=p0r{number}>")).unwrap_or_else(|| panic!("no row {number} in {page}"));
    let row = &page[begin..];
    &row[..row.find("</div>").unwrap()]
}

fn who_waits_is_drawn_with_what_was_waited_for(on: On) {
    let server = Server::start(|_| Reply::ok("fine").pause(Duration::from_millis(5)));
    let timeline = Timeline::new();
    let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = on.builder().pool(options).observer(timeline.clone()).build();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| get(&client, &server.url("/")));
        }
    });
    at_rest(&client);
    let page = timeline.page("A test");
    let waiting = (1..=3).filter(|number| row(&page, *number).contains("for connection 1<")).count();
    assert!(waiting >= 2, "{page}");
    assert!(page.contains("connection 1 <em>3 requests</em>"), "{page}");
    assert!(page.contains("<strong>2</strong> handshakes saved"), "{page}");
}

fn a_redirect_and_a_retry_link_what_they_lead_to(on: On) {
    let server = Server::start(|request: &Request| match (request.target.as_str(), request.index) {
        ("/old", _) => Reply::status(302, "Found").header("location", "/new"),
        ("/new", 1) => Reply::status(503, "Busy").header("retry-after", "0"),
        _ => Reply::ok("fine"),
    });
    let timeline = Timeline::new();
    let client = on.builder().retries(Retries::new(1)).observer(timeline.clone()).build();
    get(&client, &server.url("/old"));
    let page = timeline.page("A test");
    for class in ["redirect", "retry"] {
        assert!(row(&page, 1).contains(&format!("<circle class={class}")), "{page}");
        assert!(page.contains(&format!("<line class={class} ")), "{page}");
    }
    assert!(row(&page, 1).contains(" · 3 attempts · "), "{page}");
}

fn the_making_of_a_secure_connection_is_drawn_by_its_phases(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret").close());
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let timeline = Timeline::new();
    let client = on.builder().tls(authority.trusted()).observer(timeline.clone()).build();
    get(&client, &front.url("localhost", "/"));
    at_rest(&client);
    let page = timeline.page("A test");
    let row = row(&page, 1);
    assert!(row.contains("<rect class=t "), "{page}");
    assert!(page.contains(&format!("✕ {}", CloseReason::CloseHeader.explain())), "{page}");
}

fn a_slow_answer_is_time_until_the_first_byte(on: On) {
    let server = Server::start(|_| Reply::ok("fine").pause(Duration::from_millis(20)));
    let timeline = Timeline::new();
    let client = on.builder().observer(timeline.clone()).build();
    get(&client, &server.url("/"));
    let page = timeline.page("A test");
    let first = row(&page, 1).split("first byte ").nth(1).unwrap_or_else(|| panic!("{page}"));
    let ms: f64 = first.split(" ms").next().unwrap().parse().unwrap();
    assert!(ms >= 15.0, "{page}");
}

fn a_dropped_response_is_over(on: On) {
    let server = Server::start(|_| Reply::generated(10_000_000));
    let timeline = Timeline::new();
    let client = on.builder().observer(timeline.clone()).build();
    drop(client.get(server.url("/")).send().unwrap());
    wait_until("the end", || !timeline.page("A test").contains("still open"));
    let page = timeline.page("A test");
    assert!(!row(&page, 1).contains("not over yet"), "{page}");
}

fn a_failure_is_drawn_with_its_reason(on: On) {
    let timeline = Timeline::new();
    let backoff = Backoff { base: Duration::ZERO, ..Backoff::default() };
    let retries = Retries { backoff, ..Retries::new(1) };
    let client = on.builder().retries(retries).observer(timeline.clone()).build();
    client.get(refusing_url("/")).send().unwrap_err();
    let page = timeline.page("A test");
    assert!(row(&page, 1).contains("<span class=bad title=\"no connection could be made"), "{page}");
    assert_eq!(page.matches("<b title=\"\">no connection <em>").count(), 2, "{page}");
    assert!(page.contains("<line class=retry "), "{page}");
}

fn what_a_server_writes_is_text(on: On) {
    let server = Server::start(|request: &Request| match request.index {
        0 => Reply::status(302, "<script>alert(1)</script>")
            .header("location", "/\"onload='alert(1)'><script>alert(2)</script>"),
        _ => Reply::ok("<script>"),
    });
    let timeline = Timeline::new();
    let client = on.builder().observer(timeline.clone()).build();
    exchange(&client, &Method::GET, &server.url("/"), "", ()).unwrap();
    let page = timeline.page("A test");
    assert!(!page.contains("<script") && !page.contains("\"onload"), "{page}");
    assert!(row(&page, 1).contains("onload="), "the target is shown: {page}");
}
