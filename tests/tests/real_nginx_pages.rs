//! nginx as an origin: pages of all kinds, on one connection.

use std::net::SocketAddr;

use http::{Method, header};
use httpocean_std::{Client, CloseReason, ErrorKind, Fault, NotReplayed, Sent, UnixConnector};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::{Blocks, Home, Pinned, Real, connections, page};

#[test]
fn every_kind_of_answer_comes_on_one_connection() {
    let home = Home::new().page("page", "0123456789");
    let large: String = (0..100).map(|n| format!("add_header x-large-{n} {};", "v".repeat(1_000))).collect();
    let site = format!(
        "location /none {{ return 204; }}
         location /large {{ {large} return 200 'large'; }}
         location /empty {{ return 200 ''; }}"
    );
    let Some(nginx) = Real::nginx(home, &site) else { return };
    let client = Client::new();

    assert_eq!(page(&client, &nginx.url("/page")), "0123456789");

    let head = client.head(nginx.url("/page")).unwrap().send().unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "10");
    let etag = head.headers()[header::ETAG].clone();
    assert_eq!(head.into_body().read_to_vec(0).unwrap(), b"");

    let range = client.get(nginx.url("/page")).unwrap().header("range", "bytes=2-4").send().unwrap();
    assert_eq!(range.status(), 206);
    assert_eq!(range.headers()[header::CONTENT_RANGE], "bytes 2-4/10");
    assert_eq!(range.into_body().read_to_string(10).unwrap(), "234");

    // It has neither a length nor a body.
    let unchanged = client.get(nginx.url("/page")).unwrap().header("if-none-match", etag).send().unwrap();
    assert_eq!(unchanged.status(), 304);
    assert_eq!(unchanged.into_body().read_to_vec(0).unwrap(), b"");

    let refused = client.post(nginx.url("/page")).unwrap().body("to a file").send().unwrap();
    assert_eq!(refused.status(), 405);
    assert!(refused.into_body().read_to_string(10_000).unwrap().contains("nginx"));

    let none = client.get(nginx.url("/none")).unwrap().send().unwrap();
    assert_eq!(none.status(), 204);
    assert_eq!(none.into_body().read_to_vec(0).unwrap(), b"");

    let large = client.get(nginx.url("/large")).unwrap().send().unwrap();
    assert_eq!(large.headers()["x-large-99"].len(), 1_000);
    assert_eq!(large.into_body().read_to_string(5).unwrap(), "large");

    assert_eq!(page(&client, &nginx.url("/empty")), "");

    let missing = client.get(nginx.url("/missing")).unwrap().send().unwrap();
    assert_eq!(missing.status(), 404);
    assert!(missing.into_body().finish().unwrap(), "a short page nobody reads is drained");

    let deleted = client.request(Method::DELETE, nginx.url("/page")).unwrap().send().unwrap();
    assert_eq!(deleted.status(), 405);
    drop(deleted);

    let log = nginx.nginx_log(10);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    let statuses: Vec<u16> = log.iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [200, 200, 206, 304, 405, 204, 200, 200, 404, 405]);
    assert_eq!(client.stats().connections_opened, 1);
}

#[test]
fn a_large_body_dropped_early_costs_its_connection_only() {
    let home = Home::new().page("page", "small");
    Blocks::new(20 * 1024 * 1024).write_to(&home.www("large")).unwrap();
    let Some(nginx) = Real::nginx(home, "") else { return };
    let client = Client::new();
    for _ in 0..10 {
        drop(client.get(nginx.url("/large")).unwrap().send().unwrap());
        assert_eq!(page(&client, &nginx.url("/page")), "small");
    }
    let stats = client.stats();
    assert_eq!(stats.closed[&CloseReason::NotDrained], 10, "{stats:?}");
    assert_eq!(stats.stale_replays, 0, "{stats:?}");
    // The small page and the large one after it share a connection.
    assert_eq!(connections(&nginx.nginx_log(20)).len(), 11);
}

#[test]
fn chunked_bodies_are_joined() {
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
    let client = Client::new();
    for round in 0..3 {
        let response = client.get(nginx.url(&format!("/page.shtml?x={round}"))).unwrap().send().unwrap();
        assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
        let text = response.into_body().read_to_string(1_000).unwrap();
        assert_eq!(text, format!("arg is {round}, nothing else\n"));

        let response = client.get(nginx.url("/proxied")).unwrap().send().unwrap();
        assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
        let bytes = response.into_body().read_to_vec(100_000).unwrap();
        assert_eq!(bytes.len(), 100_000);
        assert!(bytes.chunks(1_000).zip(0..).all(|(chunk, n)| chunk == [b'a' + n % 26; 1_000]));
    }
    assert_eq!(connections(&nginx.nginx_log(6)).len(), 1);
}

#[test]
fn a_close_instead_of_an_answer_is_told_with_its_reason() {
    let site = "location /ok { return 200 'ok'; } location /close { return 444; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = Client::new();

    let fresh = client.get(nginx.url("/close")).unwrap().send().unwrap_err();
    assert_eq!(*fresh.kind(), ErrorKind::Closed, "{fresh}");
    assert_eq!((fresh.fault(), fresh.sent()), (Fault::Peer, Sent::All), "{fresh}");
    assert_eq!(fresh.not_replayed(), Some(NotReplayed::FreshConnection), "{fresh}");
    assert_eq!(nginx.nginx_log(1).len(), 1);

    // On a connection that may have been stale a GET goes out once more, a POST does not.
    assert_eq!(page(&client, &nginx.url("/ok")), "ok");
    let replayed = client.get(nginx.url("/close")).unwrap().send().unwrap_err();
    assert_eq!(*replayed.kind(), ErrorKind::Closed, "{replayed}");
    assert_eq!(replayed.not_replayed(), Some(NotReplayed::FreshConnection), "{replayed}");
    assert_eq!(replayed.hops().len(), 1, "{replayed}");
    assert_eq!(nginx.nginx_log(4).len(), 4);

    assert_eq!(page(&client, &nginx.url("/ok")), "ok");
    let post = client.post(nginx.url("/close")).unwrap().body("once").send().unwrap_err();
    assert_eq!(*post.kind(), ErrorKind::Closed, "{post}");
    assert_eq!(post.not_replayed(), Some(NotReplayed::NotIdempotent), "{post}");
    assert_eq!(client.stats().stale_replays, 1);

    let log = nginx.nginx_log(6);
    let statuses: Vec<u16> = log.iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [444, 200, 444, 444, 200, 444], "{log:?}");
}

#[test]
fn hosts_at_one_address_have_connections_of_their_own() {
    let Some(nginx) = Real::nginx(Home::new(), "location / { return 200 $host; }") else { return };
    let client = Client::builder().connector(Pinned(nginx.addr())).build();
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

#[test]
fn a_name_finds_the_server_too() {
    let Some(nginx) = Real::nginx(Home::new(), "location / { return 200 $host; }") else { return };
    let client = Client::new();
    let url = format!("http://localhost:{}/", nginx.addr().port());
    assert_eq!(page(&client, &url), "localhost");
    let response = client.get(&url).unwrap().send().unwrap();
    assert_eq!(response.body().connection().unwrap().peer, Some(nginx.addr()));
}

#[test]
fn a_unix_socket_serves_as_well() {
    let home = Home::new().page("page", "by path");
    let path = home.path("socket");
    let Some(nginx) = Real::nginx(home, "listen unix:HOME/socket;") else { return };
    let client = Client::builder().connector(UnixConnector::new(path)).build();
    for _ in 0..20 {
        assert_eq!(page(&client, "http://by.path.test/page"), "by path");
    }
    let response = client.get("http://by.path.test/page").unwrap().send().unwrap();
    assert_eq!(response.body().connection().unwrap().peer, None::<SocketAddr>);
    drop(response);
    let log = nginx.nginx_log(21);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    assert_eq!(log[20].what, "GET by.path.test /page");
}
