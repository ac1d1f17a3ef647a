//! python's `http.server`: HTTP/1.0 as it is, and HTTP/1.1 where it is asked for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::{Response, Version, header};
use httpocean_std::CloseReason;
use httpocean_tests::real::{Blocks, Home, Real, page};
use httpocean_tests::{Body, Client, On, RequestBuilder, on_both_adapters};

on_both_adapters!(
    "real":
    http_1_0_is_a_connection_for_each_request,
    http_1_1_keeps_its_connection_but_after_errors,
    a_body_without_a_length_ends_with_its_connection,
);

const SIZE: u64 = 5 * 1024 * 1024;

fn home() -> Home {
    let home = Home::new().page("page", "hello from a snake");
    Blocks::new(SIZE).write_to(&home.www("large")).expect("a file can be written");
    home
}

/// Pages, in turn with all else that it can do; so many requests.
fn look_around(client: &Client, server: &Real, version: Version) -> u64 {
    let sent = |request: RequestBuilder| request.send().unwrap_or_else(|error| panic!("{error}"));
    let text = |response: Response<Body>| response.into_body().read_to_string(10_000).expect("it is whole");
    for _ in 0..5 {
        assert_eq!(page(client, &server.url("/page")), "hello from a snake");

        let mut large = sent(client.get(server.url("/large")));
        assert_eq!(large.version(), version);
        Blocks::new(SIZE).compare(large.body_mut());

        let head = sent(client.head(server.url("/large")));
        assert_eq!(head.headers()[header::CONTENT_LENGTH], SIZE.to_string());
        assert_eq!(text(head), "");

        let missing = sent(client.get(server.url("/missing")));
        assert_eq!(missing.status(), 404);
        assert!(text(missing).contains("File not found"));

        assert!(page(client, &server.url("/")).contains("large</a>"));

        // It knows no POST, and does not read what comes with one.
        let refused = sent(client.post(server.url("/page")).body("order"));
        assert_eq!(refused.status(), 501);
        assert!(text(refused).contains("Unsupported method"));
    }
    30
}

fn http_1_0_is_a_connection_for_each_request(on: On) {
    let args = ["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"];
    let Some(server) = Real::python(home(), &args) else { return };
    let client = on.client();
    let requests = look_around(&client, &server, Version::HTTP_10);
    let stats = client.stats();
    assert_eq!((stats.connections_opened, stats.requests_sent), (requests, requests), "{stats:?}");
    // Its error pages say `Connection: close` too.
    let closed = [(CloseReason::Http10, 20), (CloseReason::CloseHeader, 10)];
    assert_eq!(stats.closed, closed.into(), "{stats:?}");
    assert_eq!(stats.idle, 0, "{stats:?}");
}

fn http_1_1_keeps_its_connection_but_after_errors(on: On) {
    // What `--protocol HTTP/1.1` does, which older versions don't have.
    let code = "import http.server as s
s.test(s.SimpleHTTPRequestHandler, s.ThreadingHTTPServer, protocol='HTTP/1.1', port=0, bind='127.0.0.1')";
    let Some(server) = Real::python(home(), &["-u", "-c", code]) else { return };
    let client = on.client();
    let requests = look_around(&client, &server, Version::HTTP_11);
    let stats = client.stats();
    // Each page of an error ends its connection, and says so.
    assert_eq!((stats.connections_opened, stats.requests_sent), (10, requests), "{stats:?}");
    assert_eq!(stats.closed, [(CloseReason::CloseHeader, 10)].into(), "{stats:?}");
    assert_eq!(stats.stale_replays, 0, "{stats:?}");
}

fn a_body_without_a_length_ends_with_its_connection(on: On) {
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        let code = format!(
            "import http.server as s
class Handler(s.BaseHTTPRequestHandler):
    def do_GET(self):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        for n in range(100):
            self.wfile.write(b'%04d' % n * 250)
s.test(Handler, s.ThreadingHTTPServer, protocol='{protocol}', port=0, bind='127.0.0.1')"
        );
        let Some(server) = Real::python(Home::new(), &["-u", "-c", &code]) else { return };
        let client = on.client();
        let expected: String = (0..100).map(|n| format!("{n:04}").repeat(250)).collect();
        for _ in 0..5 {
            assert_eq!(page(&client, &server.url("/")), expected);
        }
        let stats = client.stats();
        assert_eq!(stats.closed, [(CloseReason::UntilClose, 5)].into(), "{protocol}: {stats:?}");
    }
}
