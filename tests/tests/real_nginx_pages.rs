//! nginx as an origin: pages of all kinds, on one connection.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;

use http::{Method, header};
use httpocean_std::{CloseReason, ErrorKind, Fault, NotReplayed, Sent};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::{Blocks, Home, Real, connections, page};
use httpocean_tests::{Names, On, on_both_adapters};

on_both_adapters!(
    "real":
    every_kind_of_answer_comes_on_one_connection,
    a_large_body_dropped_early_costs_its_connection_only,
    chunked_bodies_are_joined,
    a_close_instead_of_an_answer_is_told_with_its_reason,
    hosts_at_one_address_have_connections_of_their_own,
    a_name_finds_the_server_too,
    a_unix_socket_serves_as_well,
);

fn every_kind_of_answer_comes_on_one_connection(on: On) {
    let home = Home::new().page("page", "0123456789");
    let large: String = (0..100).map(|n| format!("add_header x-large-{n} {};", "v".repeat(1_000))).collect();
    let site = format!(
        "location /none {{ return 204; }}
         location /large {{ {large} return 200 'large'; }}
         location /empty {{ return 200 ''; }}"
    );
    let Some(nginx) = Real::nginx(home, &site) else { return };
    let client = on.client();

    assert_eq!(page(&client, &nginx.url("/page")), "0123456789");

    let head = client.head(nginx.url("/page")).send().unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "10");
    let etag = head.headers()[header::ETAG].clone();
    assert_eq!(head.into_body().read_to_vec(0).unwrap(), b"");

    let range = client.get(nginx.url("/page")).header("range", "bytes=2-4").send().unwrap();
    assert_eq!(range.status(), 206);
    assert_eq!(range.headers()[header::CONTENT_RANGE], "bytes 2-4/10");
    assert_eq!(range.into_body().read_to_string(10).unwrap(), "234");

    // It has neither a length nor a body.
    let unchanged = client.get(nginx.url("/page")).header("if-none-match", etag).send().unwrap();
    assert_eq!(unchanged.status(), 304);
    assert_eq!(unchanged.into_body().read_to_vec(0).unwrap(), b"");

    let refused = client.post(nginx.url("/page")).body("to a file").send().unwrap();
    assert_eq!(refused.status(), 405);
    assert!(refused.into_body().read_to_string(10_000).unwrap().contains("nginx"));

    let none = client.get(nginx.url("/none")).send().unwrap();
    assert_eq!(none.status(), 204);
    assert_eq!(none.into_body().read_to_vec(0).unwrap(), b"");

    let large = client.get(nginx.url("/large")).send().unwrap();
    assert_eq!(large.headers()["x-large-99"].len(), 1_000);
    assert_eq!(large.into_body().read_to_string(5).unwrap(), "large");

    assert_eq!(page(&client, &nginx.url("/empty")), "");

    let missing = client.get(nginx.url("/missing")).send().unwrap();
    assert_eq!(missing.status(), 404);
    assert!(missing.into_body().finish().unwrap(), "a short page nobody reads is drained");

    let deleted = client.request(Method::DELETE, nginx.url("/page")).send().unwrap();
    assert_eq!(deleted.status(), 405);
    drop(deleted);

    let log = nginx.nginx_log(10);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    let statuses: Vec<u16> = log.iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [200, 200, 206, 304, 405, 204, 200, 200, 404, 405]);
    assert_eq!(client.stats().connections_opened, 1);
}

fn a_large_body_dropped_early_costs_its_connection_only(on: On) {
    let home = Home::new().page("page", "small");
    Blocks::new(20 * 1024 * 1024).write_to(&home.www("large")).unwrap();
    let Some(nginx) = Real::nginx(home, "") else { return };
    let client = on.client();
    for _ in 0..10 {
        drop(client.get(nginx.url("/large")).send().unwrap());
        assert_eq!(page(&client, &nginx.url("/page")), "small");
    }
    let stats = client.stats();
    assert_eq!(stats.closed[&CloseReason::NotDrained], 10, "{stats:?}");
    assert_eq!(stats.stale_replays, 0, "{stats:?}");
    // The small page and the large one after it share a connection.
    assert_eq!(connections(&nginx.nginx_log(20)).len(), 11);
}

fn chunked_bodies_are_joined(on: On) {
    let origin = Server::start(|_| {
        Reply::status(200, "OK").chunked((0..100).map(|n| vec![b'a' + n % 26; 1_000]), [("x-trailer", "t")])
    });
    let home = Home::new().page("page.shtml", "arg is <!--#echo var=\"arg_x\" -->, nothing else\n");
    let site = format!(
        "location /page.shtml {{ ssi on; ssi_types *; }}
         location /proxied {{ proxy_http_version 1.1; proxy_pass http://{}; }}",
        origin.addr()
    );
    let Some(nginx) = Real::nginx(home, &site) else { return };
    let client = on.client();
    for round in 0..3 {
        let response = client.get(nginx.url(&format!("/page.shtml?x={round}"))).send().unwrap();
        assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
        let text = response.into_body().read_to_string(1_000).unwrap();
        assert_eq!(text, format!("arg is {round}, nothing else\n"));

        let response = client.get(nginx.url("/proxied")).send().unwrap();
        assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
        let bytes = response.into_body().read_to_vec(100_000).unwrap();
        assert_eq!(bytes.len(), 100_000);
        assert!(bytes.chunks(1_000).zip(0..).all(|(chunk, n)| chunk == [b'a' + n % 26; 1_000]));
    }
    assert_eq!(connections(&nginx.nginx_log(6)).len(), 1);
}

fn a_close_instead_of_an_answer_is_told_with_its_reason(on: On) {
    let site = "location /ok { return 200 'ok'; } location /close { return 444; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = on.client();

    let fresh = client.get(nginx.url("/close")).send().unwrap_err();
    assert_eq!(*fresh.kind(), ErrorKind::Closed, "{fresh}");
    assert_eq!((fresh.fault(), fresh.sent()), (Fault::Peer, Sent::All), "{fresh}");
    assert_eq!(fresh.not_replayed(), Some(NotReplayed::FreshConnection), "{fresh}");
    assert_eq!(nginx.nginx_log(1).len(), 1);

    // On a connection that may have been stale a GET goes out once more, a POST does not.
    assert_eq!(page(&client, &nginx.url("/ok")), "ok");
    let replayed = client.get(nginx.url("/close")).send().unwrap_err();
    assert_eq!(*replayed.kind(), ErrorKind::Closed, "{replayed}");
    assert_eq!(replayed.not_replayed(), Some(NotReplayed::FreshConnection), "{replayed}");
    assert_eq!(replayed.hops().len(), 1, "{replayed}");
    assert_eq!(nginx.nginx_log(4).len(), 4);

    assert_eq!(page(&client, &nginx.url("/ok")), "ok");
    let post = client.post(nginx.url("/close")).body("once").send().unwrap_err();
    assert_eq!(*post.kind(), ErrorKind::Closed, "{post}");
    assert_eq!(post.not_replayed(), Some(NotReplayed::NotIdempotent), "{post}");
    assert_eq!(client.stats().stale_replays, 1);

    let log = nginx.nginx_log(6);
    let statuses: Vec<u16> = log.iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [444, 200, 444, 444, 200, 444], "{log:?}");
}

fn hosts_at_one_address_have_connections_of_their_own(on: On) {
    let Some(nginx) = Real::nginx(Home::new(), "location / { return 200 $host; }") else { return };
    let client = on.builder().names(&Names::at(&[nginx.addr()])).build();
    for _ in 0..10 {
        for host in ["one.test", "two.test"] {
            assert_eq!(page(&client, &format!("http://{host}/")), host);
        }
    }
    assert_eq!(client.stats().connections_opened, 2);
    let log = nginx.nginx_log(20);
    for host in ["one.test", "two.test"] {
        let of_host: Vec<_> = log.iter().filter(|logged| logged.what.contains(host)).cloned().collect();
        assert_eq!((of_host.len(), connections(&of_host).len()), (10, 1), "{log:?}");
    }
}

fn a_name_finds_the_server_too(on: On) {
    let Some(nginx) = Real::nginx(Home::new(), "location / { return 200 $host; }") else { return };
    let client = on.client();
    let url = format!("http://localhost:{}/", nginx.addr().port());
    assert_eq!(page(&client, &url), "localhost");
    let response = client.get(&url).send().unwrap();
    assert_eq!(response.body().connection().unwrap().peer, Some(nginx.addr()));
}

fn a_unix_socket_serves_as_well(on: On) {
    let home = Home::new().page("page", "by path");
    let path = home.path("socket");
    let Some(nginx) = Real::nginx(home, "listen unix:HOME/socket;") else { return };
    let client = on.builder().unix(path).build();
    for _ in 0..20 {
        assert_eq!(page(&client, "http://by.path.test/page"), "by path");
    }
    let response = client.get("http://by.path.test/page").send().unwrap();
    assert_eq!(response.body().connection().unwrap().peer, None::<SocketAddr>);
    drop(response);
    let log = nginx.nginx_log(21);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    assert_eq!(log[20].what, "GET by.path.test /page");
}
