//! What the pool did can be drawn.

use std::path::PathBuf;

use httpocean_testkit::server::{Reply, Request, Server};

use super::command::{run, run_with};

/// A file that is gone with it.
struct Page(PathBuf);

impl Page {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("httpocean-{}-{name}.html", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn server() -> Server {
    Server::start(|request: &Request| match request.target.as_str() {
        "/old" => Reply::status(302, "Found").header("location", "/new?token=s3cret"),
        _ => Reply::ok("x"),
    })
}

#[test]
fn get_draws_what_it_did() {
    let server = server();
    for transport in ["std", "mio"] {
        let page = Page::new(&format!("get-{transport}"));
        let said = run(&[
            "get",
            "--transport",
            transport,
            "--timeline",
            page.path(),
            &server.url("/old"),
            &server.url("/a"),
        ]);
        assert_eq!((said.code, said.text()), (0, "xx"), "{}", said.stderr);
        let page = page.text();
        assert!(
            page.contains("<strong>2</strong> requests") && page.contains("<circle class=redirect"),
            "{page}"
        );
        assert!(page.contains("connection 1 <em>3 requests</em>"), "{page}");
        assert!(!page.contains("s3cret"), "{page}");
    }
}

#[test]
fn a_failure_is_drawn_too() {
    let page = Page::new("failed");
    let said = run(&["get", "-v", "--timeline", page.path(), "http://127.0.0.1:1/"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("* no connection to http://127.0.0.1:1"), "{}", said.stderr);
    assert!(page.text().contains("✕ no connection could be made: connection refused"));
}

#[test]
fn batch_draws_what_it_did() {
    let (server, page) = (server(), Page::new("batch"));
    let line = format!("{{\"id\": 1, \"url\": \"{}\"}}\n", server.url("/"));
    let said = run_with(&["batch", "--timeline", page.path()], &line);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(page.text().contains("connection 1 <em>1 request</em>"));
}

#[test]
fn the_demo_draws_both_ways_on_one_scale() {
    let page = Page::new("demo");
    let said = run(&["demo", "--requests", "5", "--rtt-ms", "2", "--timeline", page.path()]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let page = page.text();
    let (with, without) = page.split_once("<h2>Without keep-alive</h2>").unwrap();
    assert!(with.contains("<strong>4</strong> handshakes saved"), "{page}");
    assert!(without.contains("<strong>0</strong> handshakes saved"), "{page}");
}

#[test]
fn a_file_that_cannot_be_made_is_told_before_anything_is_sent() {
    let server = server();
    let said = run(&["get", "--timeline", "/nowhere/page.html", &server.url("/")]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("/nowhere/page.html"), "{}", said.stderr);
    assert_eq!(server.stats().accepted, 0);
}
