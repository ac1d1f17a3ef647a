//! How many connections nginx sees, by its own log, and when it is the one who closes them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::thread;
use std::time::Duration;

use http::header;
use httpocean_std::{CloseReason, pool};
use httpocean_tests::real::{Home, Real, connections, page, wait_for_close};
use httpocean_tests::{On, on_both_adapters};

on_both_adapters!(
    "real":
    a_hundred_requests_are_one_connection,
    a_connection_that_may_serve_ten_serves_ten,
    a_connection_that_the_server_closed_while_idle_is_found_out,
    an_announced_timeout_ends_with_a_margin,
    an_announced_timeout_no_longer_than_the_margin_keeps_nothing,
    a_server_without_keep_alive_says_so_each_time,
    sixteen_threads_share_four_connections,
    threads_meet_a_server_that_closes_all_the_time,
);

fn a_hundred_requests_are_one_connection(on: On) {
    let Some(nginx) = Real::nginx(Home::new().page("page", "hello"), "") else { return };
    let client = on.client();
    for _ in 0..100 {
        assert_eq!(page(&client, &nginx.url("/page")), "hello");
    }
    let log = nginx.nginx_log(100);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    assert!(log.iter().map(|logged| logged.nth).eq(1..=100), "{log:?}");
    assert_eq!(client.stats().connections_opened, 1);
}

fn a_connection_that_may_serve_ten_serves_ten(on: On) {
    let site = "keepalive_requests 10; location /post { return 200 'posted'; }";
    let Some(nginx) = Real::nginx(Home::new().page("page", "hello"), site) else { return };
    let client = on.client();
    for n in 0..100 {
        // Were a connection used once more than it may, the POST could not be sent again.
        if n % 2 == 0 {
            assert_eq!(page(&client, &nginx.url("/page")), "hello");
        } else {
            let response = client.post(nginx.url("/post")).body("order").send().unwrap();
            assert_eq!(response.into_body().read_to_string(10).unwrap(), "posted");
        }
    }
    let log = nginx.nginx_log(100);
    let seen = connections(&log);
    assert_eq!(seen.len(), 10, "{log:?}");
    for connection in seen {
        assert_eq!(log.iter().filter(|logged| logged.connection == connection).count(), 10, "{log:?}");
    }
    let stats = client.stats();
    assert_eq!((stats.connections_opened, stats.stale_replays), (10, 0), "{stats:?}");
    assert_eq!(stats.closed[&CloseReason::CloseHeader], 10, "{stats:?}");
}

fn a_connection_that_the_server_closed_while_idle_is_found_out(on: On) {
    let site = "keepalive_timeout 200ms; location /post { return 200 'posted'; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = on.client();
    for _ in 0..3 {
        let mut response = client.post(nginx.url("/post")).body("order").send().unwrap();
        assert!(!response.headers().contains_key("keep-alive"));
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "posted");
        assert_eq!(response.body().parked(), Some(true));
        wait_for_close(response.body().connection().unwrap().local.unwrap());
    }
    let stats = client.stats();
    assert_eq!(stats.connections_opened, 3, "{stats:?}");
    // The third one was closed as well: whoever watches knows it.
    assert!((2..=3).contains(&stats.closed[&CloseReason::PeerClosed]), "{stats:?}");
    assert_eq!(stats.closed.len(), 1, "{stats:?}");
    // It was seen before anything was written: nothing had to be sent again.
    assert_eq!((stats.requests_sent, stats.stale_replays), (3, 0), "{stats:?}");
    assert_eq!(connections(&nginx.nginx_log(3)).len(), 3);
}

fn an_announced_timeout_ends_with_a_margin(on: On) {
    // nginx announces 2 s and means 60 s; the margin is 1 s.
    let site = "keepalive_timeout 60s 2s; location / { return 200 'ok'; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = on.client();
    for _ in 0..2 {
        let mut response = client.get(nginx.url("/")).send().unwrap();
        assert_eq!(response.headers()["keep-alive"], "timeout=2");
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "ok");
        assert_eq!(response.body().parked(), Some(true));
        thread::sleep(Duration::from_millis(1_050));
    }
    client.tend();
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::IdleTooLong, 2)].into(), "{stats:?}");
    assert_eq!(connections(&nginx.nginx_log(2)).len(), 2);
}

fn an_announced_timeout_no_longer_than_the_margin_keeps_nothing(on: On) {
    let site = "keepalive_timeout 60s 1s; location / { return 200 'ok'; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = on.client();
    for _ in 0..3 {
        let mut response = client.get(nginx.url("/")).send().unwrap();
        assert_eq!(response.headers()["keep-alive"], "timeout=1");
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "ok");
        assert_eq!(response.body().parked(), Some(false));
    }
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::IdleTooLong, 3)].into(), "{stats:?}");
    assert_eq!(connections(&nginx.nginx_log(3)).len(), 3);
}

fn a_server_without_keep_alive_says_so_each_time(on: On) {
    let Some(nginx) = Real::nginx(Home::new().page("page", "hello"), "keepalive_timeout 0;") else { return };
    let client = on.client();
    for _ in 0..20 {
        let response = client.get(nginx.url("/page")).send().unwrap();
        assert_eq!(response.headers()[header::CONNECTION], "close");
        assert_eq!(response.into_body().read_to_string(10).unwrap(), "hello");
    }
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::CloseHeader, 20)].into(), "{stats:?}");
    assert_eq!(connections(&nginx.nginx_log(20)).len(), 20);
}

fn sixteen_threads_share_four_connections(on: On) {
    let site = "location / { return 200 $request_uri; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let options = pool::Options { max_per_key: 4, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    thread::scope(|scope| {
        for thread in 0..16 {
            let (client, nginx) = (&client, &nginx);
            scope.spawn(move || {
                for n in 0..25 {
                    let path = format!("/{thread}/{n}");
                    assert_eq!(page(client, &nginx.url(&path)), path);
                }
            });
        }
    });
    let log = nginx.nginx_log(400);
    assert_eq!(log.len(), 400);
    let seen = connections(&log);
    assert!(seen.len() <= 4, "{seen:?}");
    let stats = client.stats();
    assert_eq!(stats.connections_opened, seen.len() as u64, "{stats:?}");
    assert_eq!((stats.requests_sent, stats.stale_replays), (400, 0), "{stats:?}");
}

fn threads_meet_a_server_that_closes_all_the_time(on: On) {
    let site = "keepalive_requests 7; location / { return 200 $request_uri; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let options = pool::Options { max_per_key: 4, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    thread::scope(|scope| {
        for thread in 0..8 {
            let (client, nginx) = (&client, &nginx);
            scope.spawn(move || {
                for n in 0..50 {
                    let path = format!("/{thread}/{n}");
                    let response = client.post(nginx.url(&path)).body("order").send().unwrap();
                    assert_eq!(response.into_body().read_to_string(100).unwrap(), path);
                }
            });
        }
    });
    let log = nginx.nginx_log(400);
    assert_eq!(log.len(), 400, "a POST arrives once");
    assert!(log.iter().all(|logged| logged.nth <= 7), "{log:?}");
    let stats = client.stats();
    let used_up = log.iter().filter(|logged| logged.nth == 7).count() as u64;
    assert_eq!(stats.closed, [(CloseReason::CloseHeader, used_up)].into(), "{stats:?}");
    assert_eq!(stats.stale_replays, 0, "{stats:?}");
}
