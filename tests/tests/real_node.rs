//! node's `http`: chunked by itself, trailers, and a `Keep-Alive` field that announces its timeout.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http::{HeaderMap, HeaderValue, header};
use httpocean_std::CloseReason;
use httpocean_tests::real::{Blocks, Real, page, wait_for_close};
use httpocean_tests::{Body, On, on_both_adapters};

on_both_adapters!(
    "real":
    its_connections_are_kept_as_announced,
    what_it_keeps_too_shortly_is_not_kept,
    what_it_closes_unannounced_is_found_out,
    chunks_are_joined_and_trailers_follow,
    what_it_gets_it_got_whole,
    early_hints_come_before_the_page,
);

const ECHO: &str = "(request, response) => response.end(request.url)";

fn its_connections_are_kept_as_announced(on: On) {
    let Some(node) = Real::node(ECHO, "") else { return };
    let client = on.client();
    for n in 0..50 {
        let path = format!("/{n}");
        let mut response = client.get(node.url(&path)).send().unwrap();
        assert_eq!(response.headers()["keep-alive"], "timeout=5");
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), path);
        assert_eq!(response.body().parked(), Some(true));
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn what_it_keeps_too_shortly_is_not_kept(on: On) {
    // It announces 1 s, which is all margin.
    let Some(node) = Real::node(ECHO, "server.keepAliveTimeout = 1000") else { return };
    let client = on.client();
    for n in 0..10 {
        let path = format!("/{n}");
        let mut response = client.post(node.url(&path)).body("order").send().unwrap();
        assert_eq!(response.headers()["keep-alive"], "timeout=1");
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), path);
        assert_eq!(response.body().parked(), Some(false));
    }
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::IdleTooLong, 10)].into(), "{stats:?}");
}

fn what_it_closes_unannounced_is_found_out(on: On) {
    // The field is taken away, the timeout stays.
    let handler = "(request, response) => {
        response.setHeader('Keep-Alive', 'max=1000');
        response.end(request.url);
    }";
    let Some(node) = Real::node(handler, "server.keepAliveTimeout = 100") else { return };
    let client = on.client();
    for n in 0..2 {
        let path = format!("/{n}");
        let mut response = client.post(node.url(&path)).body("order").send().unwrap();
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), path);
        assert_eq!(response.body().parked(), Some(true));
        if n == 0 {
            wait_for_close(response.body().connection().unwrap().local.unwrap());
        }
    }
    let stats = client.stats();
    // The second one will be closed soon: whoever watches may know it.
    assert!((1..=2).contains(&stats.closed[&CloseReason::PeerClosed]), "{stats:?}");
    assert_eq!(stats.closed.len(), 1, "{stats:?}");
    assert_eq!(stats.stale_replays, 0, "{stats:?}");
}

fn chunks_are_joined_and_trailers_follow(on: On) {
    let handler = "(request, response) => {
        response.writeHead(200, {'Trailer': 'X-Sum'});
        for (let n = 0; n < 100; n++) response.write(String(n % 10).repeat(1000));
        response.addTrailers({'X-Sum': '100000'});
        response.end();
    }";
    let Some(node) = Real::node(handler, "") else { return };
    let client = on.client();
    for _ in 0..10 {
        let mut response = client.get(node.url("/")).send().unwrap();
        assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
        let text = response.body_mut().read_to_string(100_000).unwrap();
        assert_eq!(text, (0..100).map(|n| (n % 10).to_string().repeat(1_000)).collect::<String>());
        let trailers = response.body_mut().take_trailers().unwrap();
        assert_eq!(trailers["x-sum"], "100000");
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn what_it_gets_it_got_whole(on: On) {
    let handler = "(request, response) => {
        let length = 0;
        request.on('data', (piece) => { length += piece.length; });
        request.on('end', () => response.end(length + ' ' + JSON.stringify(request.trailers)));
    }";
    let Some(node) = Real::node(handler, "") else { return };
    let client = on.client();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("none"));
    let bodies = [
        Body::from_sized_reader(Blocks::new(5_000_000), 5_000_000),
        Body::from_reader(Blocks::new(5_000_000)),
        Body::from_reader(Blocks::new(5_000_000)).with_trailers(trailers),
    ];
    for (body, expected) in bodies.into_iter().zip(["{}", "{}", r#"{"x-sum":"none"}"#]) {
        // It answers an expectation by itself.
        let request = client.post(node.url("/")).header("expect", "100-continue").body(body);
        let response = request.send().unwrap();
        assert_eq!(response.body().interim().len(), 1);
        assert_eq!(response.into_body().read_to_string(100).unwrap(), format!("5000000 {expected}"));
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn early_hints_come_before_the_page(on: On) {
    let handler = "(request, response) => {
        response.writeEarlyHints({link: '</a.css>; rel=preload'});
        response.end(request.url);
    }";
    let Some(node) = Real::node(handler, "") else { return };
    let client = on.client();
    let response = client.get(node.url("/hinted")).send().unwrap();
    let interim = response.body().interim();
    assert_eq!(interim.len(), 1);
    assert_eq!(
        (interim[0].status().as_u16(), &interim[0].headers()["link"]),
        (103, &HeaderValue::from_static("</a.css>; rel=preload"))
    );
    assert_eq!(response.into_body().read_to_string(10).unwrap(), "/hinted");
    assert_eq!(page(&client, &node.url("/next")), "/next");
    assert_eq!(client.stats().connections_opened, 1);
}
